"""The checks of RewriteService: from trials and findings of workers to reports."""
