"""Calls a solution's entry point once, and writes down what came of it.

It knows neither what the call should return nor which other calls there are. The answer is one
line: the nonce it was given, so that nothing else written there is taken for it by accident, and
what happened.
"""

import os
from collections.abc import Callable, Iterator
from itertools import islice
from typing import cast

from assayoffice.verifiers.code.inside.codec import MAX_VALUES, NotDataError, write
from assayoffice.verifiers.code.inside.solution import (
    MissingEntryPointError,
    as_data,
    entry_point,
    load,
    read_order,
    told,
)

_ANSWER_FD = 4


def main() -> None:
    """Read the order, call, write the answer, and end the process."""
    send, end = os.write, os._exit
    order = read_order()
    nonce = order["nonce"]
    line = f"{nonce} {_outcome(order)}\n".encode()
    while line:
        line = line[send(_ANSWER_FD, line) :]
    # Not by returning: threads the solution has started would be waited for.
    end(0)


def _outcome(order: dict[str, object]) -> str:
    try:
        function = entry_point(load(str(order["source"])), str(order["entry_point"]))
        arguments = cast("list[object]", order["arguments"])
        value = cast("Callable[..., object]", function)(*arguments)
        if (index := order["compare_argument"]) is not None:
            value = arguments[cast("int", index)]
        if type(value) is range:
            # JSON has no other way to write it than as the list of its numbers.
            value = list(islice(value, MAX_VALUES))
        return write(("returned", value), _run_to_end)
    except MissingEntryPointError as missing:
        return write(("missing", str(missing)))
    except NotDataError as error:
        return write(("not data", str(error)))
    except MemoryError:
        # Ends the process as it would any other: whether the limit is to blame, its peak tells.
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a solution raises is what it did
        return write(("raised", *told(error)))


def _run_to_end(value: object) -> object:
    # One element more than can be written, where there is no end.
    return list(islice(value, MAX_VALUES)) if isinstance(value, Iterator) else as_data(value)
