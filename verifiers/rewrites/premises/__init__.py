"""Whether premises can all hold, and whether what is asked then has one value. See ``decide.py``."""
