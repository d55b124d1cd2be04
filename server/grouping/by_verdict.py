"""Groups the responses to a task whose verifier judges what they do, by what it says of each."""

from collections.abc import Hashable

from assayoffice.server.catalog import Entry
from assayoffice.server.grouping.groups import Groups
from assayoffice.server.rewrites.errands import Errands
from assayoffice.server.rewrites.responses import Response
from assayoffice.server.rewrites.tries import together
from assayoffice.v1 import verdict_pb2, verifier_pb2


async def by_verdict(
    asked: verifier_pb2.ResponseSet, entry: Entry, errands: Errands
) -> verifier_pb2.Grouping:
    """The groups; hallmark and stamp are for others to add. Raises Trouble."""
    places: dict[str, list[int]] = {}
    for place, response in enumerate(asked.responses):
        places.setdefault(response, []).append(place)
    # Without responses, an empty one shows whether the task can be judged by.
    verdicts = await together(
        errands.verdict(entry, Response(asked.submission, each)) for each in places or [""]
    )
    groups = Groups(len(asked.responses), has_reference=True)
    by_answer = bool(places)
    for verdict, standing in zip(verdicts, places.values(), strict=False):
        outcome = verdict_pb2.Outcome.Name(verdict.outcome).removeprefix("OUTCOME_")
        key, text = _key(verdict)
        by_answer = by_answer and bool(verdict.normalized_answer)
        groups.add(text, standing, outcome, key)
    grouping = groups.grouping()
    grouping.by_answer = by_answer
    return grouping


def _key(verdict: verdict_pb2.Verdict) -> tuple[Hashable, str]:
    """What responses have in common that are one group, and how it is called."""
    if verdict.normalized_answer:
        return verdict.normalized_answer, verdict.extracted or verdict.normalized_answer
    pattern = tuple((each.name, each.passed) for each in verdict.checks)
    text = verdict.reason
    # Not all that fail: those after the first may not have been looked at.
    failed = next((each.name for each in verdict.checks if not each.passed), None)
    if failed is not None:
        passed = sum(each.passed for each in verdict.checks)
        text += f" at {failed}, {passed} of {len(pattern)} passed"
    return (verdict.reason, pattern), text
