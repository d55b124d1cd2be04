"""Answers of a model to problems, sampled here, on Ray or from an endpoint, into a file."""
