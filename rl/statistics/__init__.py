"""Statistics of evaluations. Plain arithmetic: no service, no model, no files."""
