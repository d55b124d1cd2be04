"""Values in the tables of a policy, within bounds. All raise ConfigError, which names the key."""

import difflib
from collections.abc import Sequence

from assayoffice.rl.training.tables import Table

_LEAST_SIMILARITY = 0.3


def share(table: Table, key: str, default: float) -> float:
    """A share in [0, 1]."""
    value = table.number(key, default, minimum=0.0)
    if value > 1.0:
        raise table.wrong(key, f"must be a share in [0, 1], not {value:g}")
    return value


def similarity(table: Table, key: str, default: float) -> float:
    """A similarity from which two texts count as alike."""
    value = share(table, key, default)
    if value < _LEAST_SIMILARITY:
        raise table.wrong(
            key,
            f"must be at least {_LEAST_SIMILARITY}, not {value:g}; below that, any two are alike",
        )
    return value


def whole(table: Table, key: str, default: int, minimum: int, maximum: int | None) -> int:
    """A whole number within bounds."""
    value = table.integer(key, default, minimum=minimum)
    if maximum is not None and value > maximum:
        raise table.wrong(key, f"must be at most {maximum}, not {value}")
    return value


def one_of(table: Table, key: str, choices: Sequence[str], default: str | None = None) -> str:
    """One of several texts."""
    value = table.text(key, default)
    if value not in choices:
        raise table.wrong(key, unknown(value, choices))
    return value


def unknown(value: str, choices: Sequence[str]) -> str:
    """What to say of a text that is none of ``choices``."""
    near = difflib.get_close_matches(value, choices, n=1)
    remedy = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(choices)}"
    return f"{value[:40]!r} is not known; {remedy}"
