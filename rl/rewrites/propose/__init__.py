"""Has a model propose rewrites and keeps what passes: ``assay rewrites propose``, ``cli.py``."""
