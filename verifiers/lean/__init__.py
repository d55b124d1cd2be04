"""Judges proofs in Lean by what was compiled of them, not by what Lean prints."""
