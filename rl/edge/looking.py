"""Which problems can be judged at all: asked before anything is sampled, because sampling is dear.

What was found is kept with the work. It decides which problems are sampled, and those must be the
same ones when the work is gone on with.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import grpc

from assayoffice.rl.client import Client
from assayoffice.rl.edge.errors import UnservedVerifierError
from assayoffice.rl.groups import GroupingResult, ResponseSet
from assayoffice.rl.judging.asking import problems_digest
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.results import ItemError
from assayoffice.rl.training.folder import write_json

_AT_ONCE = 256


def unscorable(
    client: Client,
    problems: Sequence[Problem],
    kept: Path,
    *,
    timeout: float,
    progress: Callable[[int, int], None],
) -> Mapping[str, str]:
    """Why problems cannot be judged, by id; of the others nothing is known that speaks against it.

    ``kept`` is the file that this is kept in. A row whose stamp is of another task was changed
    since it was stamped: to strike a new one would hide that. Raises UnservedVerifierError for
    verifiers that are not in service, ServiceError and OSError.
    """
    _refuse_unserved(client, problems, timeout)
    digest = problems_digest(problems)
    found = _read(kept, digest)
    if found is None:
        found = {}
        for start in range(0, len(problems), _AT_ONCE):
            progress(start, len(problems))
            some = problems[start : start + _AT_ONCE]
            sets = [ResponseSet(each.id, each.verifier, each.task) for each in some]
            looks = client.group_responses(sets, timeout=timeout)
            for problem, look in zip(some, looks, strict=True):
                if fault := _fault(problem, look):
                    found[problem.id] = fault
        write_json(kept, {"problems": digest, "unscorable": found})
    progress(len(problems), len(problems))
    return found


def _fault(problem: Problem, look: GroupingResult) -> str:
    """What is wrong with a task, empty where nothing is, or where the service had trouble."""
    if isinstance(look, ItemError):
        fault = look.code is grpc.StatusCode.INVALID_ARGUMENT
        return f"{look.reason}: {look.message}" if fault else ""
    stamp = problem.stamp
    if stamp is not None and problem.has_reference and stamp.content != look.stamp.content:
        return (
            f"its stamp is of another task (content {stamp.content[:12]}, and the row's is "
            f"{look.stamp.content[:12]}): it was changed since; have it checked and stamped again"
        )
    return ""


def _refuse_unserved(client: Client, problems: Sequence[Problem], timeout: float) -> None:
    serving = {each.name: each for each in client.list_verifiers(timeout=timeout)}
    for problem in problems:
        info = serving.get(problem.verifier)
        if info is None or not info.serving:
            why = "does not have it" if info is None else f"has it out of service ({info.detail})"
            raise UnservedVerifierError(
                f"{problem.file} row {problem.number}: is judged by {problem.verifier[:60]!r}, and "
                f"the service {why}; have it served, or leave such rows out"
            )


def _read(kept: Path, digest: str) -> dict[str, str] | None:
    """What was found before, None where that was about other problems."""
    try:
        written = json.loads(kept.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    match written:
        case {"problems": str(of), "unscorable": dict(found)} if of == digest:
            return {str(id): str(why) for id, why in found.items()}
    return None
