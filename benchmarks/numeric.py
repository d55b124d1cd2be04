"""The numeric verifier beside math-verify: the same rows, in the same run, on the same machine.

    python benchmarks/numeric.py DATA.jsonl

Accuracy counts a row as right when the verdict agrees with its label; an error without a verdict
accepts nothing. Time is CPU time of the process that judges, so a busy machine changes it little.
The two judges take turns every few dozen rows, so both see the same machine. A row that takes
longer than half a minute is killed and lost. ``cheats.jsonl`` and ``bombs.jsonl.gz`` beside DATA
are judged, too: reward hacks, and inputs made to hang a verifier.
"""

import collections
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import rows
import typer
from figures import Share, percentile, table
from judges import Measured, MeasuredJudge, math_verify, ours
from rich.console import Console
from rich.table import Table
from rows import Row

_TURN = 50
_QUICK_ROWS = 100

OURS, PEER = "assayoffice", "math-verify"


@dataclass(frozen=True, slots=True)
class Scores:
    """How often a judge was right, and at what cost."""

    judged: Sequence[tuple[Row, Measured]]

    @property
    def accuracy(self) -> Share:
        """Rows whose label was met."""
        right = sum(row.right == measured.accepted for row, measured in self.judged)
        return Share(right, len(self.judged))

    @property
    def false_positives(self) -> Share:
        """Wrong answers that were accepted."""
        wrong = [measured.accepted for row, measured in self.judged if not row.right]
        return Share(sum(wrong), len(wrong))

    @property
    def false_negatives(self) -> Share:
        """Right answers that were not accepted."""
        right = [not measured.accepted for row, measured in self.judged if row.right]
        return Share(sum(right), len(right))

    @property
    def cpu_ms(self) -> list[float]:
        """CPU milliseconds of each row."""
        return [1000 * measured.cpu_seconds for _, measured in self.judged]

    @property
    def slowest_seconds(self) -> float:
        """Wall seconds of the slowest row."""
        return max(measured.wall_seconds for _, measured in self.judged)

    @property
    def memory_mib(self) -> float:
        """Peak memory of the process."""
        return max(measured.memory_bytes for _, measured in self.judged) / 2**20

    @property
    def lost(self) -> int:
        """Rows on which the judge hung or died."""
        return sum(measured.said in ("hung", "died") for _, measured in self.judged)

    def as_json(self) -> dict[str, object]:
        """All figures."""
        return {
            "rows": len(self.judged),
            "accuracy_percent": self.accuracy.percent,
            "accuracy_interval_percent": self.accuracy.interval_percent,
            "false_positive_percent": self.false_positives.percent,
            "false_positive_interval_percent": self.false_positives.interval_percent,
            "false_negative_percent": self.false_negatives.percent,
            "false_negative_interval_percent": self.false_negatives.interval_percent,
            "cpu_ms": {
                "mean": statistics.fmean(self.cpu_ms),
                "p50": percentile(self.cpu_ms, 50),
                "p99": percentile(self.cpu_ms, 99),
                "max": max(self.cpu_ms),
            },
            "rows_per_second_per_core": 1000 / statistics.fmean(self.cpu_ms),
            "slowest_wall_seconds": self.slowest_seconds,
            "peak_memory_mib": self.memory_mib,
            "hung_or_died": self.lost,
        }


Compared = Mapping[str, Scores]


