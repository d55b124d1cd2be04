"""The commands ``assay mix``: a ledger of mixes, each of one domain.

Exit codes, of all of them:

====  ==============================================================================
0     done
1     the answer is no: two mixes differ, rows bear another hallmark than demanded
2     the command line, a file or the ledger cannot be used; a frozen mix is to be edited
3     some rows were refused, and the others added; or a file cannot be written
4     the service is unreachable or refuses the calls
130   interrupted; the ledger is as it was, and the same command may be given again
====  ==============================================================================
"""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from assayoffice.rl import connecting
from assayoffice.rl.mixes import showing
from assayoffice.rl.mixes.adding import AddReport
from assayoffice.rl.mixes.cli_reading import app as reading_commands
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.mixes.options import EPILOG, LedgerFolder, Name, Seed, outcome_of, tell
from assayoffice.rl.mixes.tuning import Tuning
from assayoffice.rl.problems.problem import Origin
from assayoffice.rl.rewrites.reading import look_for
from assayoffice.rl.sources import UnreadableFileError
from assayoffice.rl.terminal import stderr_console

app = typer.Typer(no_args_is_help=True)
app.add_typer(reading_commands)


@app.command(epilog=EPILOG)
def add(
    mix: Name,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Problems: rows of verl, stamped rewrites or our own; JSON lines or parquet.",
        ),
    ],
    ledger: LedgerFolder = Path("mixes"),
    domain: Annotated[
        str, typer.Option(help="Domain of the mix, and of rows that name none.")
    ] = "",
    origin: Annotated[
        Origin | None, typer.Option(help="Who wrote the rows that do not say so.")
    ] = None,
    verifier: Annotated[
        str | None, typer.Option(help="What judges rows that name none.", show_default="numeric")
    ] = None,
    prefix: Annotated[
        str, typer.Option(help="Put before every id, where files number their rows alike.")
    ] = "",
    strike: Annotated[
        bool,
        typer.Option(
            "--strike", help="Have the service look at rows without stamp and stamp them."
        ),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Add nothing where a row is refused.")
    ] = False,
    endpoint: connecting.Endpoint = None,
    config_file: connecting.ConfigFile = None,
    ca_file: connecting.CaFile = None,
    token_file: connecting.TokenFile = None,
    timeout: connecting.Timeout = 600.0,
    require_hallmark: connecting.RequireHallmark = None,
    as_json: connecting.AsJson = False,
) -> None:
    """Add problems to a mix, or begin one with them.

    A row gets in when its stamp is the one that the service strikes for its task now, and its
    demonstration, if it has one, is right. All that can get in do so at once; of the others it is
    said why not.
    """
    hallmarks = connecting.hallmarks_of(require_hallmark or [])
    console = stderr_console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with outcome_of(console):
        look_for(files)
        with (
            connecting.connect(endpoint, config_file, ca_file, token_file, hallmarks) as client,
            Progress(
                *columns,
                TimeRemainingColumn(),
                console=console,
                transient=True,
                disable=not console.is_terminal,
            ) as bar,
        ):
            task = bar.add_task("judged", total=None)
            report = Ledger(ledger).add(
                mix,
                files,
                client,
                domain=domain,
                origin=origin,
                verifier=verifier,
                prefix=prefix,
                strike=strike,
                strict=strict,
                timeout=timeout,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        if as_json:
            _added_as_json(report)
        else:
            tell(showing.added(report))
    raise typer.Exit(3 if report.refused else 0)


@app.command(
    epilog="Edits are made in the order of these options, and noted in the mix's history. " + EPILOG
)
def tune(
    mix: Name,
    ledger: LedgerFolder = Path("mixes"),
    drop: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Drop the rows whose ids are here, one a line."),
    ] = None,
    min_solve_rate: Annotated[
        float | None, typer.Option(help="Drop rows that are solved less often.", min=0, max=1)
    ] = None,
    max_solve_rate: Annotated[
        float | None, typer.Option(help="Drop rows that are solved more often.", min=0, max=1)
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Keep so many rows, drawn.")] = None,
    max_synthetic_share: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Drop synthetic rows, drawn, until they are no larger share."
        ),
    ] = None,
    weight: Annotated[
        float | None, typer.Option(help="How often a row comes in an epoch of a combination.")
    ] = None,
    seed: Seed = 0,
    as_json: connecting.AsJson = False,
) -> None:
    """Drop rows of an open mix, or weigh it: all that is asked for, or nothing."""
    with outcome_of(stderr_console()):
        dropped = frozenset(id for each in drop or [] for id in _ids(each))
        edits = Tuning(
            dropped, min_solve_rate, max_solve_rate, limit, max_synthetic_share, weight, seed
        )
        report = Ledger(ledger).tune(mix, edits)
        if as_json:
            told = {
                "mix": report.mix,
                "rows": report.rows,
                "before": report.before,
                "unrated": report.unrated,
                "edits": [each.said for each in report.edits],
            }
            typer.echo(json.dumps(told))
        else:
            tell(showing.tuned(report))


@app.command(epilog=EPILOG)
def freeze(
    mix: Name, ledger: LedgerFolder = Path("mixes"), as_json: connecting.AsJson = False
) -> None:
    """Freeze a mix: from now on it refuses edits, and whoever reads it checks its digest."""
    with outcome_of(stderr_console()):
        digest = Ledger(ledger).freeze(mix)
        typer.echo(json.dumps({"mix": mix, "digest": digest}) if as_json else digest)


@app.command(epilog=EPILOG)
def copy(
    mix: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Name of the copy.")],
    ledger: LedgerFolder = Path("mixes"),
    as_json: connecting.AsJson = False,
) -> None:
    """Begin an open mix with the rows of another, which may be frozen."""
    with outcome_of(stderr_console()):
        made = Ledger(ledger).copy(mix, new)
        if as_json:
            typer.echo(json.dumps(made.description.json()))
        else:
            tell(showing.mix(made.description))


def _ids(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text("utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise UnreadableFileError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"{file}: byte {error.start} is not UTF-8") from None


def _added_as_json(report: AddReport) -> None:
    """A line for each row that was refused, and one for all."""
    for each in report.refused:
        told: dict[str, object] = {
            "file": each.file,
            "row": each.row,
            "id": each.id,
            "reason": each.reason,
            "message": each.message,
            "unknown": each.unknown,
        }
        typer.echo(json.dumps({"refused": told}))
    counts = Counter(each.reason for each in report.refused)
    summary = {
        "mix": report.mix,
        "domain": report.domain,
        "rows": report.rows,
        "added": report.added,
        "known": report.known,
        "refused": dict(sorted(counts.items())),
        "written": report.written,
    }
    typer.echo(json.dumps(summary))
