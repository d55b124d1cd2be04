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
from typing import Annotated, TextIO

import typer
from rich.console import Console

from assayoffice.rl import connecting, report
from assayoffice.rl.file_runs import refuse_overwriting, show, with_progress
from assayoffice.rl.results import ItemError, Outcome, Result
from assayoffice.rl.rows import RowForm, rows
from assayoffice.rl.scoring import judge
from assayoffice.rl.sources import open_source
from assayoffice.rl.submissions import Submission
from assayoffice.rl.terminal import stderr_console

app = typer.Typer()


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
    response_column: connecting.ResponseColumn = "response",
    endpoint: connecting.Endpoint = None,
    config_file: connecting.ConfigFile = None,
    ca_file: connecting.CaFile = None,
    token_file: connecting.TokenFile = None,
    timeout: connecting.Timeout = 120.0,
    concurrency: connecting.Concurrency = 4,
    require_hallmark: connecting.RequireHallmark = None,
    require_correct: Annotated[
        bool, typer.Option("--require-correct", help="Exit with 1 unless all are CORRECT.")
    ] = False,
    as_json: connecting.AsJson = False,
    output: connecting.Output = None,
) -> None:
    """Judge one submission, or every row of a file.

    Rows are {"id", "verifier", "response", "task": {...}} with "reference": "..." as a short form
    of the task, or verl's data set schema with a column of responses.
    """
    fields = connecting.json_object(task, "--task")
    single = response is not None
    if single == (file is not None):
        raise typer.BadParameter("give either a FILE or --response", param_hint="FILE")
    if file is not None and (reference is not None or prompt is not None):
        raise typer.BadParameter("belongs to --response; rows bring their own", param_hint="FILE")
    if file is not None:
        refuse_overwriting(output, file)
    hallmarks = connecting.hallmarks_of(require_hallmark or [])

    console = stderr_console()
    with connecting.outcome_of(console), contextlib.ExitStack() as stack:
        # The file first: a typing error in its name should not cost the start of a server.
        source = stack.enter_context(open_source(file)) if file is not None else None
        sink = stack.enter_context(output.open("w")) if output is not None else None
        connection = connecting.connect(endpoint, config_file, ca_file, token_file, hallmarks)
        client = stack.enter_context(connection)
        if source is not None:
            # Nobody there? Say so before reading a single row.
            client.list_verifiers(timeout=timeout)
            form = RowForm(source.name, verifier, fields or None, response_column)
            judged = judge(
                client, rows(source.records, form), timeout=timeout, concurrency=concurrency
            )
            tally = report.Tally()
            results = with_progress(judged, source, console, "judged")
            show(results, tally, sink, as_json, source.name)
            code = _exit_code(tally, require_correct)
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
    endpoint: connecting.Endpoint = None,
    config_file: connecting.ConfigFile = None,
    ca_file: connecting.CaFile = None,
    token_file: connecting.TokenFile = None,
    timeout: connecting.Timeout = 30.0,
    as_json: connecting.AsJson = False,
) -> None:
    """List the verifiers of a service, those that are out of service with the reason."""
    with connecting.outcome_of(stderr_console()):
        with connecting.connect(endpoint, config_file, ca_file, token_file, {}) as client:
            listed = client.list_verifiers(timeout=timeout)
    if as_json:
        for each in listed:
            typer.echo(report.verifier_as_json(each))
    else:
        Console(highlight=False).print(report.verifiers_table(listed))


def _exit_code(tally: report.Tally, require_correct: bool) -> int:
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
