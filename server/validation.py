"""The field rules written in the protos, compiled once into plain checks.

protovalidate interprets the same rules at some ten milliseconds a submission, which is more than
judging one costs; these checks take microseconds, and a test holds them to protovalidate's own
verdict. A rule this compiler does not know is refused when the server starts, never ignored.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from buf.validate import validate_pb2


class UnsupportedRuleError(Exception):
    """A proto carries a rule that is not enforced here; the message names both."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A field that breaks a rule. ``field`` is its path, e.g. ``submissions[3].numeric.match``."""

    field: str
    rule: str
    description: str


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    description: str
    is_broken: Callable[[Any], bool]


# Violations of a value, their paths starting at it.
_Check = Callable[[Any], Sequence[Violation]]

# Elsewhere it is good manners to skip what one does not know. Here it may be what makes an answer
# right, and a verdict that ignores it would be wrong without a sign.
_UNKNOWN_FIELD = Violation("", "unknown", "has fields that this version of the service lacks")

# Keyed by the whole expression: who edits one in the proto is told to edit it here.
_MESSAGE_RULES: Mapping[str, Callable[[Any], bool]] = {
    "(this.match == 2 || this.match == 3) == (this.tolerance > 0.0)": (
        lambda this: (this.match == 2 or this.match == 3) == (this.tolerance > 0.0)
    ),
    "(this.match == 4) == (this.significant_digits > 0u)": (
        lambda this: (this.match == 4) == (this.significant_digits > 0)
    ),
}

# RE2 and Python agree on these: no classes that depend on Unicode, no alternatives, and anchors
# at both ends, because Python's $ alone would let a final newline through.
_PLAIN_PATTERN = re.compile(
    r"\^(?P<body>(?:(?:[A-Za-z0-9_-]|\[[A-Za-z0-9_-]+\])(?:\{\d+(?:,\d*)?\})?)+)\$"
)


class Rules:
    """The rules of one type of message and of the messages below it.

    Messages in the fields of ``apart`` are left to rules of their own. Raises UnsupportedRuleError.
    """

    def __init__(self, descriptor: Descriptor, *, apart: frozenset[str] = frozenset()) -> None:
        self._check = _of_message(descriptor, apart)

    def violations(self, message: Message, path: str = "") -> list[Violation]:
        """All broken rules. ``path`` leads to the message, e.g. ``submissions[3]``."""
        return [_below(path, each) for each in self._check(message)]


def max_items(field: FieldDescriptor) -> int:
    """The declared bound of a repeated field. Raises UnsupportedRuleError where there is none."""
    bound = _rules(field).repeated
    if not bound.HasField("max_items"):
        raise UnsupportedRuleError(f"{field.full_name} has no repeated.max_items")
    return bound.max_items


def max_bytes(field: FieldDescriptor) -> int:
    """The declared bound of a string. Raises UnsupportedRuleError where there is none."""
    bound = _rules(field).string
    if not bound.HasField("max_bytes"):
        raise UnsupportedRuleError(f"{field.full_name} has no string.max_bytes")
    return bound.max_bytes


def _rules(field: FieldDescriptor) -> validate_pb2.FieldRules:
    return field.GetOptions().Extensions[validate_pb2.field]


def _of_message(descriptor: Descriptor, apart: frozenset[str] = frozenset()) -> _Check:
    of_whole = _rules_of_whole(descriptor)
    # Most fields are plain values, most rules are asked of them, and this loop runs for every item:
    # it is kept flat, and reads fields one by one, which is cheaper than ListFields.
    of_values: list[tuple[str, Callable[[Any], bool], _Rule]] = []
    of_parts: list[tuple[str, bool, _Check]] = []
    for field in descriptor.fields:
        if field.message_type is None and not field.is_repeated and not field.has_presence:
            of_values += [(field.name, rule.is_broken, rule) for rule in _of_value(field)]
        elif check_part := _of_part(field, descend=field.name not in apart):
            of_parts.append((field.name, field.has_presence, check_part))

    def check(message: Any) -> list[Violation]:
        found: list[Violation] = []
        if len(UnknownFieldSet(message)):
            found.append(_UNKNOWN_FIELD)
        for name, rule in of_whole:
            if rule.is_broken(message):
                found.append(Violation(name, rule.id, rule.description))
        for name, is_broken, rule in of_values:
            if is_broken(getattr(message, name)):
                found.append(Violation(name, rule.id, rule.description))
        for name, may_be_absent, check_part in of_parts:
            if not may_be_absent or message.HasField(name):
                for each in check_part(getattr(message, name)):
                    found.append(_below(name, each))
        return found

    return check


