"""Runs the tests of test code one by one, as unittest and pytest would.

Which tests there are has been read from the code, see ``testunits.py``. Where the code, once it has
run, holds others as well, they would be passed over, so it is unfit.
"""

import types
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

from assayoffice.verifiers.code.inside.record import Record
from assayoffice.verifiers.code.inside.remote import DefectiveTest, SolutionLost

_Space = dict[str, Any]


def check_all_are_known(units: list[dict[str, Any]], helpers: list[str], space: _Space) -> None:
    """Raise DefectiveTest for a test that the code has made and that is in none of the units.

    ``helpers`` are functions of the code that are called like tests, and may be called by it.
    """
    known = {(unit["class_name"], name) for unit in units for name in unit["tests"]}
    classes = {owner for owner, _ in known if owner}
    for name, value in space.items():
        if isinstance(value, type) and value.__module__ == "__main__":
            if value.__name__ != name and value.__name__ in classes:
                continue
            if _is_case(value) or (name.startswith("Test") and "__init__" not in _bound(value)):
                for test in dir(value):
                    if test.startswith("test") and callable(getattr(value, test)):
                        _check_known((name, test), known)
        elif units and name.startswith("test") and isinstance(value, types.FunctionType):
            if name not in helpers and not value.__code__.co_argcount:
                _check_known(("", name), known)
    for owner, test in known:
        if (owner or test) not in space:
            raise DefectiveTest(f"{owner or test} is not defined when the tests are run")


def _check_known(test: tuple[str, str], known: set[tuple[str, str]]) -> None:
    if test not in known:
        name = ".".join(test).removeprefix(".")
        raise DefectiveTest(f"{name} shows only when the code is run; write it out as a function")


def _bound(value: type) -> set[str]:
    return {name for cls in value.__mro__ if cls is not object for name in vars(cls)}


def _is_case(value: type) -> bool:
    return any(cls.__module__ == "unittest.case" for cls in value.__mro__)


def leave_running_to_us(units: list[dict[str, Any]]) -> None:
    """Let the test code's own ways of running its unit tests do nothing.

    They end by printing what failed, or by exiting.
    """
    import unittest

    known = {(unit["class_name"], name) for unit in units for name in unit["tests"]}

    def run(_: object, test: unittest.TestSuite | unittest.TestCase) -> unittest.TestResult:
        for case in _cases(test):
            name = getattr(case, "_testMethodName", "runTest")
            _check_known((type(case).__name__, name), known)
        return unittest.TestResult()

    unittest.TextTestRunner.run = run  # type: ignore[method-assign, assignment]
    unittest.main = lambda *_, **__: None  # type: ignore[assignment]


def _cases(test: Any) -> Iterator[object]:
    if not isinstance(test, Iterable):
        yield test
        return
    for part in test:
        yield from _cases(part)


