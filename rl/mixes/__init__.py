"""Mixes of problems, each of one domain, tuned, frozen and added up: ``assay mix``."""