def _below(path: str, violation: Violation) -> Violation:
    separator = "." if path and violation.field and violation.field[0] != "[" else ""
    return replace(violation, field=path + separator + violation.field)


def _rules_of_whole(descriptor: Descriptor) -> list[tuple[str, _Rule]]:
    """Rules that are asked of the message itself, with the name of the field they are about."""
    found: list[tuple[str, _Rule]] = []
    of_message = descriptor.GetOptions().Extensions[validate_pb2.message]
    _refuse_others(of_message, descriptor.full_name, "cel")
    for cel in of_message.cel:
        holds = _MESSAGE_RULES.get(cel.expression)
        if holds is None:
            where = descriptor.full_name
            raise UnsupportedRuleError(f"{where}: {cel.id}: {cel.expression} is not enforced here")
        found.append(("", _Rule(cel.id, cel.message, partial(_is_untrue, holds))))
    for oneof in descriptor.oneofs:
        of_oneof = oneof.GetOptions().Extensions[validate_pb2.oneof]
        _refuse_others(of_oneof, oneof.full_name, "required")
        if of_oneof.required:
            rule = _Rule("required", "exactly one must be set", partial(_is_undecided, oneof.name))
            found.append((oneof.name, rule))
    for field in descriptor.fields:
        if _rules(field).required:
            rule = _Rule("required", "must be set", partial(_is_unset, field.name))
            found.append((field.name, rule))
    return found


def _is_untrue(holds: Callable[[Any], bool], message: Any) -> bool:
    return not holds(message)


def _is_undecided(oneof: str, message: Any) -> bool:
    return message.WhichOneof(oneof) is None


def _is_unset(field: str, message: Any) -> bool:
    return not message.HasField(field)


def _of_part(field: FieldDescriptor, *, descend: bool) -> _Check | None:
    """The check of what is more than a plain value: optional, repeated, a map or a message."""
    rules, where = _rules(field), field.full_name
    message_type = field.message_type
    if message_type is not None and message_type.GetOptions().map_entry:
        _refuse_others(rules, where, "map")
        _refuse_others(rules.map, where, "max_pairs", "values")
        value = message_type.fields_by_name["value"]
        if value.message_type is not None:
            raise UnsupportedRuleError(f"{where}: maps to messages are not checked here")
        return _of_map(_bound(rules.map, "max_pairs"), _of_value(value, rules.map.values))
    below = None
    # Google's own types bear no rules, and Struct contains itself.
    if descend and message_type is not None and message_type.file.package != "google.protobuf":
        below = _of_message(message_type)
    if field.is_repeated:
        _refuse_others(rules, where, "repeated")
        _refuse_others(rules.repeated, where, "min_items", "max_items", "items")
        rules_of_item = _of_value(field, rules.repeated.items)
        of_item = below or (_of_scalar(rules_of_item) if rules_of_item else None)
        return _of_list(rules.repeated.min_items, _bound(rules.repeated, "max_items"), of_item)
    if message_type is not None:
        _refuse_others(rules, where, "required")
        return below
    return _of_scalar(_of_value(field))


def _bound(rules: Any, name: str) -> float:
    return getattr(rules, name) if rules.HasField(name) else math.inf


def _of_scalar(rules: Sequence[_Rule]) -> _Check:
    def check(value: Any) -> list[Violation]:
        return [Violation("", r.id, r.description) for r in rules if r.is_broken(value)]

    return check


