"""Keeps the problems at the edge of what a model can do: ``assay edge``."""
