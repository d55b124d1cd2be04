"""Solutions and what they define, as seen from their own process.

Whatever runs there is at the solution's mercy. That is why it knows nothing worth having.
"""

import json
import re
import sys
import types
from collections import deque
from collections.abc import ItemsView, KeysView, ValuesView
from typing import cast

from assayoffice.verifiers.code.inside.codec import NotDataError

_DATA_FD = 3
_MAX_MESSAGE_CHARACTERS = 200
# Where an object lies in memory differs from run to run, and reports must not.
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")


class MissingEntryPointError(Exception):
    """The solution defines nothing of the entry point's name."""


def load(source: str) -> dict[str, object]:
    """Run a solution as an imported module, and give what it defines.

    Raises whatever the solution raises.
    """
    module = types.ModuleType("solution")
    # Where dataclasses and typing look for the module of a class.
    sys.modules["solution"] = module
    code = compile(source, "solution.py", "exec", dont_inherit=True)
    exec(code, module.__dict__)
    return module.__dict__


def entry_point(defined: dict[str, object], path: str) -> object:
    """What ``f`` or ``Solution.f`` means: a method is bound to a new object of its class.

    Where there is a class Solution and no f, ``f`` means ``Solution.f``.
    Raises MissingEntryPointError, and whatever making the object raises.
    """
    owner, _, name = path.rpartition(".")
    if not owner and name not in defined and "Solution" in defined:
        owner = "Solution"
    if (owner or name) not in defined:
        raise MissingEntryPointError(f"no {'class' if owner else 'function'} {owner or name}")
    if not owner:
        return defined[name]
    made = cast("type", defined[owner])()
    if not hasattr(made, name):
        raise MissingEntryPointError(f"no method {name} of {owner}")
    return getattr(made, name)


def as_data(value: object) -> object:
    """A builtin in place of an object that is none but can be taken for data.

    Views, deques, and what numpy has become lists and numbers. Raises NotDataError.
    """
    if isinstance(value, KeysView | ValuesView | ItemsView | deque):
        return list(value)
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return cast("memoryview", value).tolist()  # which is typed and has one, too
    raise NotDataError(f"an object of type {type(value).__name__} is not data")


def told(error: BaseException) -> tuple[str, str]:
    """The name of the type of an exception and its message, cut short."""
    try:
        message = str.__str__(str(error))[: 5 * _MAX_MESSAGE_CHARACTERS]
    except BaseException:  # noqa: BLE001 - the solution's own __str__
        message = ""
    return type(error).__name__, _ADDRESS.sub("0x...", message)[:_MAX_MESSAGE_CHARACTERS]


def read_order() -> dict[str, object]:
    """What to do, as it was given to this process; it cannot be read twice."""
    with open(_DATA_FD, "rb") as data:
        return cast("dict[str, object]", json.load(data))
