"""What a program is asked to do, and how it is found in the response and tested."""

import enum
from dataclasses import dataclass

_MIB = 1 << 20


class Comparator(enum.Enum):
    """When what a program gave is what was expected. Nothing passes that merely begins right."""

    #: Byte for byte.
    EXACT = "EXACT"
    #: Up to white space at the ends of lines and blank lines at the end.
    TRIMMED = "TRIMMED"
    #: The same words, split at ASCII white space.
    TOKENS = "TOKENS"
    #: As TOKENS, numbers within ``absolute_tolerance`` or ``relative_tolerance``.
    NUMBERS = "NUMBERS"
    #: The same lines, trimmed, as often, in any order.
    UNORDERED_LINES = "UNORDERED_LINES"
    #: The same JSON value: the order of keys is free, 1 is not true, 1 is 1.0.
    JSON = "JSON"
    #: Equal as Python values; with a tolerance, numbers within it. Of calls, the default.
    PYTHON = "PYTHON"


class CodeExtraction(enum.Enum):
    """Where the program of a response is looked for."""

    #: The last fenced block in the task's language; without one, the last block without a tag.
    LAST_BLOCK = "LAST_BLOCK"
    #: The first such block.
    FIRST_BLOCK = "FIRST_BLOCK"
    #: As LAST_BLOCK; the whole response where it has no fences at all.
    BLOCK_OR_WHOLE = "BLOCK_OR_WHOLE"
    #: The whole response is the program.
    WHOLE = "WHOLE"


@dataclass(frozen=True, slots=True)
class StdioTest:
    """Text on stdin, and what the program must print."""

    input: str
    output: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class CallTest:
    """A call of the entry point: a JSON array of arguments, and the JSON value it must return."""

    arguments: str
    expected: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Checker:
    """A trusted program that decides about outputs where several are right.

    It runs in a sandbox of its own, with the files ``input``, ``output`` and ``expected`` in its
    working directory, and accepts with exit code 0 or rejects with 1; anything else is a rejection
    if it accepts what is expected in place of the output, and an error of the task if not. What it
    prints becomes the test's detail.
    """

    source: str
    language: str = "python"


@dataclass(frozen=True, slots=True)
class CodeTask:
    """Tests, and how programs are taken from responses and run against them.

    Exactly one of ``stdio``, ``calls``, ``asserts`` and ``script`` is given, and with it the mode.
    ``asserts`` is Python test code that calls the solution by its names, as HumanEval, MBPP and
    unittest do; it runs in a sandbox of its own, and only data passes between the two. ``script``
    is test code that must run in the solution's own process, in any language: what it reports can
    be forged, and the verdict says so with ``integrity=in_process``.

    ``entry_point`` is the function to call (``f`` or ``Solution.f``); calls need it. ``prefix`` is
    put before the program: imports, or the beginning that a completion continues.
    ``compare_argument`` is the index of the argument that a call changes in place; it is compared
    instead of what the call returns.

    ``partial_credit`` scores the share of passed tests and runs all of them; otherwise testing
    stops at the first test that fails, unless ``run_all``. ``ignore_exit_code`` judges a program
    that exits with an error by its output alone.

    Limits are per test. ``processes`` above 1 allows child processes.
    """

    stdio: tuple[StdioTest, ...] = ()
    calls: tuple[CallTest, ...] = ()
    asserts: str = ""
    script: str = ""
    language: str = "python"
    entry_point: str = ""
    prefix: str = ""
    comparator: Comparator | None = None
    absolute_tolerance: float = 0.0
    relative_tolerance: float = 0.0
    checker: Checker | None = None
    partial_credit: bool = False
    run_all: bool = False
    ignore_exit_code: bool = False
    compare_argument: int | None = None
    extraction: CodeExtraction = CodeExtraction.LAST_BLOCK
    reasoning_end: str = "</think>"
    cpu_seconds: float = 10.0
    memory_bytes: int = 512 * _MIB
    output_bytes: int = 16 * _MIB
    processes: int = 1
