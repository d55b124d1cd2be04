"""What runs in a worker process to group responses: a set in, its groups out."""

import functools
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from assayoffice.server import convert
from assayoffice.server.grouping import digests, replies
from assayoffice.server.jobs import Tag
from assayoffice.server.rewrites.changes import change
from assayoffice.server.rewrites.replies import Pair
from assayoffice.server.rewrites.texts import quoted
from assayoffice.v1 import verifier_pb2
from assayoffice.verifiers import equivalence, registry
from assayoffice.verifiers.base import VerifierError
from assayoffice.verifiers.registry import Loaded


@functools.cache
def grouping_digest() -> bytes:
    """SHA-256 over what decides which responses are one group, verifiers apart."""
    parts = hashlib.sha256(registry.code_digest([sys.modules[__name__]]).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):  # the service's part of it
        parts.update(hashlib.sha256(path.read_bytes()).digest())
    return parts.digest()


class Inside:
    """Does the jobs about sets of responses (see ``jobs.Subject``) and replies to them.

    Raises LookupError where something else is loaded than the digest of a job says.
    """

    def __init__(self, verifiers: Mapping[str, registry.Registered]) -> None:
        self._verifiers = verifiers
        self.digest: Final = grouping_digest()

    def group(self, digest: bytes, written: bytes, *, alone: bool) -> bytes:
        """Group a serialized ResponseSet; unless ``alone``, only one without responses."""
        asked = verifier_pb2.ResponseSet.FromString(written)
        if asked.responses and not alone:
            # It costs as much as dozens of submissions, whose callers would wait behind it.
            return Tag.NEEDS_FULL.value
        loaded = self._verifiers[asked.submission.verifier]
        if not isinstance(loaded, Loaded):
            raise LookupError(f"{loaded.name} is not loaded: {loaded.reason}")
        hallmark = bytes.fromhex(loaded.hallmark.digest)
        if digest != digests.of_verifier(self.digest, hallmark):
            raise LookupError(
                "what groups responses has changed on disk since the service started; restart it"
            )
        try:
            submission = convert.submission_from_proto(asked.submission, loaded)
            found = equivalence.compare(
                submission.task, asked.responses, submission.prompt, loaded.verifier
            )
        except VerifierError as error:
            return convert.error_to_reply(error, loaded.name)
        return Tag.ANSWER.value + replies.GROUPED.written(_grouped(found, loaded, asked.submission))


def _grouped(
    found: equivalence.Comparison, loaded: Loaded, base: verifier_pb2.Submission
) -> replies.Grouped:
    return replies.Grouped(
        [
            replies.Group(
                quoted(each.text),
                list(each.responses),
                None if each.outcome is None else each.outcome.value,
                _mark(each),
            )
            for each in found.groups
        ],
        [_pair(each, loaded, base) for each in found.pairs],
        list(found.silent),
        list(found.oversize),
    )


def _pair(pair: equivalence.Pair, loaded: Loaded, base: Any) -> Pair:
    return Pair(pair.first, pair.second, pair.response, change(loaded, base, pair.task))


def _mark(group: equivalence.Group) -> str:
    """The same for groups that are one without looking twice."""
    kind, text = ("normal", group.normal) if group.normal else ("text", group.text)
    return f"{kind} {hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}"
