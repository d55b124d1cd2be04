"""The command ``assay rewrites propose``.

Exit codes:

====  ==============================================================================
0     something was admitted, or everything was finished before
1     nothing was admitted, or there was nothing to ask about
2     the command line, a file or the policy cannot be used
3     of some parents or proposals nothing was found out; run it again for these
4     the endpoint or the service is unreachable or refuses; run it again to go on
130   broken off with Ctrl-C; run it again to go on
====  ==============================================================================
"""

import contextlib
import enum
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from assayoffice.rl import connecting
from assayoffice.rl.endpoints.endpoint import Endpoint, Patience, Sampling
from assayoffice.rl.endpoints.errors import EndpointUnavailableError
from assayoffice.rl.endpoints.options import address_of, key_of
from assayoffice.rl.file_runs import refuse_overwriting
from assayoffice.rl.report import errors_list
from assayoffice.rl.rewrites.policy import (
    STRICT,
    PolicyError,
    SetPolicy,
    read_policy,
    refuse_unknown_verifiers,
)
from assayoffice.rl.rewrites.propose import report as proposal_report
from assayoffice.rl.rewrites.propose.journal import Journal, JournalError
from assayoffice.rl.rewrites.propose.journals import Journals
from assayoffice.rl.rewrites.propose.parent_set import ParentSet, read_parents
from assayoffice.rl.rewrites.propose.prompts import Prompt, PromptName, prompt
from assayoffice.rl.rewrites.propose.proposing import (
    Asking,
    Checking,
    Fate,
    Proposal,
    Request,
    missing,
    propose,
    requests,
)
from assayoffice.rl.sources import UnreadableFileError, open_source, unambiguous_json
from assayoffice.rl.terminal import counted, plain, stderr_console

if TYPE_CHECKING:
    from assayoffice.rl.rewrites.propose.known import KnownProblems

app = typer.Typer()

_SHOWN_ERRORS = 10


class ResponseFormat(enum.StrEnum):
    """What the endpoint is told about the form of answers."""

    TEXT = "text"
    JSON_OBJECT = "json_object"
    JSON_SCHEMA = "json_schema"


@app.command(
    "propose",
    epilog="Examples: "
    "`assay rewrites propose rows.jsonl --api http://127.0.0.1:8000/v1 --model my-model "
    "--prompt paraphrase --prompt variation --output more.jsonl` asks a vLLM server on this "
    "machine; "
    "`... --api https://api.example.org/v1 --api-key-env EXAMPLE_KEY --count 4 --solutions 5` asks "
    "another for four of each, with five independent solutions to each. "
    "Exit codes: 0 something was admitted, or everything was finished before. "
    "1 nothing was admitted, or there was nothing to ask about. "
    "2 the command line, a file or the policy cannot be used. "
    "3 of some parents or proposals nothing was found out: run it again. "
    "4 the endpoint or the service is unreachable or refuses: run it again.",
)
def command(
    file: Annotated[
        str,
        typer.Argument(
            help='Rows of rewrites, or originals {"id", "problem"}: JSON lines or parquet.'
        ),
    ],
    api: Annotated[
        str,
        typer.Option(metavar="URL", help="OpenAI-compatible endpoint, e.g. http://HOST:8000/v1."),
    ],
    model: Annotated[str, typer.Option(help="Model to ask for.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Admitted rows are appended to this file.")
    ],
    prompts: Annotated[
        list[PromptName], typer.Option("--prompt", help="What to ask for; may be repeated.")
    ],
    rejected: Annotated[
        Path | None,
        typer.Option(help="Rejected proposals are appended to this file, with the reason."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=1000, help="Proposals per row and prompt.")] = 1,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many proposals of this run.")
    ] = None,
    policy: Annotated[
        Path, typer.Option(metavar="TOML", help="What proposals have to pass.", exists=True)
    ] = STRICT,
    solutions: Annotated[
        int,
        typer.Option(
            min=0, max=256, help="Solutions to sample of each proposal; their agreement is checked."
        ),
    ] = 0,
    temperature: Annotated[float, typer.Option(min=0.0, max=5.0)] = 0.8,
    top_p: Annotated[float, typer.Option(min=0.001, max=1.0)] = 0.95,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest answer.")] = 4096,
    seed: Annotated[
        int, typer.Option(help="Seed of the run; each request has one of its own.")
    ] = 0,
    response_format: Annotated[
        ResponseFormat,
        typer.Option(help="What the endpoint is to hold answers to, if it can."),
    ] = ResponseFormat.TEXT,
    api_key_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="Environment variable with the API key.")
    ] = None,
    api_key_file: Annotated[Path | None, typer.Option(help="File with the API key.")] = None,
    api_ca_file: Annotated[
        Path | None,
        typer.Option(help="Certificates (PEM) to trust the endpoint by.", exists=True),
    ] = None,
    api_timeout: Annotated[
        float, typer.Option(min=0.001, help="Seconds a request to the endpoint may take.")
    ] = 300.0,
    api_attempts: Annotated[
        int, typer.Option(min=1, max=100, help="How often a request is made that may yet succeed.")
    ] = 5,
    concurrency: Annotated[
        int, typer.Option(min=1, max=512, help="Requests to the endpoint at once.")
    ] = 16,
    endpoint: connecting.Endpoint = None,
    config_file: connecting.ConfigFile = None,
    ca_file: connecting.CaFile = None,
    token_file: connecting.TokenFile = None,
    timeout: connecting.Timeout = 600.0,
    as_json: connecting.AsJson = False,
) -> None:
    """Have a model propose rewrites, and keep those that pass every check.

    Rows of FILE are checked first, and only those that pass are rewritten. A paraphrase keeps the
    task of its row; every other proposal has to bring premises or a program, which decide whether
    its answer is right. What passes is stamped and appended to --output, with its lineage. Run the
    same command again to go on where it stopped.
    """
    refuse_overwriting(output, file)
    if rejected is not None:
        refuse_overwriting(rejected, file)
        if rejected.absolute() == output.absolute():
            raise typer.BadParameter("is the --output, too", param_hint="--rejected")
    key = key_of(api_key_env, api_key_file)
    ca = str(api_ca_file) if api_ca_file else None
    sampling = Sampling(temperature, top_p, max_tokens)
    patience = Patience(api_timeout, api_attempts)
    asked = Endpoint(address_of(api, "--api"), model, sampling, patience, key, ca)
    asking = Asking(asked, seed, response_format.value, solutions, concurrency)
    wanted = [prompt(each) for each in dict.fromkeys(prompts)]

    console = stderr_console()
    with _outcome_of(console), contextlib.ExitStack() as stack:
        rules = read_policy(policy)
        source = stack.enter_context(open_source(file, loads=unambiguous_json))
        journals = Journals(
            stack.enter_context(Journal(output)),
            stack.enter_context(Journal(rejected)) if rejected is not None else None,
        )
        for note in journals.cut():
            console.print(f"note: {note}", markup=False)
        connection = connecting.connect(endpoint, config_file, ca_file, token_file, {})
        client = stack.enter_context(connection)
        refuse_unknown_verifiers(rules, client.rewrite_digests(timeout=timeout))
        checking = Checking(client, rules, _known(rules.sets), timeout)
        found = read_parents(source, checking)
        journals.recall(checking.known)
        _tell(found, wanted, console)
        todo = [each for parent in found.usable for each in requests(parent, wanted, count)]
        left = [each for each in todo if not journals.have(each)]
        tally = proposal_report.ProposalTally(len(todo) - len(left))
        start = time.monotonic()
        try:
            for proposal in _with_progress(left[:limit], asking, checking, console):
                journals.keep(proposal)
                tally.add(proposal)
                if as_json:
                    typer.echo(proposal_report.proposal_as_json(proposal))
        finally:
            if as_json:
                typer.echo(tally.as_json())
            else:
                Console(highlight=False).print(tally.table(time.monotonic() - start))
    raise typer.Exit(_exit_code(tally, found))


