"""The commands of ``assay mix`` that leave mixes as they are: they combine, show and export."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from assayoffice.rl import connecting
from assayoffice.rl.mixes import showing
from assayoffice.rl.mixes.combination import Combination
from assayoffice.rl.mixes.description import Description
from assayoffice.rl.mixes.errors import MixError
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.mixes.options import EPILOG, LedgerFolder, Name, Seed, outcome_of, tell
from assayoffice.rl.terminal import plain, stderr_console

app = typer.Typer()


@app.command(
    epilog="Example: `assay mix combine both --of fractions=1 --of programs=0.5`. " + EPILOG
)
def combine(
    new: Annotated[str, typer.Argument(metavar="NEW", help="Name of the combination.")],
    of: Annotated[
        list[str],
        typer.Option(
            "--of",
            metavar="MIX=WEIGHT",
            help="A frozen mix and how often each of its rows comes in an epoch; repeatable. "
            "Without =WEIGHT, what the mix was tuned to.",
        ),
    ],
    ledger: LedgerFolder = Path("mixes"),
    seed: Seed = 0,
    max_domains: Annotated[
        int, typer.Option(min=1, help="Warn where more domains are combined.")
    ] = 4,
    as_json: connecting.AsJson = False,
) -> None:
    """Add frozen mixes up. The combination names them by digest, and breaks when one changes."""
    console = stderr_console()
    with outcome_of(console):
        combination = Ledger(ledger).combine(new, _weights(of), seed=seed, max_domains=max_domains)
        if as_json:
            if combination.warning:
                console.print(plain(f"warning: {combination.warning}"), style="yellow")
            typer.echo(json.dumps(combination.json()))
        else:
            tell(showing.combination(combination))


@app.command(epilog="Mixes that are broken are told of, with exit code 2. " + EPILOG)
def show(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[MIX]", help="A mix or a combination.", show_default="all"),
    ] = None,
    ledger: LedgerFolder = Path("mixes"),
    as_json: connecting.AsJson = False,
) -> None:
    """Show the ledger, or all about a mix: where its rows come from, and what was done to it."""
    with outcome_of(stderr_console()):
        book = Ledger(ledger)
        if name is not None:
            found = _read(book, name)
            if as_json:
                typer.echo(json.dumps(found.json()))
            elif isinstance(found, Combination):
                tell(showing.combination(found))
            else:
                tell(showing.mix(found))
            return
        every, broken = list[Description | Combination](), dict[str, str]()
        for each in book.names():
            try:
                every.append(_read(book, each))
            except MixError as error:
                broken[each] = str(error)
        if as_json:
            for one in every:
                typer.echo(json.dumps(one.json()))
            for each, message in broken.items():
                typer.echo(json.dumps({"name": each, "error": message}))
        else:
            tell(showing.overview(every, broken))
    if broken:
        raise typer.Exit(2)


@app.command(
    epilog="Exit code 1 says that they differ, 0 that they have the same content. " + EPILOG
)
def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A mix.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    ledger: LedgerFolder = Path("mixes"),
    ledger_of_b: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Ledger of B, e.g. a checkout of another commit.",
            show_default="the same",
        ),
    ] = None,
    as_json: connecting.AsJson = False,
) -> None:
    """Show which rows and settings make mix A mix B."""
    with outcome_of(stderr_console()):
        found = Ledger(ledger).diff(a, b, ledger_of_b=ledger_of_b)
        if as_json:
            typer.echo(json.dumps(dataclasses.asdict(found)))
        else:
            tell(showing.difference(found))
    raise typer.Exit(0 if found.is_empty else 1)


@app.command(epilog="Equal content and equal seeds give equal bytes. " + EPILOG)
def export(
    name: Name,
    ledger: LedgerFolder = Path("mixes"),
    sft: Annotated[
        Path | None,
        typer.Option(metavar="PARQUET", help="Write the demonstrations to this file."),
    ] = None,
    rl: Annotated[
        Path | None, typer.Option(metavar="PARQUET", help="Write the problems to this file.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides over the order of the rows.")] = 0,
    require_hallmark: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=DIGEST",
            help="Write nothing if a row was admitted by any other; once for each verifier.",
        ),
    ] = None,
    as_json: connecting.AsJson = False,
) -> None:
    """Write an epoch of a mix or a combination as verl's trainers read it."""
    hallmarks = connecting.hallmarks_of(require_hallmark or [])
    with outcome_of(stderr_console()):
        report = Ledger(ledger).export(name, sft=sft, rl=rl, seed=seed, require_hallmarks=hallmarks)
        if as_json:
            typer.echo(json.dumps(dataclasses.asdict(report)))
        else:
            written = [(sft, report.sft, "demonstrations"), (rl, report.rl, "problems")]
            said = ", ".join(f"{rows:,} {what} in {file}" for file, rows, what in written if file)
            tell(plain(f"{name}: {said}; digest {report.digest}"))


def _read(ledger: Ledger, name: str) -> Description | Combination:
    if ledger.is_combination(name):
        return ledger.combination(name)
    return ledger.mix(name).description


def _weights(written: list[str]) -> dict[str, float | None]:
    weights: dict[str, float | None] = {}
    for each in written:
        name, equals, weight = each.partition("=")
        if name in weights:
            raise typer.BadParameter(f"{name!r} is given twice", param_hint="--of")
        try:
            weights[name] = float(weight) if equals else None
        except ValueError:
            raise typer.BadParameter(
                f"{each!r} is not MIX=WEIGHT, e.g. fractions=0.5", param_hint="--of"
            ) from None
    return weights
