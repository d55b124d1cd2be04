"""What runs in a worker process to check rewrites: jobs in, answers of the checks out.

Only this file knows both the checks and how they travel.
"""

import functools
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from assayoffice.server import convert, rewrites
from assayoffice.server.jobs import Tag
from assayoffice.server.rewrites import digests, replies
from assayoffice.server.rewrites.changes import change, task_message
from assayoffice.server.rewrites.texts import MAX_EVIDENCE, listed, quoted, said
from assayoffice.server.rewrites.tried import Tried
from assayoffice.v1 import rewrite_pb2, verifier_pb2
from assayoffice.verifiers import registry
from assayoffice.verifiers.base import Verdict, VerifierError
from assayoffice.verifiers.registry import Loaded
from assayoffice.verifiers.rewrites import examiner, key
from assayoffice.verifiers.rewrites.premises import decide
from assayoffice.verifiers.rewrites.rewrite import Domain, Key, Premises, Rewrite, Unknown
from assayoffice.verifiers.rewrites.solutions import NOTHING, Comparison
from assayoffice.verifiers.rewrites.trials import CheckResult, Evidence, Trial

_DECIDED_BY: Final = ("sympy", "python-flint", "pint", "mpmath")
# Beside this package, what else of the service shows in a report.
_REPORTED_BY: Final = ("rewrite_service.py", "results.py", "stamps.py")
# Of what is to be judged elsewhere, beyond which a reply would come near what a worker may send.
_MAX_WAITING_CHARACTERS: Final = 2_000_000
_DOMAINS: Final[Mapping[int, Domain]] = {
    value.number: Domain[value.name.removeprefix("DOMAIN_")]
    for value in rewrite_pb2.Domain.DESCRIPTOR.values
    if value.number
}


