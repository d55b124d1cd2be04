"""What commands that ask an endpoint make of their options."""

import os
from pathlib import Path

import typer

from assayoffice.rl.endpoints.address import Address


def address_of(url: str, flag: str) -> Address:
    """The address that a flag gives. Raises typer.BadParameter."""
    try:
        return Address.of(url)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=flag) from None


def key_of(variable: str | None, file: Path | None = None) -> str:
    """The API key of --api-key-env or --api-key-file, empty without both.

    Raises typer.BadParameter.
    """
    if variable is not None and file is not None:
        raise typer.BadParameter("give one of both", param_hint="--api-key-env, --api-key-file")
    if variable is not None:
        if variable not in os.environ:
            raise typer.BadParameter(f"{variable} is not set", param_hint="--api-key-env")
        return _printable(os.environ[variable], "--api-key-env")
    if file is not None:
        try:
            return _printable(file.read_text(), "--api-key-file")
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(str(error), param_hint="--api-key-file") from None
    return ""


def _printable(written: str, flag: str) -> str:
    key = written.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise typer.BadParameter("holds no key of printable ASCII characters", param_hint=flag)
    return key
