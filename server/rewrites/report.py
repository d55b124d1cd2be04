"""The report about a rewrite: all checks in their order, and the score that combines them."""

import math
from collections.abc import Sequence
from typing import Final

from assayoffice.server import stamps
from assayoffice.server.catalog import Entry
from assayoffice.server.rewrites.concluding import NOT_APPLICABLE, not_applicable
from assayoffice.server.rewrites.tried import Concluded
from assayoffice.v1 import rewrite_pb2, verifier_pb2

#: All checks, in the order of a report.
CHECKS: Final = (
    "round_trip",
    "discrimination",
    "premises",
    "leak",
    "wording",
    "solutions",
    "key",
    "tests",
    "statement",
)

#: A batch of the largest reports fits a message.
MAX_REPORT_BYTES: Final = 56 * 1024


def report(
    found: Sequence[Concluded], entry: Entry, submission: verifier_pb2.Submission
) -> rewrite_pb2.RewriteReport:
    """The report; checks that are not among what was found are not applicable.

    The score is the product of the values of those that are. Raises ValueError for a check that is
    none of ours, or there twice: workers, which make some, are not trusted.
    """
    by_name = {each.check.name: each for each in found}
    if unknown := by_name.keys() - set(CHECKS):
        raise ValueError(f"there is no check {min(unknown)!r}")
    if len(by_name) < len(found):
        raise ValueError("a check was made twice")
    ordered = [by_name.get(name) or not_applicable(name) for name in CHECKS]
    applicable = [each for each in ordered if each.check.state != NOT_APPLICABLE]
    made = rewrite_pb2.RewriteReport(
        checks=[each.check for each in ordered],
        score=math.prod(min(max(each.value, 0.0), 1.0) for each in applicable),
        applicable=len(applicable),
        hallmark=entry.info.hallmark,
        stamp=stamps.strike(submission, entry.hallmark_digest),
    )
    shorten(made)
    return made


def shorten(report: rewrite_pb2.RewriteReport) -> None:
    """Leave out evidence, of the longest check first, until the report has the size it may have."""
    shortened: dict[str, rewrite_pb2.RewriteCheck] = {}
    while report.ByteSize() > MAX_REPORT_BYTES:
        longest = max(report.checks, key=lambda each: each.ByteSize())
        if not longest.evidence:
            break
        del longest.evidence[len(longest.evidence) // 2 :]
        shortened[longest.name] = longest
    for check in shortened.values():
        check.explanation += " Not all evidence is listed, because it is long."
