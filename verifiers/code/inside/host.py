"""Loads a solution, calls its entry point once, and writes down what came of it.

It shares a process with the solution, which can do to it whatever it likes. That is why it knows
nothing worth having: not what the call should return, and not what other calls there are.
"""

import json
import os
import re
import sys
import types
from collections import deque
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from itertools import islice
from typing import cast

from assayoffice.verifiers.code.inside.codec import MAX_VALUES, NotDataError, write

_DATA_FD, _ANSWER_FD = 3, 4
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

    Iterators are run to their end, and views, deques, and what numpy has become lists and numbers.
    Raises NotDataError, and whatever an iterator raises.
    """
    if isinstance(value, Iterator):
        return list(islice(value, MAX_VALUES))
    if isinstance(value, KeysView | ValuesView | ItemsView | deque):
        return list(value)
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return cast("object", value.tolist())
    raise NotDataError(f"an object of type {type(value).__name__} is not data")


def told(error: BaseException) -> tuple[str, str]:
    """The name of the type of an exception and its message, cut short."""
    try:
        message = str.__str__(str(error))
    except BaseException:  # noqa: BLE001 - the solution's own __str__
        message = ""
    return type(error).__name__, _ADDRESS.sub("0x...", message)[:_MAX_MESSAGE_CHARACTERS]


def read_order() -> dict[str, object]:
    """What to do, as it was given to this process; nobody can read it a second time."""
    with open(_DATA_FD, "rb") as data:
        return cast("dict[str, object]", json.load(data))


def main() -> None:
    """Read the order, call, write one line to the answer, and end the process."""
    send, end = os.write, os._exit
    order = read_order()
    nonce = str(order["nonce"])
    line = f"{nonce} {_outcome(order)}\n".encode()
    while line:
        line = line[send(_ANSWER_FD, line) :]
    # Not by returning: threads the solution has started would be waited for.
    end(0)


def _outcome(order: dict[str, object]) -> str:
    try:
        function = entry_point(load(str(order["source"])), str(order["entry_point"]))
        arguments = cast("list[object]", order["arguments"])
        value = cast("types.FunctionType", function)(*arguments)
        if (index := order["compare_argument"]) is not None:
            value = arguments[cast("int", index)]
        return write(("returned", value), as_data)
    except MissingEntryPointError as missing:
        return write(("raised", "NameError", str(missing)))
    except NotDataError as error:
        return write(("not data", str(error)))
    except BaseException as error:  # noqa: BLE001 - whatever a solution raises is what it did
        return write(("raised", *told(error)))
