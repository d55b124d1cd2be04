"""Submissions made from the one of a rewrite: its task, or a changed one, and a response."""

from dataclasses import dataclass

from google.protobuf.message import DecodeError, Message

from assayoffice.server.rewrites.replies import Change
from assayoffice.v1 import task_pb2, verifier_pb2


@dataclass(frozen=True, slots=True)
class Response:
    """A response to the task of a rewrite, or to one that differs by a ``change``.

    A task may be megabytes of tests and have hundreds of responses, so that submissions are made
    one by one when their turn has come. With ``bare`` the response is an answer that a machine has
    computed: whether it has the form and the unit that the task asks of a model is not the
    question.
    """

    to: verifier_pb2.Submission
    text: str
    change: Change | None = None
    bare: bool = False

    @property
    def size_bytes(self) -> int:
        """How large the submission will be, or a little less."""
        changed = 0 if self.change is None else len(self.change.submission)
        return self.to.ByteSize() + len(self.text.encode()) + changed

    def submission(self) -> verifier_pb2.Submission:
        """A new one. Raises ValueError for a change that is none."""
        made = verifier_pb2.Submission()
        made.CopyFrom(self.to)
        made.response = self.text
        if self.change is not None:
            _make(self.change, made)
        if self.bare:
            _ask_for_bare_answer(made)
        return made


def _make(change: Change, made: verifier_pb2.Submission) -> None:
    task: Message = getattr(made, _task_field(made))
    for name in change.fields:
        task.ClearField(name)
    try:
        made.MergeFromString(change.submission)
    except DecodeError:
        raise ValueError("a changed task that is no message") from None


def _ask_for_bare_answer(made: verifier_pb2.Submission) -> None:
    made.ClearField("prompt")
    field = _task_field(made)
    if field == "numeric":
        made.numeric.extraction = task_pb2.EXTRACTION_WHOLE
        made.numeric.unevaluated = task_pb2.UNEVALUATED_ANY
        made.numeric.ClearField("units")
    elif field == "choice":
        made.choice.extraction = task_pb2.EXTRACTION_WHOLE


def _task_field(submission: verifier_pb2.Submission) -> str:
    field = submission.WhichOneof("task")
    assert field is not None  # admission has looked
    return field
