"""Runs test code against a solution that lives in another process, and writes down how it went.

The test code comes rewritten, see ``testcode.py``: assertions that are tests stand in ``with
__assay_assertion__(index, guarded)``, and calls whose result is not used are made by
``__assay_call__``, which writes back what they change in their arguments.
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
    space["__assay_eval__"] = _calculate
    if order["unittest"]:
        import unittest

        # Which tests to run has been decided.
        unittest.main = lambda *_, **__: None  # type: ignore[assignment]
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
    for unit in cast("list[dict[str, object]]", order["units"]):
        if record.failed and not record.keep_going:
            break
        _run_unit(unit, space, function, record)
    if error_within := record.take_failure_within():
        record.abort(error_within)


def _call_for_effect(function: object, *arguments: object, **keywords: object) -> object:
    if isinstance(function, Remote):
        return call(function, arguments, keywords, written_back=True)
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


def _run_unit(
    unit: dict[str, object], space: dict[str, object], function: object, record: Record
) -> None:
    indexes = cast("dict[str, int]", unit["tests"])
    owner = cast("str", unit["class_name"])
    if unit["is_case"]:
        _run_cases(cast("Callable[[str], Any]", space[owner]), indexes, record)
        return
    given = {**space, "candidate": lambda: function}
    for name, index in indexes.items():
        record.begin()
        try:
            if owner:
                made = cast("type", space[owner])()
                getattr(made, "setup_method", bool)()
                test = getattr(made, name)
            else:
                test = space[name]
            if getattr(test, "__assay_skip__", False):
                record.skip(index)
                continue
            for case in getattr(test, "__assay_cases__", [{}]):
                _fill_in(test, given, case)
            record.succeed(index)
        except BaseException as error:  # noqa: BLE001 - whatever tests raise is how they end
            if type(error).__name__ == "Skipped" and type(error).__module__ == "pytest":
                record.skip(index)
                continue
            record.fail(index, error)
            if isinstance(error, SolutionLost) or not record.keep_going:
                return


def _fill_in(test: Any, given: dict[str, Any], case: dict[str, object]) -> object:
    """Call a test function, or a fixture, with the arguments it asks for by name."""
    code = getattr(test, "__func__", test).__code__
    names = code.co_varnames[: code.co_argcount][isinstance(test, types.MethodType) :]
    optional = getattr(test, "__defaults__", None) or ()
    needed = names[: len(names) - len(optional)]
    arguments = {
        name: case[name] if name in case else _fill_in(given[name], given, {}) for name in needed
    }
    value = test(**{**case, **arguments})
    # A fixture that yields would clean up afterwards, which the end of this process does.
    return next(value) if isinstance(value, types.GeneratorType) else value


def _run_cases(case: Callable[[str], Any], indexes: dict[str, int], record: Record) -> None:
    """Run tests of one class, with what is set up before and after them."""
    import unittest

    def meant(test: unittest.TestCase) -> list[int]:
        name = getattr(test, "_testMethodName", None)
        # What stands for setting up the class stands for all its tests.
        return list(indexes.values()) if name is None else [indexes[name]]

    class Result(unittest.TestResult):
        def startTest(self, test: unittest.TestCase) -> None:
            super().startTest(test)
            record.begin()

        def addSuccess(self, test: unittest.TestCase) -> None:
            record.succeed(indexes[test._testMethodName])

        def addError(self, test: unittest.TestCase, err: Any) -> None:
            for index in meant(test):
                record.fail(index, err[1])
            if isinstance(err[1], SolutionLost) or not record.keep_going:
                self.stop()

        addFailure = addError

        def addSubTest(self, test: unittest.TestCase, subtest: object, err: Any) -> None:
            if err is not None:
                self.addError(test, err)

        def addSkip(self, test: unittest.TestCase, reason: str) -> None:
            for index in meant(test):
                record.skip(index)

        def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
            record.succeed(indexes[test._testMethodName])

        def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
            record.fail(indexes[test._testMethodName], AssertionError())

    unittest.TestSuite(map(case, indexes)).run(Result())
