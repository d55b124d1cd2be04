"""Tries the Lean of a machine, and keeps what was found to work."""
