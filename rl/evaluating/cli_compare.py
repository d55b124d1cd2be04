"""The command ``assay eval compare``.

Exit codes, also for CI:

====  ==============================================================================
0     compared, and nothing that is required is missing
1     --require-better or --require-not-worse is not fulfilled
2     a file cannot be used, or the evaluations cannot be compared
====  ==============================================================================
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from assayoffice.rl import connecting
from assayoffice.rl.evaluating.comparison import Aspect, Comparison, Finding, compare
from assayoffice.rl.evaluating.evaluation import read_evaluation
from assayoffice.rl.evaluating.options import outcome_of, tell
from assayoffice.rl.evaluating.sentences import conclusion, names_of, warnings
from assayoffice.rl.evaluating.tables import comparison_table
from assayoffice.rl.terminal import stderr_console

app = typer.Typer()


@app.command(
    name="compare",
    epilog="Exit codes: 0 compared, and nothing that is required is missing. "
    "1 --require-better or --require-not-worse is not fulfilled. "
    "2 a file cannot be used, or the evaluations cannot be compared.",
)
def compare_command(
    before: Annotated[
        Path, typer.Argument(metavar="BEFORE", help="An evaluation: its folder, or its file.")
    ],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Another, of the same problems.")],
    claim: Annotated[
        float | None,
        typer.Option(
            metavar="POINTS",
            min=0.01,
            max=100,
            help="A difference you would like to see: warns where there are too few runs or "
            "problems for it, and says how many it takes.",
        ),
    ] = None,
    allow: Annotated[
        list[Aspect] | None,
        typer.Option(
            help="Compare although they differ in this; repeatable. Of different problems, those "
            "that both have are compared."
        ),
    ] = None,
    require_better: Annotated[
        bool,
        typer.Option("--require-better", help="Exit with 1 unless AFTER is better over all."),
    ] = False,
    require_not_worse: Annotated[
        bool,
        typer.Option(
            "--require-not-worse", help="Exit with 1 if AFTER is worse over all or in a domain."
        ),
    ] = False,
    as_json: connecting.AsJson = False,
) -> None:
    """Say whether AFTER is better than BEFORE, problem by problem, and how sure that is.

    Paired differences with intervals, a test by flipping signs, corrected for the number of
    domains, and what this comparison could have seen.
    """
    with outcome_of(stderr_console()):
        found = compare(
            read_evaluation(before),
            read_evaluation(after),
            allowed=allow or (),
            claim=None if claim is None else claim / 100,
        )
        if as_json:
            sys.stdout.write(json.dumps(_as_json(found)) + "\n")
        else:
            tell(comparison_table(found))
    missing = (require_better and found.overall.finding is not Finding.BETTER) or (
        require_not_worse and found.worse
    )
    raise typer.Exit(1 if missing else 0)


def _as_json(comparison: Comparison) -> dict[str, object]:
    names = names_of(comparison)
    return {
        **asdict(comparison),
        "says": {name: conclusion(each, *names) for name, each in comparison.domains.items()},
        "warnings": list(warnings(comparison)),
    }
