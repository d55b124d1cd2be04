"""What makes a rewritten problem verifiable, and how that is found out. See ``examiner.py``."""
