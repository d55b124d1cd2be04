"""Judges programs: runs them against tests in a sandbox that never sees what they should answer."""
