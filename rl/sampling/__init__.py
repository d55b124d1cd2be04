"""Answers of models to problems: sampled by vLLM, an endpoint or a Ray cluster, kept in a file."""
