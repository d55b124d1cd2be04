"""Rewrites checked and made: `assay rewrites`."""
