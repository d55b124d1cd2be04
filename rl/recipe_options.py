"""Reads the JSON schema of a recipe's options as a list for people.

A schema is foreign: whatever it holds, what can be read of it is listed and nothing raises.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Beyond what options need, and an end for references that go round.
_DEEPEST = 6
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Option:
    """An option: where it is written, what it may be, and what it is where it is left out.

    ``default`` and ``choices`` are JSON; ``default`` is empty where the option must be given. What
    stands in a list has ``[]`` in its name.
    """

    name: str
    kind: str
    choices: tuple[str, ...]
    default: str
    meaning: str


def options_of(schema: str) -> list[Option]:
    """The options that a schema describes."""
    try:
        root = _object(json.loads(schema))
    except (ValueError, RecursionError):
        return []
    return list(itertools.islice(_Schema(root).properties(root, "", 0), _MOST))


@dataclass(frozen=True, slots=True)
class _Schema:
    root: Mapping[str, object]

    def properties(self, schema: Mapping[str, object], path: str, depth: int) -> Iterator[Option]:
        written = _object(schema.get("properties")).items()
        found = [(name, self._resolved(each)) for name, each in written]
        # What tells the variants of an object apart goes first.
        for name, one in sorted(found, key=lambda each: "const" not in each[1]):
            default = json.dumps(one["default"]) if "default" in one else ""
            yield Option(
                name=f"{path}{name}",
                kind=_text(one.get("type")).replace("array", "list"),
                choices=_choices(one),
                default=default,
                meaning=_text(one.get("description")),
            )
            if depth < _DEEPEST:
                yield from self.properties(one, f"{path}{name}.", depth + 1)
                for variant in self._variants(self._resolved(one.get("items"))):
                    yield from self.properties(variant, f"{path}{name}[].", depth + 1)

    def _variants(self, schema: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
        choices = schema.get("oneOf")
        if isinstance(choices, list):
            yield from map(self._resolved, choices)
        else:
            yield schema

    def _resolved(self, schema: object) -> Mapping[str, object]:
        """A schema with what it refers to, of which its own words come first."""
        own = _object(schema)
        found = self.root
        for step in _text(own.get("$ref")).removeprefix("#/").split("/"):
            found = _object(found.get(step))
        return {**found, **own}


def _choices(schema: Mapping[str, object]) -> tuple[str, ...]:
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    return tuple(json.dumps(each) for each in choices) if isinstance(choices, list) else ()


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