@functools.cache
def checks_digest() -> bytes:
    """SHA-256 over what decides about rewrites, verifiers apart: our code and what it rests on.

    The conclusions are drawn in the service process, which has not loaded more than is on disk
    when the first workers are made.
    """
    parts = {"python": platform.python_version()}
    for distribution in _DECIDED_BY:
        parts[distribution] = importlib.metadata.version(distribution)
    parts["checks"] = registry.code_digest([examiner, decide, key, convert])
    folder = Path(rewrites.__path__[0])
    for path in sorted([*folder.glob("*.py"), *(folder.parent / name for name in _REPORTED_BY)]):
        parts[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()


class Inside:
    """Does the jobs about rewrites (see ``jobs.Subject``) and replies to them.

    Raises LookupError where something else is loaded than the digest of a job says.
    """

    def __init__(self, verifiers: Mapping[str, registry.Registered]) -> None:
        self._verifiers = verifiers
        self.digest: Final = checks_digest()

    def examine(self, digest: bytes, written: bytes) -> bytes:
        """Examine a serialized Rewrite."""
        message = rewrite_pb2.Rewrite.FromString(written)
        loaded = self._verifiers[message.submission.verifier]
        if not isinstance(loaded, Loaded):
            raise LookupError(f"{loaded.name} is not loaded: {loaded.reason}")
        programs = self._verifiers.get(digests.PROGRAMS)
        _refuse_others(digest, digests.of_verifier(self.digest, _mark(loaded), _mark(programs)))
        try:
            submission = convert.submission_from_proto(message.submission, loaded)
        except VerifierError as error:
            examined = examiner.Examination((), (), NOTHING, (), error)
            return _examined(examined, loaded, None, ())
        wrong_answers = tuple(message.wrong_answers)
        rewrite = Rewrite(
            loaded.name,
            submission.task,
            submission.prompt,
            tuple(message.solutions),
            wrong_answers,
            message.reference_solution,
        )
        try:
            examination = examiner.examine(rewrite, loaded.verifier)
        except VerifierError as error:
            return convert.error_to_reply(error, loaded.name)
        return _examined(examination, loaded, submission.task, wrong_answers)

    def decide(self, digest: bytes, written: bytes) -> bytes:
        """Decide what serialized Premises say."""
        _refuse_others(digest, self.digest)
        message = rewrite_pb2.Premises.FromString(written)
        unknowns = [
            Unknown(each.name, _DOMAINS.get(each.domain, Domain.REAL)) for each in message.unknowns
        ]
        decision = decide.decide(
            Premises(
                tuple(unknowns),
                tuple(message.constraints),
                message.asked,
                tuple(message.degenerate),
            )
        )
        decided = replies.Decided(_established(decision.check), decision.answer)
        return Tag.ANSWER.value + replies.DECIDED.written(decided)

    def run_key(self, digest: bytes, written: bytes) -> bytes:
        """Run a serialized ExecutableKey, in a sandbox of this process."""
        programs = self._verifiers.get(digests.PROGRAMS)
        _refuse_others(digest, digests.of_programs(self.digest, _mark(programs)))
        message = rewrite_pb2.ExecutableKey.FromString(written)
        try:
            ran = key.run(Key(message.source, message.language or "python"))
        except VerifierError as error:
            return convert.error_to_reply(error, digests.PROGRAMS)
        # An answer is short: the verifier would not read what is cut off here.
        output = ran.output[:_MAX_WAITING_CHARACTERS].encode(errors="replace").decode()
        answer = replies.KeyRan(ran.status.value, output, said(ran.detail))
        return Tag.ANSWER.value + replies.KEY_RAN.written(answer)


def _refuse_others(wanted: bytes, loaded: bytes) -> None:
    if wanted != loaded:
        # As with hallmarks: what is found must be what the digest promises.
        raise LookupError(
            "what checks rewrites has changed on disk since the service started; restart it"
        )


def _mark(registered: registry.Registered | None) -> bytes:
    return bytes.fromhex(registered.hallmark.digest) if isinstance(registered, Loaded) else b""


def _examined(
    examination: examiner.Examination, loaded: Loaded, task: Any, wrong_answers: tuple[str, ...]
) -> bytes:
    fault = examination.fault
    base = None if task is None else task_message(loaded, task)
    return Tag.ANSWER.value + replies.EXAMINED.written(
        replies.Examined(
            None if fault is None else replies.Fault(fault.reason, said(str(fault))),
            [_judged(trial, verdict) for trial, verdict in examination.judged],
            _waiting(examination.pending, loaded, base, wrong_answers),
            _compared(examination.comparison, loaded, base),
            [_established(check) for check in examination.checks],
        )
    )


def _judged(trial: Trial, verdict: Verdict) -> Tried:
    return Tried(
        trial.part.value,
        trial.label,
        quoted(trial.text),
        trial.accepted,
        verdict.outcome.value,
        verdict.reason,
        said(verdict.explanation),
    )


def _waiting(
    pending: Iterable[Trial],
    loaded: Loaded,
    base: verifier_pb2.Submission | None,
    wrong_answers: tuple[str, ...],
) -> list[replies.Waiting]:
    """As many as fit, in their order: of a program of a megabyte not all mutants do."""
    known = {text: index for index, text in enumerate(wrong_answers)}
    waiting: list[replies.Waiting] = []
    characters = 0
    for trial in pending:
        response = known.get(trial.response, trial.response)
        characters += len(response) if isinstance(response, str) else 0
        if waiting and characters > _MAX_WAITING_CHARACTERS:
            break
        waiting.append(
            replies.Waiting(
                trial.part.value,
                trial.label,
                quoted(trial.text),
                trial.accepted,
                response,
                None if trial.task is None else change(loaded, base, trial.task),
            )
        )
    return waiting


def _compared(
    comparison: Comparison, loaded: Loaded, base: verifier_pb2.Submission | None
) -> replies.Compared:
    return replies.Compared(
        comparison.by_answer,
        comparison.silent,
        [
            replies.Group(quoted(each.text), each.count, each.accepted, each.first)
            for each in comparison.groups
        ],
        [
            replies.Pair(each.first, each.second, each.response, change(loaded, base, each.task))
            for each in comparison.pairs
        ],
    )


def _established(check: CheckResult) -> replies.Established:
    return replies.Established(
        check.name,
        check.state.value,
        check.reason,
        listed(check.explanation, len(check.evidence)),
        check.method,
        [_noticed(each) for each in check.evidence[:MAX_EVIDENCE]],
        dict(check.figures),
        check.value,
    )


def _noticed(evidence: Evidence) -> replies.Noticed:
    return replies.Noticed(
        evidence.label, quoted(evidence.text), said(evidence.detail), evidence.expected
    )
