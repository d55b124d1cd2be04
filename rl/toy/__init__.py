"""A model so small that one CPU trains it, and the problems it learns."""
