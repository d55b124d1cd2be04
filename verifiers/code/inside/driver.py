"""Runs test code against a solution that lives in another process, and records how it went.

This process is trusted, and the other one is not. Whatever comes from there is decoded into exact
builtins before a test sees it, and what is no data is a Remote. A Remote may be called, and its
attributes and elements read; but whether it equals something, or is less or nearer, is not for the
solution to say. So a Remote equals itself only, and compares with nothing.

The test code comes rewritten, see ``testcode.py``: assertions that are tests stand in ``with
__assay_assertion__(index, guarded)``, and calls whose result is not used are made by
``__assay_call__``, which writes back what they change in their arguments.
"""

import builtins
import contextlib
import functools
import json
import os
import re
import reprlib
import socket
import sys
import types
from collections import deque
from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from itertools import islice
from typing import Any, cast

from assayoffice.verifiers.code.inside.codec import (
    MAX_CHARACTERS,
    MAX_VALUES,
    MalformedError,
    NotDataError,
    Reference,
    TooMuchDataError,
    read,
    write,
)

_DATA_FD, _ANSWER_FD, _CHANNEL_FD = 3, 4, 5
# Methods of builtins that tell whether what is expected is there. Whoever answers yes without
# looking is right.
_PREDICATES = {"startswith", "endswith", "issubset", "issuperset", "isdisjoint"}
_SPECIAL_NAMES = {"__name__", "__doc__", "__dict__"}
# Raised here, the first three would end a loop of the tests early and in silence.
_NOT_PASSED_ON = (StopIteration, StopAsyncIteration, GeneratorExit, Warning)
# How many elements of an iterator of the solution's are asked for, one by one.
_MAX_TAKEN = 20_000
_MAX_MESSAGE_CHARACTERS = 300
# Where an object lies in memory differs from run to run, and reports must not.
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
_FUNCTIONS = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    functools.partial,
)


class SolutionLost(BaseException):
    """The solution's process answers no more, or nothing that makes sense."""


class DefectiveTest(BaseException):
    """The test code does what no solution can help; the message says what."""


