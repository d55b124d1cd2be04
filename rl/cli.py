"""The commands ``assay verify`` and ``assay verifiers``.

Exit codes of ``verify``, also for CI:

====  ==============================================================================
0     every row has a verdict (a single submission: CORRECT)
1     not all are CORRECT: for a single submission, and with ``--require-correct``
2     the command line or the file cannot be used
3     some rows have an error instead of a verdict; goes before 1
4     the service is unreachable or refuses the call (hallmark, token)
====  ==============================================================================
"""

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import grpc
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from assayoffice.rl import report
from assayoffice.rl.client import Client
from assayoffice.rl.embedded import EmbeddedServer, EmbeddedServerError
from assayoffice.rl.errors import ServiceError
from assayoffice.rl.results import ItemError, Outcome, Result, Verdict
from assayoffice.rl.rows import RowForm, rows
from assayoffice.rl.scoring import judge
from assayoffice.rl.sources import Source, UnreadableFileError, open_source
from assayoffice.rl.submissions import Submission

_START_SECONDS = 60.0
# Libraries of Lean that settings may name are read, and their cases judged, before it serves.
_START_WITH_SETTINGS_SECONDS = 3600.0
_TABLE_ROWS = 50
_SHOWN_ERRORS = 10

app = typer.Typer()

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


@app.command(
    epilog="Exit codes: 0 every row has a verdict (a single submission: CORRECT). "
    "1 not all CORRECT, for a single submission or with --require-correct. "
    "2 the command line or the file cannot be used. "
    "3 some rows have errors instead of verdicts. "
    "4 the service is unreachable or refuses the call."
)
def verify(
    file: Annotated[
        str | None,
        typer.Argument(help="Rows to judge: JSON lines or parquet; - reads JSON lines from stdin."),
    ] = None,
    verifier: Annotated[
        str | None, typer.Option(help="Verifier; overrides the rows. Where nobody says: numeric.")
    ] = None,
    response: Annotated[str | None, typer.Option(help="Single submission: the response.")] = None,
    reference: Annotated[
        str | None, typer.Option(help="Single submission: the right answer.")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="The task, or fields to lay over the rows' tasks."),
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="Single submission: the question.")] = None,
    response_column: Annotated[
        str, typer.Option(help="Column of the responses; lists are judged one by one.")
    ] = "response",
    endpoint: Endpoint = None,
    config_file: ConfigFile = None,
    ca_file: CaFile = None,
    token_file: TokenFile = None,
    timeout: Timeout = 120.0,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Calls at once.")] = 4,
    require_hallmark: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=DIGEST", help="Refuse verdicts of any other verifier."),
    ] = None,
    require_correct: Annotated[
        bool, typer.Option("--require-correct", help="Exit with 1 unless all are CORRECT.")
    ] = False,
    as_json: AsJson = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the JSON lines to this file, too.")
    ] = None,
) -> None:
    """Judge one submission, or every row of a file.

    Rows are {"id", "verifier", "response", "task": {...}} with "reference": "..." as a short form
    of the task, or verl's data set schema with a column of responses.
    """
    fields = _json_object(task)
    single = response is not None
    if single == (file is not None):
        raise typer.BadParameter("give either a FILE or --response", param_hint="FILE")
    if file is not None and (reference is not None or prompt is not None):
        raise typer.BadParameter("belongs to --response; rows bring their own", param_hint="FILE")
    if output is not None and file is not None and _same_file(output, file):
        raise typer.BadParameter("would overwrite the rows", param_hint="--output")
    hallmarks = _hallmarks(require_hallmark or [])

    console = report.stderr_console()
    with _outcome_of(console), contextlib.ExitStack() as stack:
        # The file first: a typing error in its name should not cost the start of a server.
        source = stack.enter_context(open_source(file)) if file is not None else None
        sink = stack.enter_context(output.open("w")) if output is not None else None
        connection = _connect(endpoint, config_file, ca_file, token_file, hallmarks)
        client = stack.enter_context(connection)
        if source is not None:
            form = RowForm(source.name, verifier, fields, response_column)
            results = _judged_rows(client, source, form, timeout, concurrency, console)
            code = _report_rows(results, sink, as_json, require_correct, source.name)
        else:
            if reference is not None:
                fields = {"reference": reference, **fields}
            submission = Submission(
                "1", verifier or "numeric", response or "", fields, prompt or ""
            )
            code = _report_single(client.verify(submission, timeout=timeout), sink, as_json)
    raise typer.Exit(code)


@app.command()
def verifiers(
    endpoint: Endpoint = None,
    config_file: ConfigFile = None,
    ca_file: CaFile = None,
    token_file: TokenFile = None,
    timeout: Timeout = 30.0,
    as_json: AsJson = False,
) -> None:
    """List the verifiers of a service, those that are out of service with the reason."""
    with _outcome_of(report.stderr_console()):
        with _connect(endpoint, config_file, ca_file, token_file, {}) as client:
            listed = client.list_verifiers(timeout=timeout)
    if as_json:
        for each in listed:
            typer.echo(report.verifier_as_json(each))
    else:
        Console(highlight=False).print(report.verifiers_table(listed))


