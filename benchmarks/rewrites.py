"""Can a verifier tell right from wrong answers to a reference? Ours and math-verify, in one run.

    python benchmarks/rewrites.py DATA.jsonl

From each reference the rewrite checks make usual renderings, equal answers written differently, and
mutants that are wrong by construction. Both judges get the same responses, in turns, so both see
the same machine; time is CPU time of the process that judges. An answer on which a judge hangs or
dies is one that it does not accept. The trials know the conventions of our verifier (which forms of
a number it promises to accept), so its acceptance rate says that it keeps its promises; the kill
rates can be compared.
"""

import collections
import json
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import rows
import typer
from figures import Share, table
from judges import Measured, MeasuredJudge, math_verify, ours
from rich.console import Console
from rich.table import Table
from rows import Row

from assayoffice.verifiers.base import VerifierError
from assayoffice.verifiers.numeric.task import NumericTask
from assayoffice.verifiers.rewrites.numeric_trials import trials
from assayoffice.verifiers.rewrites.trials import Part

_TURN = 50
_REFERENCES = 300
_QUICK_REFERENCES = 8

OURS, PEER = "assayoffice", "math-verify"


@dataclass(frozen=True, slots=True)
class Tried:
    """What a judge made of the trials. The row's source is the label of its trial."""

    judged: Sequence[tuple[Row, Measured]]

    @property
    def killed(self) -> Share:
        """Wrong answers that were not accepted."""
        return _share([not measured.accepted for row, measured in self.judged if not row.right])

    @property
    def accepted(self) -> Share:
        """Right answers that were."""
        return _share([measured.accepted for row, measured in self.judged if row.right])

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds of one verdict on average."""
        return 1000 * statistics.fmean(measured.cpu_seconds for _, measured in self.judged)

    def survivors(self) -> collections.Counter[str]:
        """Mutants that were accepted, by label."""
        return collections.Counter(
            row.source for row, measured in self.judged if measured.accepted and not row.right
        )

    def as_json(self) -> dict[str, object]:
        """All figures."""
        return {
            "mutants": self.killed.total,
            "kill_percent": self.killed.percent,
            "kill_interval_percent": self.killed.interval_percent,
            "right_answers": self.accepted.total,
            "acceptance_percent": self.accepted.percent,
            "cpu_ms": self.cpu_ms,
            "survivors": dict(self.survivors()),
        }


def main(
    data: Annotated[
        Path | None,
        typer.Argument(help="Rows with references.", envvar="BENCH_DATA", exists=True),
    ] = None,
    references: Annotated[int, typer.Option(help="References, evenly out of all.")] = _REFERENCES,
    quick: Annotated[bool, typer.Option("--quick", help="A few references.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All figures as one object.")] = False,
) -> None:
    """Compare the kill rates of the numeric verifier and math-verify."""
    console = Console(highlight=False, stderr=as_json)
    known = rows.from_file(data) if data else rows.shipped()
    distinct = list(dict.fromkeys(row.reference for row in known))
    most = _QUICK_REFERENCES if quick else references
    chosen = distinct[:: max(1, len(distinct) // most)][:most]
    before = time.process_time()
    made = list(_trials(chosen))
    making_ms = 1000 * (time.process_time() - before) / len(chosen)
    with MeasuredJudge(ours) as us, MeasuredJudge(math_verify) as them:
        judges = {OURS: us, PEER: them}
        judged: dict[str, list[tuple[Row, Measured]]] = {name: [] for name in judges}
        for start in range(0, len(made), _TURN):
            for name, judge in judges.items():
                judged[name] += [(row, judge.judge(row)) for row in made[start : start + _TURN]]
    found = {name: Tried(each) for name, each in judged.items()}
    console.print(_summary(found, len(chosen)))
    console.print(_survivors(found))
    console.print(f"Making the trials of a reference took {making_ms:.2f} ms of CPU.")
    if as_json:
        whole = {name: each.as_json() for name, each in found.items()}
        print(json.dumps({"references": len(chosen), "making_ms": making_ms, **whole}))


def _trials(references: Sequence[str]) -> Iterator[Row]:
    for number, reference in enumerate(references):
        try:
            made = trials(NumericTask(reference), "", ())
        except VerifierError:
            continue  # no answer to it could be right
        for trial in made:
            id = f"{number}/{trial.label}"
            yield Row(id, trial.label, "", trial.response, reference, trial.part is not Part.MUTANT)


def _share(held: Sequence[bool]) -> Share:
    return Share(sum(held), len(held))


def _summary(found: Mapping[str, Tried], references: int) -> Table:
    us, them = found[OURS], found[PEER]
    title = f"{us.killed.total:,} wrong and {us.accepted.total:,} right answers to {references}"
    summary = table(f"{title} references", OURS, PEER, "ratio")
    summary.add_row("kill rate", str(us.killed), str(them.killed))
    missed = [each.killed.total - each.killed.count for each in (us, them)]
    ratio = f"{missed[1] / missed[0]:.0f} x" if missed[0] else "-"
    summary.add_row("mutants accepted", *(f"{each:,}" for each in missed), ratio)
    summary.add_row("right answers accepted", str(us.accepted), str(them.accepted))
    speed = f"{them.cpu_ms / us.cpu_ms:.0f} x"
    summary.add_row("CPU ms of a verdict", f"{us.cpu_ms:.3f}", f"{them.cpu_ms:.2f}", speed)
    return summary


def _survivors(found: Mapping[str, Tried]) -> Table:
    survivors = table("Mutants accepted, by what was changed", "of", *found)
    made = collections.Counter(row.source for row, _ in found[OURS].judged if not row.right)
    counts = [each.survivors() for each in found.values()]
    for label, total in sorted(made.items()):
        if any(each[label] for each in counts):
            survivors.add_row(label, str(total), *(str(each[label]) for each in counts))
    return survivors


if __name__ == "__main__":
    typer.run(main)
