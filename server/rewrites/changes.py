"""How a task differs from another, as a worker writes it; ``responses.py`` reads it."""

from typing import Any

from google.protobuf.message import Message

from assayoffice.server import convert
from assayoffice.server.rewrites.replies import Change
from assayoffice.v1 import verifier_pb2
from assayoffice.verifiers.base import Submission
from assayoffice.verifiers.registry import Loaded


def task_message(loaded: Loaded, task: Any) -> verifier_pb2.Submission:
    """A submission that holds a task and nothing else."""
    written = convert.submission_to_proto("", loaded, Submission("", task))
    return verifier_pb2.Submission.FromString(written)


def change(loaded: Loaded, base: verifier_pb2.Submission | None, task: Any) -> Change:
    """The fields in which a task differs from ``base``, since the rest may be large."""
    assert base is not None
    field = convert.task_field(loaded.name)
    changed = task_message(loaded, task)
    old: Message = getattr(base, field)
    new: Message = getattr(changed, field)
    fields = []
    for name in new.DESCRIPTOR.fields_by_name:
        if _value(old, name) == _value(new, name):
            new.ClearField(name)
        else:
            fields.append(name)
    return Change(fields, changed.SerializeToString(deterministic=True))


def _value(message: Message, name: str) -> tuple[bool, Any]:
    presence = message.DESCRIPTOR.fields_by_name[name].has_presence
    return not presence or message.HasField(name), getattr(message, name)
