"""Whether premises can hold, and whether what is asked then has one value: ``decide.py``."""