def _with_progress(
    wanted: list[Request], asking: Asking, checking: Checking, console: Console
) -> Iterator[Proposal]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[admitted]:,} admitted"),
        TimeRemainingColumn(),
    )
    disabled = not console.is_terminal
    with (
        Progress(*columns, console=console, transient=True, disable=disabled) as progress,
        contextlib.closing(propose(wanted, asking, checking)) as proposals,
    ):
        bar = progress.add_task("proposing", total=len(wanted), admitted=0)
        admitted = 0
        for each in proposals:
            admitted += each.fate is Fate.ADMITTED
            yield each
            progress.update(bar, advance=1, admitted=admitted)


def _known(policy: SetPolicy) -> "KnownProblems":
    try:
        # Here, because other commands can do without the extra, and are not to wait for it.
        from assayoffice.rl.rewrites.propose.known import KnownProblems
    except ImportError as error:
        raise UnreadableFileError(
            f"{error.name} is not installed; pip install 'assayoffice[rewrites]'"
        ) from None
    return KnownProblems(policy)


def _tell(found: ParentSet, wanted: list[Prompt], console: Console) -> None:
    """Say which rows nothing is asked about, and why."""
    if found.refused:
        reasons = proposal_report.reasons_of(found.refused.most_common())
        count = counted(found.refused.total(), "row")
        console.print(
            f"left out, as the policy does not admit it: {count} ({reasons})", markup=False
        )
    for each in wanted:
        lacking = [lack for parent in found.usable if (lack := missing(parent, each))]
        if lacking:
            count = counted(len(lacking), "row")
            console.print(f"{each} leaves out {count} without {lacking[0]}", markup=False)
    if found.errors:
        console.print(errors_list(found.errors[:_SHOWN_ERRORS]))


@contextlib.contextmanager
def _outcome_of(console: Console) -> Iterator[None]:
    """Turn what keeps the command from its work into a message and an exit code."""
    try:
        with connecting.outcome_of(console):
            yield
    except (PolicyError, JournalError) as error:
        console.print(plain(f"error: {error}"), style="bold red")
        raise typer.Exit(2) from None
    except EndpointUnavailableError as error:
        console.print(plain(f"error: {error}"), style="bold red")
        raise typer.Exit(4) from None


def _exit_code(tally: proposal_report.ProposalTally, found: ParentSet) -> int:
    if tally.fates[Fate.TROUBLE] or found.errors:
        return 3
    return 0 if tally.fates[Fate.ADMITTED] or (tally.finished and not tally.fates.total()) else 1
