"""What runs in a worker process: jobs of the service in, verdicts of the verifiers out."""

import base64
import json
from typing import Any

from assayoffice.sandbox.frames import MAX_REPLY_BYTES
from assayoffice.sandbox.worker import Handler
from assayoffice.server import convert
from assayoffice.server.grouping import inside as grouping
from assayoffice.server.jobs import DIGEST_BYTES, Operation, Subject, Tag
from assayoffice.server.rewrites.inside import Inside
from assayoffice.v1 import verifier_pb2
from assayoffice.verifiers import registry
from assayoffice.verifiers.base import Effort, NeedsFullEffort, Submission, VerifierError
from assayoffice.verifiers.registry import Loaded


class Judge:
    """The handler: dispatches jobs to the verifiers of one registry."""

    def __init__(self, verifiers: dict[str, registry.Registered]) -> None:
        self._verifiers = verifiers
        self._rewrites = Inside(verifiers)
        self._grouping = grouping.Inside(verifiers)

    def __call__(self, job: bytes) -> bytes:
        """Do one job. What it raises is a defect of a verifier or of ours."""
        operation, payload = Operation(job[:1]), job[1:]
        match operation:
            case Operation.QUICK:
                return self._judge(payload, Effort.QUICK)
            case Operation.FULL:
                return self._judge(payload, Effort.FULL)
            case Operation.DESCRIBE:
                return self._describe()
            case Operation.CASES:
                return self._cases(payload.decode())
            case Operation.CHECKS:
                return self._rewrites.digest
            case Operation.GROUPING:
                return self._grouping.digest

    def _judge(self, body: bytes, effort: Effort) -> bytes:
        subject, payload = Subject(body[:1]), body[1:]
        digest, written = payload[:DIGEST_BYTES], payload[DIGEST_BYTES:]
        match subject:
            case Subject.SUBMISSION:
                return self._verdict(digest, written, effort)
            case Subject.GROUP:
                return self._grouping.group(digest, written, alone=effort is Effort.FULL)
            case _ if effort is Effort.QUICK:
                # Each costs as much as dozens of submissions, whose callers would wait behind it.
                return Tag.NEEDS_FULL.value
            case Subject.EXAMINE:
                return self._rewrites.examine(digest, written)
            case Subject.PREMISES:
                return self._rewrites.decide(digest, written)
            case Subject.KEY:
                return self._rewrites.run_key(digest, written)

    def _verdict(self, digest: bytes, submission: bytes, effort: Effort) -> bytes:
        message = verifier_pb2.Submission.FromString(submission)
        loaded = self._loaded(message.verifier)
        if digest.hex() != loaded.hallmark.digest:
            # Workers started later load what is on disk then, and a verdict must not carry the
            # hallmark of another verifier.
            raise LookupError(
                f"{message.verifier} has changed on disk since the service started; restart it"
            )
        try:
            verdict = loaded.verifier.verify(convert.submission_from_proto(message, loaded), effort)
        except NeedsFullEffort as needs:
            if effort is Effort.FULL:
                raise
            return Tag.NEEDS_FULL.value + _reduced(digest, loaded, needs.submission)
        except VerifierError as error:
            return convert.error_to_reply(error, message.verifier)
        return Tag.ANSWER.value + convert.verdict_to_proto(verdict).SerializeToString()

    def _describe(self) -> bytes:
        infos = [convert.registered_to_proto(each) for each in self._verifiers.values()]
        return verifier_pb2.ListVerifiersResponse(verifiers=infos).SerializeToString()

    def _cases(self, name: str) -> bytes:
        """One object a line: id, expected outcome or error, reason, and the submission (base64).

        A verifier whose cases cannot be read answers with one line: {"unavailable": why}.
        """
        loaded = self._loaded(name)
        try:
            cases = loaded.cases()
        except VerifierError as error:
            return json.dumps({"unavailable": str(error)}).encode()
        lines = []
        for case in cases:
            submission = convert.submission_to_proto(case.id, loaded, case.submission)
            row = {
                "id": case.id,
                "outcome": case.outcome.value if case.outcome else "",
                "error": case.error,
                "reason": case.reason,
                "submission": base64.b64encode(submission).decode(),
            }
            lines.append(json.dumps(row))
        return "\n".join(lines).encode()

    def _loaded(self, name: str) -> Loaded:
        registered = self._verifiers[name]
        if not isinstance(registered, Loaded):
            raise LookupError(f"{name} is not loaded: {registered.reason}")
        return registered


def _reduced(digest: bytes, loaded: Loaded, submission: Submission[Any] | None) -> bytes:
    """What the engine hands to FULL in place of what it had; nothing where that must do."""
    if submission is None:
        return b""
    written = convert.submission_to_proto("", loaded, submission)
    body = Subject.SUBMISSION.value + digest + written
    # The whole submission is judged alike; that it is so large only costs it the company of others.
    return body if len(body) < MAX_REPLY_BYTES else b""


def make_handler(lean: str = "") -> Handler:
    """The handler over all installed verifiers, for ``assayoffice.sandbox.workers``.

    ``lean`` are the settings of the verifier of that name, as ``configuration.written``.
    """
    if lean:
        # Not before it is wanted: this package is like others, and may be broken or not be there.
        from assayoffice.verifiers.lean import configuration, settings

        settings.configure(configuration.from_written(lean))
    return Judge(registry.load(carriers=[convert]))
