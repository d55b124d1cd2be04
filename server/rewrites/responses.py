"""Submissions made from the one of a rewrite: its task, or a changed one, and a response."""

from google.protobuf.message import DecodeError, Message

from assayoffice.server.rewrites.replies import Change
from assayoffice.v1 import task_pb2, verifier_pb2


def responding(
    submission: verifier_pb2.Submission, response: str, change: Change | None = None
) -> verifier_pb2.Submission:
    """A response to the task of a rewrite. Raises ValueError for a change that is none."""
    made = verifier_pb2.Submission()
    made.CopyFrom(submission)
    made.response = response
    if change is not None:
        task: Message = getattr(made, _task_field(made))
        for name in change.fields:
            task.ClearField(name)
        try:
            made.MergeFromString(change.submission)
        except DecodeError:
            raise ValueError("a changed task that is no message") from None
    return made


def stating(submission: verifier_pb2.Submission, answer: str) -> verifier_pb2.Submission:
    """A bare answer that a machine has computed, to the task of a rewrite.

    Whether it is given in the form and the unit that the task asks of a model is not the question.
    """
    made = responding(submission, answer)
    made.ClearField("prompt")
    field = _task_field(made)
    if field == "numeric":
        made.numeric.extraction = task_pb2.EXTRACTION_WHOLE
        made.numeric.unevaluated = task_pb2.UNEVALUATED_ANY
        made.numeric.ClearField("units")
    elif field == "choice":
        made.choice.extraction = task_pb2.EXTRACTION_WHOLE
    return made


def _task_field(submission: verifier_pb2.Submission) -> str:
    field = submission.WhichOneof("task")
    assert field is not None  # admission has looked
    return field
