"""Rows of rewrites for the tests of what is told about a whole set."""

from collections.abc import Iterable

from assayoffice.rl.rewrites.policy import SetPolicy
from assayoffice.rl.rewrites.rows import RewriteRow, row_of
from assayoffice.rl.rewrites.sets.checks import SetChecks
from assayoffice.rl.rewrites.sets.set_report import SetCheck, SetReport


def rewrite_row(number: int, problem: str, **changed: object) -> RewriteRow:
    """Row ``number`` of set.jsonl; without ``original_id``, of an original of its own."""
    content: dict[str, object] = {
        "id": f"row-{number}",
        "kind": "variation",
        "domain": "algebra",
        "problem": problem,
        "verifier": "numeric",
        "reference": "13",
        "original": {
            "id": changed.pop("original_id", f"original-{number}"),
            "problem": changed.pop("original_problem", ""),
        },
        "provenance": {"source": changed.pop("source", "synthetic")},
    }
    return row_of(content | changed, "set.jsonl", number)


def report_of(rows: Iterable[RewriteRow], policy: SetPolicy | None = None) -> SetReport:
    """What is found out about rows."""
    checks = SetChecks(policy or SetPolicy())
    for row in rows:
        checks.add(row)
    return checks.finish()


def check_of(name: str, rows: Iterable[RewriteRow], policy: SetPolicy | None = None) -> SetCheck:
    """One check of them."""
    return next(each for each in report_of(rows, policy).checks if each.name == name)
