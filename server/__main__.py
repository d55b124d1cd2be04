"""``python -m assayoffice.server``: the same command as ``assay serve``."""

import typer

from assayoffice.server.cli import serve

if __name__ == "__main__":
    typer.run(serve)
