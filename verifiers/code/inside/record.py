"""How test code fares: what each of its tests comes to, and why."""

import re
import reprlib
import types

from assayoffice.verifiers.code.inside.remote import (
    Channel,
    DefectiveTest,
    SolutionLost,
    exception_text,
)

#: What tracebacks call the tests.
TESTS_FILE = "tests.py"
_WORD = re.compile(r"\w+")
# Where an object lies in memory differs from run to run, and reports must not.
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")


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

    def __init__(self, tests: int, keep_going: bool, channel: Channel, source: str) -> None:
        self.results: list[tuple[str, str] | None] = [None] * tests
        self.keep_going = keep_going
        self.channel = channel
        #: How many assertions have been evaluated, and how many test functions begun.
        self.evidence = 0
        self.missing: set[str] = set()
        #: Names of the solution's.
        self.used: set[str] = set()
        self._lines = source.split("\n")
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
        if error := self.take_failure_within():
            self.fail(index, error)
        elif self.results[index] is None:
            self.results[index] = ("passed", "")

    def take_failure_within(self) -> AssertionError | None:
        """An assertion that has failed unseen by the tests since this was asked before."""
        error, self.channel.failed_within = self.channel.failed_within, None
        return None if error is self._noted else error

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
        if isinstance(error, AssertionError | TypeError) and self._is_about_the_solution(error):
            self.channel.note_exchange()
        if isinstance(error, AssertionError):
            return "wrong", self._latest_call()
        if isinstance(error, ImportError) or not self.channel.exchanged:
            raise DefectiveTest(exception_text(kind, str(error)))
        return "wrong", f"{kind} in the tests; {self._latest_call()}".rstrip("; ")

    def _is_about_the_solution(self, error: BaseException) -> bool:
        """Whether a line of the tests that led to an error uses anything of the solution's."""
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == TESTS_FILE:
                line = self._lines[trace.tb_lineno - 1]
                if not self.used.isdisjoint(_WORD.findall(line)):
                    return True
            trace = trace.tb_next
        return False

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


class Assertion:
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
