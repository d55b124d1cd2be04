"""What is tried for a domain: the points of its grid, each run several times."""

import hashlib
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assayoffice.rl.playbook.settings import Values

_AS_CONFIGURED = "as configured"
_UNSAFE = re.compile(r"[^A-Za-z0-9.=_+-]+")
_LONGEST_SLUG = 60


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a grid: its name for people, the name of its folder, and what it sets.

    ``settings`` are values of the training configuration under dotted names. The folder's name
    follows from them, so a grid that is extended keeps what was made of its other points.
    """

    name: str
    slug: str
    settings: Values


def points(settings: Values, grid: Mapping[str, object]) -> tuple[Point, ...]:
    """Every combination of the values of a grid, each with the ``settings`` that all share.

    The last key varies fastest. Without a grid there is one point.
    """
    shown = _short_names(list(grid))
    lists = [each if isinstance(each, list) else [each] for each in grid.values()]
    found = []
    for combination in itertools.product(*lists):
        varied = dict(zip(grid, combination, strict=True))
        name = ", ".join(f"{shown[key]}={_shown(value)}" for key, value in varied.items())
        found.append(Point(name or _AS_CONFIGURED, _slug(name, varied), {**settings, **varied}))
    return tuple(found)


def _short_names(keys: Sequence[str]) -> Mapping[str, str]:
    """The last part of each key where that tells them apart."""
    last = [key.rpartition(".")[2] for key in keys]
    return {
        key: short if last.count(short) == 1 else key for key, short in zip(keys, last, strict=True)
    }


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _slug(name: str, varied: Values) -> str:
    if not varied:
        return "as-configured"
    digest = hashlib.sha256(json.dumps(varied, sort_keys=True).encode()).hexdigest()
    return f"{_UNSAFE.sub('-', name)[:_LONGEST_SLUG]}-{digest[:8]}"
