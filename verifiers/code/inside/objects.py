"""Serves a solution to test code that runs in another process, until that one hangs up.

The tests say what to do with the solution's objects, one request at a time, and get data back.
An object that is no data stays here, and a Reference to it travels. One of a class that extends a
builtin stays here, too: where it may change, the tests ask for its ``value`` to compare it with,
and where it may not, that travels along. Requests hold what the tests
pass to the solution, and nothing else that the tests know.

A message is the length of a text in four bytes, and the text of a tuple. Requests are ``("names",
names, entry_point)``, which comes first, and ``("do", operation, arguments, keywords,
written_back)``. Where a function of the tests was passed, it is called back before the reply comes;
requests may then be nested.
"""

import builtins
import operator
import os
import socket
from collections.abc import Callable
from typing import Any, cast

from assayoffice.verifiers.code.inside.codec import (
    Extended,
    NotDataError,
    Reference,
    read,
    write,
)
from assayoffice.verifiers.code.inside.library import apart, together
from assayoffice.verifiers.code.inside.solution import (
    MissingEntryPointError,
    as_data,
    entry_point,
    load,
    read_order,
    told,
)

_CHANNEL_FD = 5
_MAX_TEXT_CHARACTERS = 10_000


def _call(function: Callable[..., object], /, *arguments: object, **keywords: object) -> object:
    return function(*arguments, **keywords)


_MUTABLE: dict[str, tuple[type, Callable[[Any], object]]] = {
    "list": (list, lambda value: [*list.__iter__(value)]),
    "dict": (dict, lambda value: {**dict(dict.items(value))}),
    "set": (set, lambda value: {*set.__iter__(value)}),
}


def _value(value: object) -> object:
    return next(copy(value) for kind, copy in _MUTABLE.values() if isinstance(value, kind))


_OPERATIONS: dict[str, Callable[..., object]] = {
    "call": _call,
    "value": _value,
    "getattr": getattr,
    "setattr": setattr,
    "isinstance": isinstance,
    "issubclass": issubclass,
    "enter": lambda value: type(value).__enter__(value),
    "exit": lambda value, kind: type(value).__exit__(value, kind, None, None),
    "abs": abs,
    "int": int,
    "float": float,
    "round": round,
    "format": format,
    "reversed": reversed,
    "iter": iter,
    "next": next,
    "len": len,
    "bool": bool,
    "str": str,
    "repr": repr,
    "getitem": operator.getitem,
    "getslice": lambda value, *ends: value[slice(*ends)],
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
}


def main() -> None:
    """Load the solution, and serve it until the tests are over."""
    _Server(socket.socket(fileno=_CHANNEL_FD)).serve(str(read_order()["source"]))