def _of_list(min_items: int, max_items: float, of_item: _Check | None) -> _Check:
    def check(values: Any) -> list[Violation]:
        found = []
        if len(values) < min_items:
            description = f"must have at least {min_items} items"
            found.append(Violation("", "repeated.min_items", description))
        if len(values) > max_items:
            description = f"must have at most {max_items} items"
            found.append(Violation("", "repeated.max_items", description))
        if of_item is None:  # as for token ids, of which there may be a million
            return found
        for index, value in enumerate(values):
            found += [_below(f"[{index}]", each) for each in of_item(value)]
        return found

    return check


def _of_map(max_pairs: float, rules: Sequence[_Rule]) -> _Check:
    of_value = _of_scalar(rules)

    def check(values: Any) -> list[Violation]:
        found = []
        if len(values) > max_pairs:
            description = f"must have at most {max_pairs} entries"
            found.append(Violation("", "map.max_pairs", description))
        for key in sorted(values):
            found += [_below(f'["{key}"]', each) for each in of_value(values[key])]
        return found

    return check


def _of_value(
    field: FieldDescriptor, rules: validate_pb2.FieldRules | None = None
) -> Sequence[_Rule]:
    if rules is None:
        rules = _rules(field)
    _refuse_others(rules, field.full_name, "string", "double", "uint32", "uint64", "enum")
    found: list[_Rule] = []
    for kind, of_kind in rules.ListFields():
        bounds = {rule.name: bound for rule, bound in of_kind.ListFields()}
        if "gte" in bounds and "lte" in bounds:
            bounds["gte_lte"] = bounds.pop("gte"), bounds.pop("lte")  # protovalidate's one rule
        for name, bound in bounds.items():
            id = f"{kind.name}.{name}"
            made = _value_rule(id, bound, field)
            if made is None:
                raise UnsupportedRuleError(
                    f"{field.full_name}: {id} = {bound!r} is not enforced here"
                )
            found.append(made)
    return found


def _value_rule(id: str, bound: Any, field: FieldDescriptor) -> _Rule | None:
    match id:
        case "string.min_len":
            return _Rule(id, f"must have at least {bound} characters", lambda v: len(v) < bound)
        case "string.max_len":
            return _Rule(id, f"must have at most {bound} characters", lambda v: len(v) > bound)
        case "string.max_bytes":
            # A character has at most four bytes, so most texts need not be encoded to be measured.
            return _Rule(
                id,
                f"must have at most {bound} bytes",
                lambda v: len(v) > bound // 4 and len(v.encode()) > bound,
            )
        case "string.pattern" if plain := _PLAIN_PATTERN.fullmatch(bound):
            matches = re.compile(plain["body"]).fullmatch
            return _Rule(id, f"must match {bound}", lambda v: matches(v) is None)
        case "double.gte":
            return _Rule(id, f"must be at least {bound:g}", lambda v: not v >= bound)
        case "double.finite" if bound:
            return _Rule(id, "must be finite", lambda v: not math.isfinite(v))
        case "double.gte_lte" | "uint32.gte_lte" | "uint64.gte_lte" if bound[0] <= bound[1]:
            low, high = bound
            return _Rule(id, f"must be from {low} to {high}", lambda v: not low <= v <= high)
        case "uint32.lte":
            return _Rule(id, f"must be at most {bound}", lambda v: v > bound)
        case "enum.defined_only" if bound and field.enum_type is not None:
            numbers = frozenset(field.enum_type.values_by_number)
            names = ", ".join(value.name for value in field.enum_type.values)
            return _Rule(id, f"must be one of {names}", lambda v: v not in numbers)
    return None


def _refuse_others(rules: Message, where: str, *known: str) -> None:
    for rule, _ in rules.ListFields():
        if rule.name not in known:
            raise UnsupportedRuleError(f"{where}: {rule.full_name} is not enforced here")