class Channel:
    """Asks the solution's process, and gives what it answers as builtins and Remotes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._remotes: dict[int, Remote] = {}
        self._functions: list[Callable[..., object]] = []
        self._exceptions = {
            name: kind
            for name, kind in vars(builtins).items()
            if isinstance(kind, type)
            and issubclass(kind, Exception | SystemExit)
            and not issubclass(kind, _NOT_PASSED_ON)
        }
        self._named: list[type[BaseException]] = []
        #: Why the solution's process answers no more: it ``ended``, or it wrote ``nonsense``.
        self.lost = ""
        #: Whether the tests have got anything from the solution.
        self.exchanged = False
        #: How many exceptions of the solution's have been raised here.
        self.raised = 0
        #: The latest call: what it was, its arguments, and how it ended.
        self.latest: tuple[str, tuple[object, ...], dict[str, object], str, object] | None = None

    def note_exchange(self) -> None:
        """Write down, once, that what happens from now on may be the solution's doing."""
        if not self.exchanged:
            self.exchanged = True
            os.write(_ANSWER_FD, b"exchanged\n")

    def names(self, names: list[str], path: str) -> tuple[dict[str, object], object, str]:
        """What the solution defines of some names, its entry point, and why there is none."""
        match self._converse(write(("names", names, path))):
            case ("names", list(found), function):
                defined = dict(self._name(item) for item in found)
                # What the solution says without being asked would stand in for a builtin.
                return {name: defined[name] for name in names if name in defined}, function, ""
            case ("missing", str(what)):
                return {}, None, f"the program defines {what[:_MAX_MESSAGE_CHARACTERS]}"
            case ("broken", str(kind), str(message)):
                return {}, None, _exception_text(kind, message)
        raise self._give_up()

    def do(
        self,
        operation: str,
        *arguments: object,
        keywords: dict[str, object] | None = None,
        written_back: bool = False,
    ) -> object:
        """Have something done with the solution's objects. Raises what that raised there."""
        request = ("do", operation, arguments, keywords or {}, written_back)
        match self._converse(self._text(request)):
            case ("returned", value, (list() | tuple()) as changed):
                if written_back:
                    _write_back(arguments, changed)
                return value
            case ("raised", str(kind), str(message), str(base), list(known), tuple(given)):
                raise self._exception(kind, message, base, known, given)
        raise self._give_up()

    def _name(self, item: object) -> tuple[str, object]:
        match item:
            case (str(name), value, str(base)):
                if base and isinstance(value, Remote):
                    builtin = self._exceptions.get(base, Exception)
                    self._named.append(types.new_class(name, (builtin,)))
                    return name, self._named[-1]
                if not isinstance(value, Remote):
                    self.note_exchange()
                return name, _labelled(value, name)
        raise self._give_up()

    def _exception(
        self, kind: str, message: str, base: str, known: list[object], given: tuple[object, ...]
    ) -> BaseException:
        """An exception of the solution's as one that may be raised here."""
        self.raised += kind != "StopIteration"
        named = [
            self._named[index]
            for index in known
            if isinstance(index, int) and index in range(len(self._named))
        ]
        try:
            if named:
                cls = types.new_class(kind, tuple(named)) if named[1:] else named[0]
            else:
                cls = self._exceptions[base]
            error: BaseException = cls(*given)
        except (KeyError, TypeError, ValueError):
            error = RuntimeError(message)
        error.__assay_told__ = _exception_text(kind, message)  # type: ignore[attr-defined]
        return error

    def _converse(self, text: str) -> object:
        if self.lost:
            raise SolutionLost
        self._send(text)
        while True:
            reply = self._receive()
            if not (isinstance(reply, tuple) and reply[:1] == ("call back",)):
                return reply
            self._send(self._called_back(reply))

    def _called_back(self, reply: tuple[object, ...]) -> str:
        match reply:
            case (_, int(number), tuple(arguments), dict(keywords)) if number in range(
                len(self._functions)
            ):
                try:
                    value = self._functions[number](*arguments, **keywords)
                except Exception as error:  # noqa: BLE001 - it was the solution that called
                    bases = (cls.__name__ for cls in type(error).__mro__)
                    name = next(base for base in bases if base in self._exceptions)
                    return write(("raised", name, str(error)[:_MAX_MESSAGE_CHARACTERS]))
                return self._text(("returned", value))
        raise self._give_up()

    def _text(self, message: object) -> str:
        try:
            return write(message, self._refer)
        except TooMuchDataError as error:
            raise ValueError(f"too much to pass: {error}") from None
        except NotDataError as error:
            raise DefectiveTest(f"a solution is passed what cannot be passed: {error}") from None

    def _refer(self, value: object) -> object:
        """What may stand for an object of the tests'."""
        if isinstance(value, Remote):
            return Reference("kept", _number(value))
        name = getattr(value, "__name__", "")
        if isinstance(name, str) and getattr(builtins, name, None) is value:
            return Reference(name, 0)
        if isinstance(value, _FUNCTIONS):
            if value not in self._functions:
                self._functions.append(value)
            return Reference("test", self._functions.index(value))
        if isinstance(value, Iterator | KeysView | ValuesView | ItemsView | deque):
            return list(islice(value, MAX_VALUES))
        raise NotDataError(f"an object of type {type(value).__name__}")

    def _find(self, kind: str, number: int) -> object:
        if kind == "kept":
            return self._remotes.setdefault(number, Remote(self, number))
        if kind == "test" and number in range(len(self._functions)):
            return self._functions[number]
        raise MalformedError("no such object")

    def _send(self, text: str) -> None:
        # Where nobody reads it, what was written before is still read: whether the solution was
        # faster must make no difference.
        with contextlib.suppress(OSError):
            self._connection.sendall(len(text).to_bytes(4) + text.encode())

    def _receive(self) -> object:
        length = int.from_bytes(self._read(4))
        if length > MAX_CHARACTERS:
            raise self._give_up()
        try:
            return read(self._read(length).decode("ascii"), self._find)
        except (UnicodeDecodeError, MalformedError):
            raise self._give_up() from None

    def _read(self, length: int) -> bytes:
        data = b""
        with contextlib.suppress(OSError):
            data = self._stream.read(length)
        if len(data) < length:
            self.lost = "ended"
            raise SolutionLost
        return data

    def _give_up(self) -> SolutionLost:
        self.lost = "nonsense"
        return SolutionLost()


