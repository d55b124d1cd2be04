"""What is sent to be judged, and how its task is written.

A task is the message of the built-in verifier (``NumericTask(reference="1/2")``) or its JSON form
(``{"reference": "1/2", "match": "EXACT"}``): field names as in task.proto, names of enum values
with or without their prefix, objects for the messages within it. For a plug-in it is the JSON
object its schema describes.
"""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from google.protobuf import json_format, struct_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from assayoffice.rl.errors import SubmissionError
from assayoffice.v1 import task_pb2, verifier_pb2

MessageT = TypeVar("MessageT", bound=Message)
BuiltInTask: TypeAlias = (
    task_pb2.NumericTask | task_pb2.ChoiceTask | task_pb2.CodeTask | task_pb2.LeanTask
)
Task: TypeAlias = BuiltInTask | struct_pb2.Struct | Mapping[str, object]

#: The messages of the tasks of verifiers that come with this package, by name.
BUILT_IN: dict[str, type[BuiltInTask]] = {
    "numeric": task_pb2.NumericTask,
    "choice": task_pb2.ChoiceTask,
    "code": task_pb2.CodeTask,
    "lean": task_pb2.LeanTask,
}
#: What messages say of text that is not Unicode.
HALF_PAIR = (
    "holds half a surrogate pair, which UTF-8 cannot carry; "
    "replace it, e.g. text.encode(errors='replace').decode()"
)
# Fields of calls, which hold values as text, so that integers of any size are exact.
_JSON = (".arguments", ".expected")
_LARGEST_EXACT_INTEGER = 2**53
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Submission:
    """A model's response and the task it is judged by.

    ``id`` is echoed in the result and must be unique within a stream. ``prompt`` only serves to
    recognise answers that repeat the question.
    """

    id: str
    verifier: str
    response: str
    task: Task
    prompt: str = ""


def to_proto(submission: Submission) -> verifier_pb2.Submission:
    """Write a submission for the wire.

    Raises SubmissionError when it has no form there: text that is not Unicode, an unknown field or
    enum name in the task, a number a plug-in would receive rounded.
    """
    task = submission.task
    if isinstance(task, Mapping):
        task = _task_from_json(submission.verifier, task)
    if not isinstance(task, (BuiltInTask, struct_pb2.Struct)):
        raise SubmissionError(
            f"task: must be a mapping or the message of a task, not {type(task).__name__}"
        )
    try:
        return verifier_pb2.Submission(
            id=submission.id,
            verifier=submission.verifier,
            response=submission.response,
            prompt=submission.prompt,
            numeric=task if isinstance(task, task_pb2.NumericTask) else None,
            choice=task if isinstance(task, task_pb2.ChoiceTask) else None,
            code=task if isinstance(task, task_pb2.CodeTask) else None,
            lean=task if isinstance(task, task_pb2.LeanTask) else None,
            custom=task if isinstance(task, struct_pb2.Struct) else None,
        )
    except (TypeError, UnicodeError):
        raise _not_text(submission) from None


def struct_from_json(written: Mapping[str, object], path: str) -> struct_pb2.Struct:
    """Write a JSON object for the wire. Raises SubmissionError where it would not arrive as it is.

    ``path`` is what messages call the object.
    """
    _refuse_rounding(written, path, path)
    return _parse(written, struct_pb2.Struct(), path)


def _not_text(submission: Submission) -> SubmissionError:
    """Which field protobuf, which does not tell, refused."""
    for name in ("id", "verifier", "response", "prompt"):
        value = getattr(submission, name)
        if not isinstance(value, str):
            return SubmissionError(f"{name}: must be text, not {type(value).__name__}")
        if any("\ud800" <= char <= "\udfff" for char in value):
            return SubmissionError(f"{name}: {HALF_PAIR}")
    raise AssertionError("protobuf takes every text that UTF-8 can carry")


def _task_from_json(
    verifier: str, written: Mapping[str, object]
) -> BuiltInTask | struct_pb2.Struct:
    built_in = BUILT_IN.get(verifier)
    if built_in is None:
        return struct_from_json(written, "task")
    task = built_in()
    _fill(task, built_in.DESCRIPTOR, written, verifier, "task")
    return task


