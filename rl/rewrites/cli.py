"""The commands ``assay rewrites``: ``check``, ``schema`` and ``policy``; ``propose`` joins them.

Exit codes of ``check``, also for CI:

====  ==============================================================================
0     every row is admitted, and so is the set
1     rows are kept out, or the set as a whole fails
2     the command line, a file or the policy cannot be used
3     some rows have an error instead of a report; goes before 1
4     the service is unreachable or refuses the call (hallmark, token)
====  ==============================================================================
"""

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from assayoffice.rl import connecting
from assayoffice.rl.rewrites.caching import Cache, default_file
from assayoffice.rl.rewrites.outputs import Outputs
from assayoffice.rl.rewrites.policy import STRICT, Policy, PolicyError, read_policy
from assayoffice.rl.rewrites.propose.cli import app as propose_command
from assayoffice.rl.rewrites.reading import look_for
from assayoffice.rl.rewrites.running import Run
from assayoffice.rl.terminal import stderr_console

SCHEMA = Path(__file__).with_name("rewrite.schema.json")

app = typer.Typer(no_args_is_help=True)
app.add_typer(propose_command)


@app.command(
    epilog="Exit codes: 0 every row is admitted, and so is the set. "
    "1 rows are kept out, or the set as a whole fails. "
    "2 the command line, a file or the policy cannot be used. "
    "3 some rows have errors instead of reports. "
    "4 the service is unreachable or refuses the call."
)
def check(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Rows of one set: JSON lines or parquet; - reads JSON lines from stdin.",
        ),
    ],
    policy_file: Annotated[
        Path,
        typer.Option(
            "--policy",
            metavar="TOML",
            help="What rows and set must fulfil; `assay rewrites policy` prints the default.",
            show_default="strict",
        ),
    ] = STRICT,
    decontaminate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Problems that no row may overlap with, besides the policy's; repeatable.",
        ),
    ] = None,
    endpoint: connecting.Endpoint = None,
    config_file: connecting.ConfigFile = None,
    ca_file: connecting.CaFile = None,
    token_file: connecting.TokenFile = None,
    timeout: connecting.Timeout = 600.0,
    concurrency: connecting.Concurrency = 4,
    require_hallmark: connecting.RequireHallmark = None,
    cache_file: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            metavar="FILE",
            help="Where reports are kept, so that only new rows are checked.",
            show_default="in the user's cache folder",
        ),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Check every row, and keep nothing.")
    ] = False,
    as_json: connecting.AsJson = False,
    output: connecting.Output = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="HTML", help="Write a page for people: what failed, and why."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="XML", help="Write the outcomes as JUnit XML.")
    ] = None,
    stamp: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the admitted rows with their stamps, if the set passes: JSON lines, or "
            "parquet where all files are.",
        ),
    ] = None,
    github: Annotated[
        bool | None,
        typer.Option(
            "--github/--no-github",
            help="Annotate rows for GitHub Actions.",
            show_default="where GITHUB_ACTIONS is true",
        ),
    ] = None,
) -> None:
    """Check rewrites before they are trained on: can right and wrong answers be told apart?

    All files together are one set. A row is admitted when the policy's checks pass.
    """
    if no_cache and cache_file is not None:
        raise typer.BadParameter("contradicts --no-cache", param_hint="--cache")
    hallmarks = connecting.hallmarks_of(require_hallmark or [])
    console = stderr_console()
    with connecting.outcome_of(console), contextlib.ExitStack() as stack:
        # The files first: a typing error in a name should not cost the start of a server.
        look_for(files)
        outputs = Outputs(output, report, junit, stamp)
        rules = _policy(policy_file, decontaminate or [])
        cached = None if no_cache else cache_file or default_file()
        outputs.refuse(_inputs(files, policy_file, rules, cached))
        run = Run(
            files,
            rules,
            {"policy": "strict" if policy_file == STRICT else str(policy_file)},
            outputs,
            console,
            as_json=as_json,
            workspace=_workspace(github),
        )
        stack.callback(run.close)
        cache = None
        if cached is not None:
            cache = Cache(
                cached,
                lambda message: console.print(f"warning: {message}", style="yellow", markup=False),
            )
            stack.callback(cache.close)
        # Rewrites are of unknown cost, and a service of our own has nobody else to keep room for.
        flags = ("--full-workers", str(len(os.sched_getaffinity(0))))
        connection = connecting.connect(
            endpoint, config_file, ca_file, token_file, hallmarks, flags=flags
        )
        client = stack.enter_context(connection)
        try:
            code = run.check(client, cache, timeout=timeout, concurrency=concurrency)
        except PolicyError as error:
            raise typer.BadParameter(str(error), param_hint="--policy") from None
    raise typer.Exit(code)


@app.command()
def schema() -> None:
    """Print the JSON schema of a row."""
    typer.echo(SCHEMA.read_text(encoding="utf-8"), nl=False)


@app.command()
def policy() -> None:
    """Print the default policy, to be copied and changed."""
    typer.echo(STRICT.read_text(encoding="utf-8"), nl=False)


def _policy(file: Path, decontaminate: list[str]) -> Policy:
    try:
        read = read_policy(file)
    except PolicyError as error:
        raise typer.BadParameter(str(error), param_hint="--policy") from None
    lists = (*read.sets.decontaminate, *decontaminate)
    return dataclasses.replace(read, sets=dataclasses.replace(read.sets, decontaminate=lists))


def _inputs(
    files: list[str], policy_file: Path, policy: Policy, cache: Path | None
) -> Iterator[tuple[Path, str]]:
    """The files that a run reads, and what they are to it."""
    for file in files:
        if file != "-":
            yield Path(file), "the rows"
    yield policy_file, "the policy"
    for each in policy.sets.decontaminate:
        yield Path(each), "a list to decontaminate against"
    if cache is not None:
        yield cache, "the cache"


def _workspace(github: bool | None) -> Path | None:
    """Where GitHub Actions has the repository; None where nothing is to be annotated."""
    if github is None:
        github = os.environ.get("GITHUB_ACTIONS") == "true"
    return Path(os.environ.get("GITHUB_WORKSPACE") or ".") if github else None
