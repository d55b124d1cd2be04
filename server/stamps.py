"""Stamps: what says that a task was admitted to a data set, and under which hallmark."""

import hashlib
import json

from google.protobuf import json_format

from assayoffice.server.errors import Reason, malformed
from assayoffice.server.validation import Violation
from assayoffice.v1 import verdict_pb2, verifier_pb2


def strike(submission: verifier_pb2.Submission, hallmark_digest: bytes) -> verdict_pb2.Stamp:
    """The stamp of a submission's task, under the hallmark of its verifier.

    Over the JSON form, because the bytes of a serialized message may differ between releases of
    protobuf. A field that is left out and one that spells out its default are different tasks here.
    """
    field = submission.WhichOneof("task")
    written = json.dumps([submission.verifier, field, _written(submission)], sort_keys=True)
    content = hashlib.sha256(written.encode()).hexdigest()
    return verdict_pb2.Stamp(hallmark=hallmark_digest.hex(), content=content)


def _written(submission: verifier_pb2.Submission) -> object:
    field = submission.WhichOneof("task")
    if field is None:
        return {}
    task = getattr(submission, field)
    try:
        return json_format.MessageToDict(task)
    except ValueError:  # a custom task with a number that JSON has not; nothing is judged by it
        return task.SerializeToString(deterministic=True).hex()


def compare(given: verdict_pb2.Stamp | None, expected: verdict_pb2.Stamp, path: str) -> None:
    """Raise StatusError unless a task has the stamp it should have; ``path`` leads to the stamp."""
    if given is None:
        description = "is missing; check the row and have it stamped: assay rewrites check --stamp"
    elif given.hallmark != expected.hallmark:
        description = (
            f"was struck under the hallmark {given.hallmark[:12]}, and {expected.hallmark[:12]} is "
            "in service; check the row again"
        )
    elif given.content != expected.content:
        description = "was struck for another task than this one; check the row again"
    else:
        return
    raise malformed(Reason.STAMP_MISMATCH, [Violation(path, "stamp", description)])
