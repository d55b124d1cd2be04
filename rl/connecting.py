"""What the commands of a client have in common: the service they ask, and how they fail."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import grpc
import typer
from rich.console import Console

from assayoffice.rl.client import Client
from assayoffice.rl.embedded import EmbeddedServer, EmbeddedServerError
from assayoffice.rl.errors import ServiceError
from assayoffice.rl.sources import UnreadableFileError
from assayoffice.rl.terminal import plain

_START_SECONDS = 60.0
# Libraries of Lean that settings may name are read, and their cases judged, before it serves.
_START_WITH_SETTINGS_SECONDS = 3600.0

Endpoint = Annotated[
    list[str] | None,
    typer.Option(
        "--endpoint",
        "-e",
        metavar="HOST:PORT",
        help="Service to ask; repeat for several. Without it one is started here for the command.",
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="TOML",
        help="Settings of the service that is started here: its `lean`, its sandboxes.",
        exists=True,
    ),
]
Timeout = Annotated[
    float, typer.Option(min=0.001, help="Seconds a call may take, retries included.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, one object per line.")]
CaFile = Annotated[
    Path | None,
    typer.Option(help="Use TLS, trusting the certificates in this PEM file.", exists=True),
]
TokenFile = Annotated[
    Path | None, typer.Option(help="File with the bearer token to send.", exists=True)
]
Concurrency = Annotated[int, typer.Option(min=1, max=64, help="Calls at once.")]
RequireHallmark = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=DIGEST", help="Refuse verdicts of any other verifier."),
]
RequireStamps = Annotated[
    bool,
    typer.Option(
        "--require-stamps",
        help="No reward for rows that were not stamped under the hallmark in service.",
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write the JSON lines to this file, too.")
]
ResponseColumn = Annotated[
    str, typer.Option(help="Column of the responses; lists are judged one by one.")
]


@contextlib.contextmanager
def connect(
    endpoints: list[str] | None,
    config_file: Path | None,
    ca_file: Path | None,
    token_file: Path | None,
    required_hallmarks: dict[str, str],
    *,
    require_stamps: bool = False,
    flags: tuple[str, ...] = (),
) -> Iterator[Client]:
    """A client of the given service, or of one that is started here and stopped afterwards.

    The latter is started with ``flags``, unless a file has its settings.
    """
    if endpoints and config_file:
        raise typer.BadParameter(
            "is for a service that is started here, and --endpoint names another",
            param_hint="--config",
        )
    with contextlib.ExitStack() as stack:
        if not endpoints:
            endpoints = [stack.enter_context(_embedded(config_file, flags)).endpoint]
        try:
            client = Client(
                endpoints if len(endpoints) > 1 else endpoints[0],
                credentials=(
                    grpc.ssl_channel_credentials(ca_file.read_bytes()) if ca_file else None
                ),
                token=token_file.read_text().strip() if token_file else None,
                required_hallmarks=required_hallmarks,
                require_stamps=require_stamps,
                # Someone is watching: say that nobody answers instead of waiting for a server.
                wait_for_ready=False,
            )
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--endpoint") from None
        yield stack.enter_context(client)


def _embedded(config_file: Path | None, flags: tuple[str, ...]) -> EmbeddedServer:
    if config_file is None:
        return EmbeddedServer(start_seconds=_START_SECONDS, flags=flags)
    flags = ("--config", str(config_file))
    return EmbeddedServer(start_seconds=_START_WITH_SETTINGS_SECONDS, flags=flags)


@contextlib.contextmanager
def outcome_of(console: Console) -> Iterator[None]:
    """Turn what keeps the command from its work into a message and an exit code."""
    try:
        yield
    except BrokenPipeError:
        raise  # Whoever read our output has had enough; click ends the command for that.
    except (UnreadableFileError, OSError) as error:
        console.print(plain(f"error: {error}"), style="bold red")
        raise typer.Exit(2) from None
    except (ServiceError, EmbeddedServerError) as error:
        console.print(plain(f"error: {error}"), style="bold red")
        raise typer.Exit(4) from None


def json_object(text: str | None, flag: str) -> dict[str, object]:
    """The JSON object that a flag holds, empty without one."""
    if text is None:
        return {}
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"not JSON: {error}", param_hint=flag) from None
    if not isinstance(fields, dict):
        raise typer.BadParameter("must be an object: {...}", param_hint=flag)
    return fields


def hallmarks_of(written: list[str]) -> dict[str, str]:
    """What ``--require-hallmark`` demands, by verifier."""
    hallmarks = {}
    for each in written:
        name, equals, digest = each.partition("=")
        if not (name and equals and digest):
            raise typer.BadParameter(
                f"{each!r} is not NAME=DIGEST; `assay verifiers --json` shows both",
                param_hint="--require-hallmark",
            )
        hallmarks[name] = digest
    return hallmarks