def _fill(
    message: Message, descriptor: Descriptor, written: Mapping[str, object], owner: str, path: str
) -> None:
    """Write the JSON form of a message into it.

    Texts and messages are written here, because json_format takes a second for each ten megabytes
    of text and does not say where in a list it stumbled; the rest is left to it.
    """
    fields = descriptor.fields_by_name
    rest: dict[str, object] = {}
    for name, value in written.items():
        field, place = fields.get(name), f"{path}.{name}"
        if field is None:
            near = difflib.get_close_matches(str(name), fields, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else f"fields are {', '.join(fields)}"
            raise SubmissionError(f"{place}: {owner} has no such field; {remedy}")
        kind = field.message_type
        if value is None:
            continue
        if kind is None and field.type != FieldDescriptor.TYPE_STRING:
            rest[name] = _enum_name(field, value, place)
        elif kind is None and not field.is_repeated:
            setattr(message, name, _text(value, place))
        elif kind is not None and not field.is_repeated:
            part: Message = getattr(message, name)
            part.SetInParent()
            _fill_part(part, kind, value, place)
        elif not isinstance(value, (list, tuple)):
            raise SubmissionError(f"{place}: must be a list, not {type(value).__name__}")
        else:
            items = getattr(message, name)
            for index, each in enumerate(value):
                below = f"{place}[{index}]"
                if kind is None:
                    items.append(_text(each, below))
                else:
                    _fill_part(items.add(), kind, each, below)
    for name, value in rest.items():
        _parse({name: value}, message, f"{path}.{name}")


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        remedy = "; write it as JSON text, e.g. with json.dumps" if path.endswith(_JSON) else ""
        raise SubmissionError(f"{path}: must be text, not {type(value).__name__}{remedy}")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        raise SubmissionError(f"{path}: {HALF_PAIR}") from None
    return value


def _fill_part(part: Message, kind: Descriptor, value: object, path: str) -> None:
    if not isinstance(value, Mapping):
        raise SubmissionError(f"{path}: must be an object, not {type(value).__name__}")
    _fill(part, kind, value, kind.name, path)


def _enum_name(field: FieldDescriptor, value: object, path: str) -> object:
    """The full name of an enum value that was written without its prefix."""
    enum_type = field.enum_type
    if enum_type is None or not isinstance(value, str):
        return value
    prefix = enum_type.values[0].name.removesuffix("UNSPECIFIED")
    full = prefix + value.upper().removeprefix(prefix)
    if full not in enum_type.values_by_name:
        names = ", ".join(each.name.removeprefix(prefix) for each in enum_type.values[1:])
        raise SubmissionError(f"{path}: {value!r} is none of {names}")
    return full


def _parse(written: Mapping[str, object], into: MessageT, path: str) -> MessageT:
    try:
        return json_format.ParseDict(dict(written), into)
    except (json_format.ParseError, UnicodeEncodeError) as error:
        raise SubmissionError(f"{path}: {' '.join(str(error).split())}") from None


def _refuse_rounding(value: object, path: str, whole: str, depth: int = 0) -> None:
    """Refuse what google.protobuf.Struct, whose numbers are doubles, would silently change."""
    if depth > _DEEPEST:
        raise SubmissionError(f"{whole}: nested deeper than {_DEEPEST} levels; flatten it")
    match value:
        case bool():
            return
        case float() if not math.isfinite(value):
            raise SubmissionError(f"{path}: {value} is no number that JSON has")
        case int() if abs(value) > _LARGEST_EXACT_INTEGER:
            raise SubmissionError(
                f"{path}: integers above 2**53 would be rounded on the wire; write it as text"
            )
        case Mapping():
            for name, each in value.items():
                _refuse_rounding(each, f"{path}.{name}", whole, depth + 1)
        case list() | tuple():
            for index, each in enumerate(value):
                _refuse_rounding(each, f"{path}[{index}]", whole, depth + 1)
