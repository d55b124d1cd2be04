"""Runs test code against a solution that lives in another process, and writes down how it went.

The test code comes rewritten, see ``testcode.py``: assertions that are tests stand in ``with
__assay_assertion__(index, guarded)``, and calls whose result is not used are made by
``__assay_call__``, which writes back what they change in their arguments. Others that may change a
variable are made by ``__assay_later__``, and ``__assay_settle__`` writes that back.
"""

import functools
import json
import os
import socket
import sys
import types
from collections.abc import Callable
from typing import Any, cast

from assayoffice.verifiers.code.inside.record import TESTS_FILE, Assertion, Record
from assayoffice.verifiers.code.inside.remote import (
    Channel,
    DefectiveTest,
    Remote,
    SolutionLost,
    call,
    labelled,
)
from assayoffice.verifiers.code.inside.units import (
    Units,
    check_all_are_known,
    leave_running_to_us,
)

_DATA_FD, _ANSWER_FD, _CHANNEL_FD = 3, 4, 5


def main() -> None:
    """Run the tests, and write what is known about them to the answer."""
    with open(_DATA_FD, "rb") as data:
        order = json.load(data)
    # In no object that is handed on: what shows that a record was written here, and at the end.
    nonce = order.pop("nonce")
    channel = Channel(socket.socket(fileno=_CHANNEL_FD))
    record = Record(order["tests"], order["keep_going"], channel, order["source"])
    defect = ""
    try:
        _run(order, record)
    except DefectiveTest as error:
        defect = str(error)
    answer = {
        "results": record.results,
        "evidence": record.evidence + channel.raised,
        "lost": channel.lost,
        "defect": defect,
    }
    line = f"{nonce} {json.dumps(answer)}".encode()
    while line:
        line = line[os.write(_ANSWER_FD, line) :]
    # Threads and children of the tests' are of no interest any more.
    os._exit(0)


def _run(order: dict[str, object], record: Record) -> None:
    wanted = cast("list[str]", order["wanted"])
    units = cast("list[dict[str, Any]]", order["units"])
    path = cast("str", order["entry_point"])
    try:
        defined, function, trouble = record.channel.names(wanted, path)
    except SolutionLost as lost:
        record.abort(lost)
        return
    if trouble:
        record.stop("raised", trouble)
        return
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    space = module.__dict__
    name = path.rpartition(".")[2]
    function = labelled(function, name)
    if path:
        if not isinstance(function, Remote):
            record.channel.note_exchange()
        space[name] = function
    space.update(defined)
    record.used = {name, *defined} - {""}
    record.missing = set(wanted) - space.keys()
    space["__assay_assertion__"] = functools.partial(Assertion, record)
    space["__assay_call__"] = _call_for_effect
    space["__assay_later__"] = _call_that_changes
    space["__assay_settle__"] = record.channel.settle
    space["__assay_eval__"] = _calculate
    if order["unittest"]:
        leave_running_to_us(units)
    for name, text in cast("dict[str, str]", order["modules"]).items():
        sys.modules[name] = types.ModuleType(name)
        exec(text, sys.modules[name].__dict__)
    try:
        exec(compile(str(order["trusted"]), "prefix.py", "exec", dont_inherit=True), space)
        exec(compile(str(order["source"]), TESTS_FILE, "exec", dont_inherit=True), space)
        for name in cast("list[str]", order["checks"]):
            space[name](function)
    except BaseException as error:  # noqa: BLE001 - whatever tests raise is how they end
        own_exit = isinstance(error, SystemExit) and not hasattr(error, "__assay_told__")
        if not (own_exit and not cast("SystemExit", error).code):
            record.abort(error)
            return
    check_all_are_known(units, cast("list[str]", order["helpers"]), space)
    Units(space, function, record).run(units)
    if error_within := record.take_failure_within():
        record.abort(error_within)


def _call_for_effect(function: object, /, *arguments: object, **keywords: object) -> object:
    if isinstance(function, Remote):
        return call(function, arguments, keywords, written_back=True)
    return cast("Callable[..., object]", function)(*arguments, **keywords)


def _call_that_changes(function: object, /, *arguments: object, **keywords: object) -> object:
    if isinstance(function, Remote):
        return call(function, arguments, keywords, written_back=True, later=True)
    return cast("Callable[..., object]", function)(*arguments, **keywords)


def _calculate(text: object, *scopes: dict[str, object]) -> object:
    """What ``eval`` is to the tests: it may be handed what the solution has written.

    So it knows operators, literals, and the names it is given, and no calls and no attributes.
    Raises ValueError for everything else.
    """
    import ast

    tree = ast.parse(str(text).strip(), mode="eval")
    allowed = (
        ast.Expression,
        ast.Constant,
        ast.Name,
        ast.BinOp,
        ast.UnaryOp,
        ast.BoolOp,
        ast.Compare,
        ast.IfExp,
        ast.List,
        ast.Tuple,
        ast.Dict,
        ast.Set,
        ast.expr_context,
        ast.operator,
        ast.unaryop,
        ast.boolop,
        ast.cmpop,
    )
    if not all(isinstance(node, allowed) for node in ast.walk(tree)):
        raise ValueError("more than a calculation")
    known = {name: value for scope in scopes for name, value in scope.items()}
    return eval(compile(tree, "calculation", "eval"), {**known, "__builtins__": {}})