class Remote:
    """An object of the solution's."""

    __slots__ = ("_assay_channel", "_assay_label", "_assay_number", "_assay_taken")

    def __init__(self, channel: Channel, number: int) -> None:
        object.__setattr__(self, "_assay_channel", channel)
        object.__setattr__(self, "_assay_number", number)
        object.__setattr__(self, "_assay_label", "")
        object.__setattr__(self, "_assay_taken", 0)

    def __call__(self, *arguments: object, **keywords: object) -> object:
        return _call(self, arguments, keywords)

    def __getattr__(self, name: str) -> object:
        special = name.startswith("__") and name not in _SPECIAL_NAMES
        if special or name in _PREDICATES:
            raise AttributeError(f"a test cannot use {name} of an object of the solution's")
        return _labelled(_do("getattr", self, name), f"{_label(self)}.{name}")

    def __setattr__(self, name: str, value: object) -> None:
        _do("setattr", self, name, value)

    def __getitem__(self, key: object) -> object:
        if isinstance(key, slice):
            return _do("getslice", self, key.start, key.stop, key.step)
        return _do("getitem", self, key)

    def __setitem__(self, key: object, value: object) -> None:
        _do("setitem", self, key, value)

    def __delitem__(self, key: object) -> None:
        _do("delitem", self, key)

    def __iter__(self) -> Iterator[object]:
        iterator = _do("iter", self)
        if not isinstance(iterator, Remote):
            raise TypeError("no iterator")
        return iterator

    def __next__(self) -> object:
        taken = object.__getattribute__(self, "_assay_taken") + 1
        object.__setattr__(self, "_assay_taken", taken)
        if taken > _MAX_TAKEN:
            raise ValueError("the solution's iterator goes on and on")
        try:
            return _do("next", self)
        except RuntimeError as error:
            if getattr(error, "__assay_told__", "").startswith("StopIteration"):
                raise StopIteration from None
            raise

    def __len__(self) -> int:
        return cast("int", _do("len", self))

    def __bool__(self) -> bool:
        return cast("bool", _do("bool", self))

    def __str__(self) -> str:
        return cast("str", _do("str", self))

    def __repr__(self) -> str:
        return cast("str", _do("repr", self))

    def __add__(self, other: object) -> object:
        return _operate("add", self, other)

    def __sub__(self, other: object) -> object:
        return _operate("sub", self, other)

    def __mul__(self, other: object) -> object:
        return _operate("mul", self, other)

    def __neg__(self) -> object:
        return _do("neg", self)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, Remote) and _do("isinstance", instance, self) is True


def _operate(operation: str, one: Remote, other: object) -> object:
    # The difference to a number is how tests ask whether it is that number.
    return _do(operation, one, other) if isinstance(other, Remote) else NotImplemented


def _do(operation: str, remote: Remote, *arguments: object) -> object:
    channel = _channel(remote)
    channel.note_exchange()
    return channel.do(operation, remote, *arguments)


def _call(
    remote: Remote,
    arguments: tuple[object, ...],
    keywords: dict[str, object],
    *,
    written_back: bool = False,
) -> object:
    channel = _channel(remote)
    channel.note_exchange()
    label = _label(remote)
    channel.latest = (label, arguments, keywords, "did not return", None)
    value = channel.do("call", remote, *arguments, keywords=keywords, written_back=written_back)
    channel.latest = (label, arguments, keywords, "returned", value)
    return value


def _channel(remote: Remote) -> Channel:
    return cast("Channel", object.__getattribute__(remote, "_assay_channel"))


def _number(remote: Remote) -> int:
    return cast("int", object.__getattribute__(remote, "_assay_number"))


def _label(remote: Remote) -> str:
    return cast("str", object.__getattribute__(remote, "_assay_label")) or "object"


def _labelled(value: object, label: str) -> object:
    if isinstance(value, Remote) and _label(value) == "object":
        object.__setattr__(value, "_assay_label", label)
    return value


def _write_back(arguments: tuple[object, ...], changed: list[object] | tuple[object, ...]) -> None:
    """Make the tests' own lists, dicts and sets what the solution's copies of them have become."""
    for own, new in zip(arguments, changed, strict=False):
        if type(own) is list and type(new) is list:
            own[:] = new
        elif (type(own) is dict and type(new) is dict) or (type(own) is set and type(new) is set):
            own.clear()
            own.update(new)


def _exception_text(kind: str, message: str) -> str:
    return (f"{kind}: {message}" if message else kind)[:_MAX_MESSAGE_CHARACTERS]