class _Server:
    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._stream = channel.makefile("rb")
        #: What references refer to; never forgotten, so that no number ever means another object.
        self._objects: list[object] = []
        self._numbers: dict[int, int] = {}
        #: Exceptions that the tests know by name.
        self._exceptions: list[type] = []

    def serve(self, source: str) -> None:
        defined: dict[str, object] = {}
        broken = None
        try:
            defined = load(source)
        except MemoryError:
            raise  # see host.py
        except BaseException as error:  # noqa: BLE001 - whatever a solution raises is what it did
            broken = told(error)
        while True:
            kind, *request = self._receive()
            if kind == "do":
                self._do(*request)
            elif broken is not None:
                self._send(write(("broken", *broken)))
            else:
                names, path = request
                self._name(defined, cast("list[str]", names), cast("str", path))

    def call_back(self, number: int, arguments: object, keywords: object) -> object:
        """Have a function of the tests called."""
        self._send(write(("call back", number, arguments, keywords), self._refer, self._keep))
        while True:
            kind, *request = self._receive()
            if kind == "do":
                self._do(*request)
            elif kind == "returned":
                return request[0]
            else:
                name, message = cast("tuple[str, str]", request)
                raise getattr(builtins, name)(message)

    def _name(self, defined: dict[str, object], names: list[str], path: str) -> None:
        found = []
        for name in names:
            if name in defined and name != path:
                value = defined[name]
                base = ""
                if isinstance(value, type) and issubclass(value, BaseException):
                    base = _builtin_base(value)
                    self._exceptions.append(value)
                found.append((name, value, base))
        try:
            function = _entry(defined, path) if path else None
            reply = write(("names", found, function), self._refer, self._keep)
        except MissingEntryPointError as missing:
            reply = write(("missing", str(missing)))
        except MemoryError:
            raise  # see host.py
        except BaseException as error:  # noqa: BLE001 - whatever a solution raises is what it did
            reply = write(("broken", *told(error)))
        self._send(reply)

    def _do(
        self, operation: object, arguments: object, keywords: object, written_back: object
    ) -> None:
        given = cast("list[object]", arguments)
        try:
            do = _OPERATIONS[cast("str", operation)]
            named = cast("dict[str, object]", keywords)
            value = do(*given, **named)
            changed = [*given, *named.values()] if written_back else []
            reply = write(("returned", value, changed), self._refer, self._keep)
        except MemoryError:
            raise  # see host.py
        except BaseException as error:  # noqa: BLE001 - whatever a solution raises is what it did
            reply = self._raised(error)
        self._send(reply)

    def _raised(self, error: BaseException) -> str:
        kind, message = told(error)
        known = [
            self._exceptions.index(cls) for cls in type(error).__mro__ if cls in self._exceptions
        ]
        reply = ("raised", kind, message, _builtin_base(type(error)), known)
        try:
            text = str.__str__(str(error))[:_MAX_TEXT_CHARACTERS]
            said = (error.args, text, dict(vars(error)))
            return write((*reply, *said), self._refer, self._keep)
        except BaseException:  # noqa: BLE001 - arguments that are no data, or worse
            return write((*reply, (message,), message, {}))

    def _refer(self, value: object) -> object:
        if isinstance(value, _Callback):
            return Reference("test", value.number)
        try:
            return as_data(value)
        except NotDataError:
            return Reference("kept", self._number(value))

    def _keep(self, value: object) -> object:
        if (parts := apart(value)) is not None:
            return parts
        if type(value).__module__ == "numpy":
            return None
        for name, (kind, _) in _MUTABLE.items():
            if isinstance(value, kind):
                return Reference(name, self._number(value))
        if isinstance(value, int | float | str | tuple | frozenset):
            return Extended("kept", self._number(value))
        return None

    def _number(self, value: object) -> int:
        number = self._numbers.setdefault(id(value), len(self._objects))
        if number == len(self._objects):
            self._objects.append(value)
        return number

    def _find(self, kind: str, number: int) -> object:
        if kind == "kept":
            return self._objects[number]
        if kind == "test":
            return _Callback(self, number)
        return getattr(builtins, kind)

    def _send(self, text: str) -> None:
        self._channel.sendall(len(text).to_bytes(4) + text.encode())

    def _receive(self) -> tuple[object, ...]:
        length = self._stream.read(4)
        if len(length) < 4:
            os._exit(0)  # without waiting for threads of the solution's
        return cast(
            "tuple[object, ...]",
            read(self._stream.read(int.from_bytes(length)).decode(), self._find, together),
        )


class _Callback:
    """A function of the tests'."""

    def __init__(self, server: _Server, number: int) -> None:
        self._server = server
        self.number = number

    def __call__(self, /, *arguments: object, **keywords: object) -> object:
        return self._server.call_back(self.number, arguments, keywords)


def _entry(defined: dict[str, object], path: str) -> object:
    found = entry_point(defined, path)
    if path in defined:
        return found
    # A method: of another new object at each call.
    return lambda *arguments, **keywords: cast("Callable[..., object]", entry_point(defined, path))(
        *arguments, **keywords
    )


def _builtin_base(kind: type) -> str:
    return next(cls.__name__ for cls in kind.__mro__ if cls.__module__ == "builtins")
