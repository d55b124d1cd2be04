"""What test code uses of pytest, for processes that have only the standard library.

``raises``, ``approx``, ``fail``, ``skip``, ``fixture``, ``param``, ``mark.parametrize``,
``mark.skip`` and ``mark.skipif``; other marks mean nothing. Fixtures are made anew for each test
that asks for them by name, or for each test with ``autouse``, whatever their scope.
"""

import math
import re
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any


class Skipped(Exception):
    """A test that does not want to be run."""


class RaisesContext:
    """Holds if its block raises what was expected; ``value`` is the exception."""

    def __init__(self, expected: Any, match: str | None) -> None:
        self._expected = expected
        self._match = match
        self.value: BaseException | None = None
        self.type: type[BaseException] | None = None

    def __enter__(self) -> "RaisesContext":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> bool:
        if error is None:
            raise AssertionError("nothing was raised")
        if not isinstance(error, self._expected):
            return False
        self.value, self.type = error, kind
        if self._match is not None and not re.search(self._match, str(error)):
            raise AssertionError("another message was raised")
        return True

    def match(self, pattern: str) -> bool:
        """Whether the message matches; raises AssertionError where it does not."""
        if not re.search(pattern, str(self.value)):
            raise AssertionError("another message was raised")
        return True


def raises(expected: Any, *call: Any, match: str | None = None, **keywords: Any) -> RaisesContext:
    """A context that expects an exception; with a function and its arguments, calls it."""
    context = RaisesContext(expected, match)
    if call:
        with context:
            call[0](*call[1:], **keywords)
    return context


class approx:
    """Equals numbers near it, and lists, tuples and dicts of such numbers."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        expected: Any,
        rel: float | None = None,
        abs: float | None = None,
        nan_ok: bool = False,
    ) -> None:
        self._expected = expected
        self._rel = rel
        self._abs = abs
        self._nan_ok = nan_ok

    def __eq__(self, actual: object) -> bool:
        return self._near(actual, self._expected)

    def _near(self, actual: Any, expected: Any) -> bool:
        if isinstance(expected, dict):
            return (
                isinstance(actual, dict)
                and set(actual.keys()) == set(expected)
                and all(self._near(actual[key], value) for key, value in expected.items())
            )
        if isinstance(expected, list | tuple):
            return (
                isinstance(actual, list | tuple)
                and len(actual) == len(expected)
                and all(map(self._near, actual, expected))
            )
        if isinstance(actual, int | float | complex) and isinstance(
            expected, int | float | complex
        ):
            return self._near_number(actual, expected)
        return bool(actual == expected)

    def _near_number(self, actual: complex, expected: complex) -> bool:
        if actual == expected:
            return True
        if actual != actual or expected != expected:
            return self._nan_ok and actual != actual and expected != expected
        size = abs(expected)
        if math.isinf(size) or math.isinf(abs(actual)):
            return False
        least = 1e-12 if self._abs is None else self._abs
        relative = self._rel
        if relative is None:
            relative = 1e-6 if self._abs is None else 0.0
        return abs(actual - expected) <= max(relative * size, least)


def fail(reason: str = "", pytrace: bool = True) -> None:
    """Fail the test."""
    raise AssertionError(reason)


def skip(reason: str = "") -> None:
    """Do not run the rest of the test."""
    raise Skipped(reason)


def fixture(function: Any = None, **settings: Any) -> Any:
    """Marks what tests may ask for by its name."""
    if function is None:
        return lambda function: fixture(function, **settings)
    function.__assay_fixture__ = True
    function.__assay_autouse__ = bool(settings.get("autouse"))
    return function


class _Row(tuple[Any, ...]):
    """Values of several parameters, or of one."""


def param(*values: Any, id: str | None = None) -> Any:
    """A row of ``parametrize``."""
    return _Row(values)


def main(*arguments: Any, **settings: Any) -> int:
    """Nothing: the tests are run anyway."""
    return 0


class _Marks:
    def __getattr__(self, name: str) -> Callable[..., Any]:
        def mark(*settings: Any, **named: Any) -> Any:
            if settings and callable(settings[0]) and not named:
                return settings[0]
            return lambda function: function

        return mark

    def skip(self, function: Any = None, **reason: Any) -> Any:
        if function is None or isinstance(function, str):
            return self.skip
        function.__assay_skip__ = True
        return function

    def skipif(self, condition: Any, *, reason: str = "") -> Callable[[Any], Any]:
        if isinstance(condition, str):
            raise TypeError("a condition that is text is not known here")
        return self.skip if condition else lambda function: function

    def parametrize(
        self, names: str | Iterable[str], values: Iterable[Any], **settings: Any
    ) -> Callable[[Any], Any]:
        split = [name.strip() for name in names.split(",")] if isinstance(names, str) else [*names]
        rows = [
            dict(
                zip(
                    split,
                    value
                    if split[1:] or not isinstance(names, str) or isinstance(value, _Row)
                    else [value],
                    strict=True,
                )
            )
            for value in values
        ]

        def decorate(function: Any) -> Any:
            before = getattr(function, "__assay_cases__", [{}])
            function.__assay_cases__ = [row | other for row, other in product(rows, before)]
            return function

        return decorate


mark = _Marks()