class _Shown(reprlib.Repr):
    """Values for people: short, and the same in every run."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = 60

    def repr_int(self, x: int, level: int) -> str:
        return repr(x) if x.bit_length() < 200 else f"<an integer of {x.bit_length()} bits>"

    def repr_instance(self, x: object, level: int) -> str:
        if isinstance(x, float | complex | range | types.NoneType):
            return repr(x)
        return self.repr_str(repr(x), level) if isinstance(x, bytes) else f"<{type(x).__name__}>"


class Record:
    """How the tests went. A result is what it was and a detail; None: not yet known."""

    def __init__(self, tests: int, keep_going: bool, channel: Channel) -> None:
        self.results: list[tuple[str, str] | None] = [None] * tests
        self.keep_going = keep_going
        self.channel = channel
        #: How many assertions have been evaluated, and how many test functions begun.
        self.evidence = 0
        self.missing: set[str] = set()
        self._guarded: tuple[int, BaseException] | None = None
        self._noted: BaseException | None = None

    @property
    def failed(self) -> bool:
        well = (None, "passed", "skipped")
        return any((result and result[0]) not in well for result in self.results)

    def begin(self) -> None:
        self.channel.latest = None
        self.evidence += 1

    def succeed(self, index: int) -> None:
        if self.results[index] is None:
            self.results[index] = ("passed", "")

    def fail(self, index: int, error: BaseException) -> None:
        """Note why a test failed, unless it had failed before. Raises DefectiveTest."""
        result = self.results[index]
        if result is None or result[0] == "passed":
            self.results[index] = self._judged(error)
        self._noted = error

    def skip(self, index: int) -> None:
        self.results[index] = ("skipped", "")

    def fail_guarded(self, index: int, error: BaseException) -> None:
        """Note a failure that the tests may yet catch."""
        self._guarded = (index, error)

    def abort(self, error: BaseException) -> None:
        """Note what ended the test code: the failure of an assertion, or of what came before."""
        if error is self._noted:
            return
        if self._guarded is not None and error is self._guarded[1]:
            self.fail(self._guarded[0], error)
        else:
            self.stop(*self._judged(error))

    def stop(self, kind: str, detail: str) -> None:
        """Let the first test without a result fail, or the last one if all have one."""
        open_tests = [index for index, result in enumerate(self.results) if result is None]
        self.results[open_tests[0] if open_tests else -1] = (kind, detail)

    def _judged(self, error: BaseException) -> tuple[str, str]:
        if isinstance(error, SolutionLost):
            return "lost", ""
        if isinstance(error, DefectiveTest):
            raise error
        if said := getattr(error, "__assay_told__", ""):
            return "raised", said
        if isinstance(error, NameError) and error.name in self.missing:
            return "raised", f"the program does not define {error.name}"
        # What an exception of the tests says may quote what they expect, so its name must do.
        kind = type(error).__name__
        if isinstance(error, AssertionError):
            return "wrong", self._latest_call()
        if isinstance(error, ImportError) or not self.channel.exchanged:
            raise DefectiveTest(_exception_text(kind, str(error)))
        return "wrong", f"{kind} in the tests; {self._latest_call()}".rstrip("; ")

    def _latest_call(self) -> str:
        if self.channel.latest is None:
            return ""
        shown = _Shown().repr
        label, arguments, keywords, how, value = self.channel.latest
        given = [shown(argument) for argument in arguments]
        given += [f"{name}={shown(argument)}" for name, argument in keywords.items()]
        text = f"{label}({', '.join(given)}) {how}"
        if how == "returned":
            text += f" {shown(value)}"
        return _ADDRESS.sub("0x...", text)


class _Assertion:
    """Notes how an assertion goes, and may let the tests go on after one that fails."""

    __slots__ = ("_guarded", "_index", "_record")

    def __init__(self, record: Record, index: int, guarded: bool) -> None:
        self._record = record
        self._index = index
        self._guarded = guarded

    def __enter__(self) -> None:
        self._record.begin()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None:
            self._record.succeed(self._index)
            return False
        if self._guarded:
            self._record.fail_guarded(self._index, error)
            return False
        self._record.fail(self._index, error)
        return self._record.keep_going and isinstance(error, Exception | SystemExit)


def main() -> None:
    """Run the tests, and write what is known about them to the answer."""
    with open(_DATA_FD, "rb") as data:
        order = json.load(data)
    channel = Channel(socket.socket(fileno=_CHANNEL_FD))
    record = Record(order["tests"], order["keep_going"], channel)
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
    line = json.dumps(answer).encode()
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
    function = _labelled(function, name)
    if path:
        if not isinstance(function, Remote):
            record.channel.note_exchange()
        space[name] = function
    space.update(defined)
    record.missing = set(wanted) - space.keys()
    space["__assay_assertion__"] = functools.partial(_Assertion, record)
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
        exec(compile(str(order["source"]), "tests.py", "exec", dont_inherit=True), space)
        for name in cast("list[str]", order["checks"]):
            space[name](function)
    except BaseException as error:  # noqa: BLE001 - whatever tests raise is how they end
        own_exit = isinstance(error, SystemExit) and not hasattr(error, "__assay_told__")
        if not (own_exit and not cast("SystemExit", error).code):
            record.abort(error)
            return
    for unit in cast("list[dict[str, object]]", order["units"]):
        if record.failed and not record.keep_going:
            return
        _run_unit(unit, space, function, record)


def _call_for_effect(function: object, *arguments: object, **keywords: object) -> object:
    if isinstance(function, Remote):
        return _call(function, arguments, keywords, written_back=True)
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
