"""A program, and then the script that tests it, in one namespace.

It returns if the script has come to its end, or has ended itself without an error, and something
was tested on the way that did not fail. Otherwise it exits: what is told by an exit status alone
counts for nothing.
"""

import os
import sys
import types
from typing import Any, NoReturn, cast

#: Written to ANSWER_FD in place of a token: when nothing was tested, and when the program raised an
#: error before it could be.
UNTESTED, BROKEN = b"untested", b"broken"
_ANSWER_FD = 4


class _Ended(SystemExit):
    """The script's own exit: a program cannot raise it by accident."""


class _Evidence:
    """What has been tested so far."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = False

    def take(self) -> None:
        """Called after each assertion of the script."""
        self.passed += 1

    def watch_unittest(self) -> None:
        """Count tests of unittest, however they are run, and let no run end the process."""
        import unittest

        evidence = self
        outcomes = cast(Any, unittest.TestResult)
        program = cast(Any, unittest.TestProgram)

        def counting(name: str, *, passes: bool) -> None:
            before = getattr(outcomes, name)

            def add(result: object, test: object, *details: object) -> None:
                before(result, test, *details)
                if passes:
                    evidence.passed += 1
                elif name != "addSubTest" or details[1] is not None:
                    evidence.failed = True

            setattr(outcomes, name, add)

        counting("addSuccess", passes=True)
        counting("addExpectedFailure", passes=True)
        for name in ("addFailure", "addError", "addSubTest", "addUnexpectedSuccess"):
            counting(name, passes=False)
        run_tests = program.runTests

        def run_on(tests: Any) -> None:
            tests.exit = False
            run_tests(tests)

        program.runTests = run_on


def _end(code: object = None) -> NoReturn:
    raise _Ended(code)


def run(program: str, tests: str, uses_unittest: bool, needs_evidence: bool) -> None:
    """Run ``program``, then ``tests`` as ``scripttests`` has marked them."""
    write = os.write
    main = types.ModuleType("__main__")
    main.__dict__["__file__"] = "solution.py"
    sys.modules["__main__"] = main
    try:
        exec(compile(program, "solution.py", "exec", dont_inherit=True), main.__dict__)
    except Exception:
        write(_ANSWER_FD, BROKEN)
        raise
    evidence = _Evidence()
    if uses_unittest:
        evidence.watch_unittest()
    main.__dict__.update({"__assay_tested__": evidence.take, "__assay_end__": _end})
    try:
        exec(compile(tests, "tests.py", "exec", dont_inherit=True), main.__dict__)
    except _Ended as end:
        if end.code not in (None, 0):
            raise
    if evidence.failed:
        sys.exit(1)
    if needs_evidence and not evidence.passed:
        write(_ANSWER_FD, UNTESTED)
        sys.exit(0)