@contextlib.contextmanager
def _connect(
    endpoints: list[str] | None,
    config_file: Path | None,
    ca_file: Path | None,
    token_file: Path | None,
    required_hallmarks: dict[str, str],
) -> Iterator[Client]:
    """A client of the given service, or of one that is started here and stopped afterwards."""
    if endpoints and config_file:
        raise typer.BadParameter(
            "is for a service that is started here, and --endpoint names another",
            param_hint="--config",
        )
    with contextlib.ExitStack() as stack:
        if not endpoints:
            endpoints = [stack.enter_context(_embedded(config_file)).endpoint]
        try:
            client = Client(
                endpoints if len(endpoints) > 1 else endpoints[0],
                credentials=(
                    grpc.ssl_channel_credentials(ca_file.read_bytes()) if ca_file else None
                ),
                token=token_file.read_text().strip() if token_file else None,
                required_hallmarks=required_hallmarks,
                # Someone is watching: say that nobody answers instead of waiting for a server.
                wait_for_ready=False,
            )
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--endpoint") from None
        yield stack.enter_context(client)


def _embedded(config_file: Path | None) -> EmbeddedServer:
    if config_file is None:
        return EmbeddedServer(start_seconds=_START_SECONDS)
    flags = ("--config", str(config_file))
    return EmbeddedServer(start_seconds=_START_WITH_SETTINGS_SECONDS, flags=flags)


@contextlib.contextmanager
def _outcome_of(console: Console) -> Iterator[None]:
    """Turn what keeps the command from its work into a message and an exit code."""
    try:
        yield
    except BrokenPipeError:
        raise  # Whoever read our output has had enough; click ends the command for that.
    except (UnreadableFileError, OSError) as error:
        console.print(f"error: {error}", style="bold red", markup=False)
        raise typer.Exit(2) from None
    except (ServiceError, EmbeddedServerError) as error:
        console.print(f"error: {error}", style="bold red", markup=False)
        raise typer.Exit(4) from None


def _judged_rows(
    client: Client,
    source: Source,
    form: RowForm,
    timeout: float,
    concurrency: int,
    console: Console,
) -> Iterator[Result]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[judged]:,} judged"),
        TimeRemainingColumn(),
    )
    client.list_verifiers(timeout=timeout)  # Nobody there? Say so before reading a single row.
    disabled = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=disabled) as progress:
        bar = progress.add_task(source.name, total=source.total, judged=0)
        judged = judge(client, rows(source.records, form), timeout=timeout, concurrency=concurrency)
        with contextlib.closing(judged):
            for count, (row, result) in enumerate(judged, start=1):
                yield _named(result, source.name, row.number)
                progress.update(bar, completed=row.offset, judged=count)


def _named(result: Result, file: str, number: int) -> Result:
    """The result, with the place of its row in the message if it is the service's error."""
    place = f"{file} row {number}: "
    if isinstance(result, Verdict) or result.message.startswith(place):
        return result
    return ItemError(result.id, result.code, result.reason, place + result.message)


def _report_rows(
    results: Iterator[Result], sink: TextIO | None, as_json: bool, require_correct: bool, name: str
) -> int:
    tally = report.Tally()
    shown: list[Result] = []
    errors: list[ItemError] = []
    start = time.monotonic()
    try:
        for result in results:
            tally.add(result)
            if as_json:
                sys.stdout.write(report.as_json(result) + "\n")
            elif len(shown) <= _TABLE_ROWS:
                shown.append(result)
            if isinstance(result, ItemError) and len(errors) < _SHOWN_ERRORS:
                errors.append(result)
            if sink is not None:
                sink.write(report.as_json(result) + "\n")
    finally:
        sys.stdout.flush()
    if not as_json:
        out = Console(highlight=False)
        if 0 < len(shown) <= _TABLE_ROWS:
            out.print(report.results_table(shown, name))
        if errors:
            out.print(report.errors_list(errors))
        out.print(tally.summary(time.monotonic() - start))
    if tally.errors:
        return 3
    all_correct = tally.outcomes.total() == tally.outcomes[Outcome.CORRECT]
    return 1 if require_correct and not all_correct else 0


def _report_single(result: Result, sink: TextIO | None, as_json: bool) -> int:
    if sink is not None:
        sink.write(report.as_json(result) + "\n")
    if as_json:
        typer.echo(report.as_json(result))
    else:
        Console(highlight=False).print(report.result_panel(result))
    if isinstance(result, ItemError):
        return 3
    return 0 if result.outcome is Outcome.CORRECT else 1


def _json_object(text: str | None) -> dict[str, object]:
    if text is None:
        return {}
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"not JSON: {error}", param_hint="--task") from None
    if not isinstance(fields, dict):
        raise typer.BadParameter('must be an object: {"reference": ...}', param_hint="--task")
    return fields


def _hallmarks(written: list[str]) -> dict[str, str]:
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


def _same_file(output: Path, file: str) -> bool:
    return output.exists() and Path(file).exists() and output.samefile(file)
