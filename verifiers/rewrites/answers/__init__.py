"""Right and wrong answers, made from the reference of a numeric task. See ``answers.py``."""
