"""Explore cheaply, scale on evidence: ``assay explore``, ``assay scale``, ``assay playbook``."""
