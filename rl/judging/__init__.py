"""Sampled answers, judged: verdicts and classes of equal answers, problem by problem."""
