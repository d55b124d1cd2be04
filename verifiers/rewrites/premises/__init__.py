"""Whether premises can hold, and whether they give what is asked one value. See ``decide.py``."""