def main(
    data: Annotated[
        Path | None,
        typer.Argument(help="Labelled rows.", envvar="BENCH_DATA", exists=True),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Every row in many, no bombs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All figures as one object.")] = False,
    errors: Annotated[
        Path | None, typer.Option(help="Write the rows that a judge got wrong to this file.")
    ] = None,
) -> None:
    """Compare the numeric verifier with math-verify."""
    console = Console(highlight=False, stderr=as_json)
    if data is None:
        console.print("No DATA (nor BENCH_DATA): judging the verifier's own few cases.\n")
    labelled = rows.from_file(data) if data else rows.shipped()
    cheats = rows.beside(data, "cheats.jsonl") if data else []
    bombs = rows.beside(data, "bombs.jsonl.gz") if data and not quick else []
    if quick:
        labelled = labelled[:: max(1, len(labelled) // _QUICK_ROWS)]
    with MeasuredJudge(ours) as us, MeasuredJudge(math_verify) as them:
        judges = {OURS: us, PEER: them}
        found = {
            name: _compare(judges, some)
            for name, some in (("rows", labelled), ("cheats", cheats), ("bombs", bombs))
            if some
        }
    console.print(_summary(found["rows"]))
    console.print(_slices(found["rows"]))
    for name in ("cheats", "bombs"):
        if name in found:
            console.print(_hostile(name, found[name]))
    if errors is not None:
        wrong = list(_errors(found))
        errors.write_text("".join(json.dumps(each) + "\n" for each in wrong))
        console.print(f"{len(wrong)} rows that a judge got wrong are in {errors}.")
    if as_json:
        print(json.dumps({name: _as_json(compared) for name, compared in found.items()}))


def _compare(judges: Mapping[str, MeasuredJudge], labelled: list[Row]) -> Compared:
    judged: dict[str, list[tuple[Row, Measured]]] = {name: [] for name in judges}
    for start in range(0, len(labelled), _TURN):
        turn = labelled[start : start + _TURN]
        for name, judge in judges.items():
            judged[name] += [(row, judge.judge(row)) for row in turn]
    return {name: Scores(each) for name, each in judged.items()}


def _summary(compared: Compared) -> Table:
    us, them = compared[OURS], compared[PEER]
    summary = table(f"{len(us.judged):,} labelled rows", OURS, PEER, "ratio")
    summary.add_row("accuracy", str(us.accuracy), str(them.accuracy))
    summary.add_row("false positives", str(us.false_positives), str(them.false_positives))
    summary.add_row("false negatives", str(us.false_negatives), str(them.false_negatives))
    for name, of in (
        ("mean", statistics.fmean),
        ("p50", lambda values: percentile(values, 50)),
        ("p99", lambda values: percentile(values, 99)),
        ("max", max),
    ):
        mine, theirs = of(us.cpu_ms), of(them.cpu_ms)
        summary.add_row(f"CPU ms, {name}", f"{mine:.3f}", f"{theirs:.2f}", f"{theirs / mine:.0f} x")
    mine, theirs = (1000 / statistics.fmean(each.cpu_ms) for each in (us, them))
    summary.add_row("rows/s on a core", f"{mine:,.0f}", f"{theirs:,.0f}", f"{mine / theirs:.0f} x")
    summary.add_row("slowest row, s", f"{us.slowest_seconds:.2f}", f"{them.slowest_seconds:.2f}")
    summary.add_row("hung or died", str(us.lost), str(them.lost))
    return summary


def _slices(compared: Compared) -> Table:
    title = "By source: % right, false positives, false negatives"
    slices = table(title, "rows", *compared)
    counts = collections.Counter(row.source for row, _ in compared[OURS].judged)
    for source, count in sorted(counts.items()):
        cells = []
        for scores in compared.values():
            part = Scores([each for each in scores.judged if each[0].source == source])
            shares = (part.accuracy, part.false_positives, part.false_negatives)
            cells.append(
                " / ".join(f"{each.percent:.1f}" if each.total else "-" for each in shares)
            )
        slices.add_row(source, str(count), *cells)
    return slices


def _hostile(title: str, compared: Compared) -> Table:
    hostile = table(
        f"{len(compared[OURS].judged)} {title}",
        *("judged right", "hung or died", "slowest, s", "over 1 s", "peak MiB"),
    )
    for name, scores in compared.items():
        slow = sum(measured.wall_seconds > 1 for _, measured in scores.judged)
        hostile.add_row(
            name,
            f"{scores.accuracy.count}",
            f"{scores.lost}",
            f"{scores.slowest_seconds:.2f}",
            f"{slow}",
            f"{scores.memory_mib:.0f}",
        )
    return hostile


def _errors(found: Mapping[str, Compared]) -> Iterator[dict[str, object]]:
    for compared in found.values():
        for (row, mine), (_, theirs) in zip(
            compared[OURS].judged, compared[PEER].judged, strict=True
        ):
            if not mine.accepted == theirs.accepted == row.right:
                yield {
                    "id": row.id,
                    "source": row.source,
                    "right": row.right,
                    "reference": row.reference,
                    "response": row.response,
                    OURS: mine.said,
                    PEER: theirs.said,
                }


def _as_json(compared: Compared) -> dict[str, object]:
    return {name: scores.as_json() for name, scores in compared.items()}


if __name__ == "__main__":
    typer.run(main)