class Units:
    """Runs units, each of which is a class or a function of its own."""

    def __init__(self, space: _Space, function: object, record: Record) -> None:
        self._space = space
        self._record = record
        self._given = {**space, "candidate": lambda: function}
        self._everywhere = [name for name, value in space.items() if _is_autouse(value)]
        self._cleanups: list[Callable[[], object]] = []

    def run(self, units: list[dict[str, Any]]) -> None:
        """Run all, or up to the first failure. Raises DefectiveTest."""
        ours = [unit for unit in units if not unit["is_case"]]
        if ours and not self._hook(_every_test(ours), self._space, "setup_module"):
            return
        for unit in units:
            if self._record.failed and not self._record.keep_going:
                return
            if unit["is_case"]:
                _run_cases(self._space[unit["class_name"]], unit["tests"], self._record)
            else:
                self._run_unit(unit)
        if ours:
            self._hook(_every_test(ours), self._space, "teardown_module")

    def _hook(self, tests: list[int], space: _Space, name: str) -> bool:
        """Whether a function that stands for several tests went well, or was not there."""
        try:
            _call_with(space.get(name), None)
        except BaseException as error:  # noqa: BLE001 - whatever tests raise is how they end
            for index in tests:
                self._record.fail(index, error)
            return False
        return True

    def _run_unit(self, unit: dict[str, Any]) -> None:
        cls = self._space.get(unit["class_name"])
        tests: dict[str, int] = unit["tests"]
        hooks = {name: getattr(cls, name, None) for name in ("setup_class", "teardown_class")}
        if not self._hook([*tests.values()], hooks, "setup_class"):
            return
        for name, index in tests.items():
            self._record.begin()
            try:
                self._run_test(cls, name)
                self._record.succeed(index)
            except BaseException as error:  # noqa: BLE001 - whatever tests raise is how they end
                if isinstance(error, _Skip) or _is_skip_of_pytest(error):
                    self._record.skip(index)
                    continue
                self._record.fail(index, error)
                if isinstance(error, SolutionLost) or not self._record.keep_going:
                    return
        self._hook([*tests.values()], hooks, "teardown_class")

    def _run_test(self, cls: type | None, name: str) -> None:
        marked = self._space[name] if cls is None else getattr(cls, name)
        if getattr(marked, "__assay_skip__", False) or getattr(cls, "__assay_skip__", False):
            raise _Skip
        rows = getattr(cls, "__assay_cases__", [{}]), getattr(marked, "__assay_cases__", [{}])
        for outer, inner in product(*rows):
            made = None if cls is None else cls()
            test = marked if made is None else getattr(made, name)
            hooks = self._space if made is None else _Hooks(made)
            kind = "function" if made is None else "method"
            try:
                _call_with(hooks.get(f"setup_{kind}"), test)
                self._run_case(made, test, outer | inner)
            finally:
                _call_with(hooks.get(f"teardown_{kind}"), test)

    def _run_case(self, made: object, test: Any, case: dict[str, object]) -> None:
        given = self._given if made is None else {**self._given, **_fixtures(made)}
        self._cleanups = []
        try:
            values: dict[str, object] = {}
            own = [
                name
                for name, value in given.items()
                if name not in self._space and _is_autouse(value)
            ]
            for name in [*self._everywhere, *own]:
                values[name] = self._fill_in(given[name], given, values)
            self._fill_in(test, given, values | case)
        finally:
            for clean_up in reversed(self._cleanups):
                clean_up()

    def _fill_in(self, test: Any, given: _Space, case: dict[str, object]) -> object:
        """Call a test function, or a fixture, with the arguments it asks for by name."""
        code = getattr(test, "__func__", test).__code__
        names = code.co_varnames[: code.co_argcount][isinstance(test, types.MethodType) :]
        optional = getattr(test, "__defaults__", None) or ()
        needed = names[: len(names) - len(optional)]
        for name in needed:
            if name not in case:
                case[name] = self._fill_in(given[name], given, case)
        allowed = {*names, *code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]}
        value = test(**{name: value for name, value in case.items() if name in allowed})
        if not isinstance(value, types.GeneratorType):
            return value

        def clean_up() -> None:
            if next(value, clean_up) is not clean_up:
                raise RuntimeError("a fixture yields twice")

        self._cleanups.append(clean_up)
        return next(value)


def _is_autouse(value: object) -> bool:
    # Other objects may have, or seem to have, whatever attribute they are asked for.
    return isinstance(value, types.FunctionType | types.MethodType) and getattr(
        value, "__assay_autouse__", False
    )


class _Skip(Exception):
    """A test is marked as one to be skipped."""


def _is_skip_of_pytest(error: BaseException) -> bool:
    return type(error).__name__ == "Skipped" and type(error).__module__ == "pytest"


class _Hooks:
    """An object's attributes, as a dict has its items."""

    def __init__(self, value: object) -> None:
        self._value = value

    def get(self, name: str) -> Any:
        return getattr(self._value, name, None)


def _every_test(units: list[dict[str, Any]]) -> list[int]:
    return [index for unit in units for index in unit["tests"].values()]


def _fixtures(made: object) -> _Space:
    return {
        name: getattr(made, name)
        for name in dir(type(made))
        if getattr(getattr(type(made), name, None), "__assay_fixture__", False)
    }


def _call_with(hook: Any, argument: object) -> None:
    """Call what prepares or cleans up, with what it prepares for if it asks for that."""
    if hook is None:
        return
    code = getattr(hook, "__func__", hook).__code__
    takes = code.co_argcount - isinstance(hook, types.MethodType)
    hook(*[argument][:takes])


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

    unittest.TestSuite(map(case, indexes)).run(Result())
