"""Assert-style tests in a process of their own: honest solutions pass, and no cheat does."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest

from assayoffice.sandbox.programs.sandbox import Sandbox
from assayoffice.sandbox.programs.toolchains import Toolchains
from assayoffice.verifiers.base import InvalidTaskError, UnscorableReferenceError
from assayoffice.verifiers.code import asserts, inside
from assayoffice.verifiers.code.machine import Machine
from assayoffice.verifiers.code.report import Grade, Report
from assayoffice.verifiers.code.task import CodeTask


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with Sandbox() as sandbox:
        yield Machine(sandbox, Toolchains(sandbox))


def _reports(machine: Machine, source: str, tests: str, **fields: Any) -> list[Report]:
    task = CodeTask(asserts=tests, **({"cpu_seconds": 2.0} | fields))
    reports = list(asserts.reports(source, task, machine))
    assert tuple(report.name for report in reports) == asserts.names(task)
    return reports


def _grades(machine: Machine, source: str, tests: str, **fields: Any) -> list[Grade]:
    return [report.grade for report in _reports(machine, source, tests, **fields)]


def _passes(machine: Machine, source: str, tests: str, **fields: Any) -> bool:
    return set(_grades(machine, source, tests, **fields)) == {Grade.PASSED}


PASSED, WRONG, ERROR = Grade.PASSED, Grade.WRONG_ANSWER, Grade.RUNTIME_ERROR

HUMANEVAL = '''
from typing import List

def add(a: int, b: List[int]) -> int:
    """ Add a to the sum of b.
    >>> add(1, [2])
    3
    """


METADATA = {"author": "nobody"}


def check(candidate):
    assert candidate(1, [2, 3]) == 6
    assert True, "This prints if this assert fails"
    for a in range(3):
        assert candidate(a, []) == a, "an empty list"
    assert abs(candidate(0.5, [0.25]) - 0.75) < 1e-6
'''
ADD = "def add(a, b):\n    return a + sum(b)"


def test_humaneval_tests_run_with_their_prompt(machine: Machine) -> None:
    reports = _reports(machine, ADD, HUMANEVAL, entry_point="add")
    assert reports == [Report(f"assert {number}", PASSED) for number in (1, 2, 3)]


def test_a_check_that_the_tests_call_is_called_once(machine: Machine) -> None:
    counting = "calls = []\ndef add(a, b):\n    calls.append(a)\n    return len(calls)"
    once = "def check(f):\n    assert f(0, []) == 1\n"
    assert _passes(machine, counting, once, entry_point="add")
    assert _passes(machine, counting, once + "check(add)", entry_point="add")


def test_mbpp_tests_run_without_an_entry_point(machine: Machine) -> None:
    tests = "assert add(1, [2]) == 3\nassert add(1, [1, 1]) == 4"
    assert _reports(machine, ADD, tests) == [
        Report("assert 1", PASSED),
        Report("assert 2", WRONG, "add(1, [1, 1]) returned 3"),
    ]


UNITTEST = """
import unittest

class TestAdd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = add(1, [])

    def setUp(self):
        self.list = [2, 3]

    def test_sum(self):
        self.assertEqual(add(self.base, self.list), 6)

    def test_bad(self):
        with self.assertRaises(TypeError):
            add("a", [1])
        with self.assertRaisesRegex(ValueError, "too (many|few)"):
            add(1, [0] * 100)

    def test_parts(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertAlmostEqual(add(number, [0.1]), number + 0.1)

    @unittest.skip("not now")
    def test_later(self):
        self.fail()

class TestMore(TestAdd):
    def test_more(self):
        self.assertIn(add(1, [1]), (2, 3))

if __name__ == "__main__":
    unittest.main()
"""


def test_unittest_classes_run_test_by_test(machine: Machine) -> None:
    right = "def add(a, b):\n    if len(b) > 9: raise ValueError('too many')\n    return a + sum(b)"
    reports = _reports(machine, right, UNITTEST)
    assert [report.name for report in reports] == [
        "TestAdd.test_sum",
        "TestAdd.test_bad",
        "TestAdd.test_parts",
        "TestAdd.test_later",
        "TestMore.test_sum",
        "TestMore.test_bad",
        "TestMore.test_parts",
        "TestMore.test_later",
        "TestMore.test_more",
    ]
    skipped = [report.name for report in reports if report.grade is Grade.SKIPPED]
    assert skipped == ["TestAdd.test_later", "TestMore.test_later"]
    assert {report.grade for report in reports} == {PASSED, Grade.SKIPPED}
    wrong = _grades(machine, "def add(a, b): return 6", UNITTEST, run_all=True)
    assert wrong[:4] == [PASSED, WRONG, WRONG, Grade.SKIPPED]


def test_a_class_that_cannot_be_set_up_fails_whole(machine: Machine) -> None:
    broken = "def add(a, b): raise OSError('no')"
    assert _reports(machine, broken, UNITTEST, run_all=True)[0] == Report(
        "TestAdd.test_sum", ERROR, "OSError: no"
    )


def test_test_functions_are_called_and_their_asserts_are_theirs(machine: Machine) -> None:
    tests = """
def expect(value, wanted):
    assert value == wanted

def test_small():
    expect(add(1, [1]), 2)

def test_candidate(candidate):
    assert candidate(1, [2]) == 3

def test_wrong():
    try:
        expect(add(1, []), 2)
    except AssertionError:
        expect(add(1, []), 3)

assert add(0, []) == 0
"""
    assert _reports(machine, ADD, tests, entry_point="add", run_all=True) == [
        Report("assert 1", PASSED),
        Report("test_small", PASSED),
        Report("test_candidate", PASSED),
        Report("test_wrong", WRONG, "add(1, []) returned 1"),
    ]


PYTEST = """
import pytest
from pytest import approx

@pytest.fixture
def one():
    return add(1, [])

@pytest.fixture(scope="module")
def three(one):
    yield [one, 2]
    assert add(one, [2]) == 3

@pytest.mark.parametrize("a, b", [(1, 2), (3, 4)])
@pytest.mark.parametrize("c", [5, 6])
def test_parameters(a, b, c, one):
    assert add(a, [b, c]) == a + b + c
    assert one == 1

@pytest.mark.slow
def test_near(three):
    assert add(0.1, [0.2]) == approx(0.3)
    assert [add(0.1, [0.2]), 1] == pytest.approx([0.3, 1])
    assert {"x": add(0.1, [0.2])} == approx({"x": 0.3})
    assert add(0, [0]) != approx(0.1, abs=0.01)
    assert sum(three) == 3

def test_raises():
    with pytest.raises(TypeError, match="unsupported") as caught:
        add(1, ["a"])
    assert "str" in str(caught.value)
    pytest.raises((ValueError, TypeError), add, "a", [1])

@pytest.mark.skip(reason="not now")
def test_later():
    pytest.fail()

def test_elsewhere():
    pytest.skip("not here")

class TestAdd:
    def setup_method(self):
        self.two = add(1, [1])

    def test_method(self, one):
        assert self.two == one + 1
"""


def test_pytest_tests_run_without_pytest(machine: Machine) -> None:
    reports = _reports(machine, ADD, PYTEST)
    assert {report.name: report.grade for report in reports} == {
        "test_parameters": PASSED,
        "test_near": PASSED,
        "test_raises": PASSED,
        "test_later": Grade.SKIPPED,
        "test_elsewhere": Grade.SKIPPED,
        "TestAdd.test_method": PASSED,
    }
    wrong = "def add(a, b): return a"
    assert _grades(machine, wrong, PYTEST, run_all=True) == [
        WRONG,
        WRONG,
        WRONG,
        Grade.SKIPPED,
        Grade.SKIPPED,
        WRONG,
    ]


def test_testing_goes_on_after_a_failure_only_if_asked_to(machine: Machine) -> None:
    tests = "assert add(1, []) == 1\nassert add(1, []) == 2\nassert add(2, []) == 2"
    assert _grades(machine, ADD, tests) == [PASSED, WRONG, Grade.SKIPPED]
    assert _grades(machine, ADD, tests, run_all=True) == [PASSED, WRONG, PASSED]
    assert _grades(machine, ADD, tests, partial_credit=True) == [PASSED, WRONG, PASSED]


def test_an_assertion_in_a_loop_fails_if_it_fails_once(machine: Machine) -> None:
    tests = "for a in range(5):\n    assert add(a, []) != 3\nassert add(0, []) == 0"
    assert _grades(machine, ADD, tests, run_all=True) == [WRONG, PASSED]


def test_what_must_raise_is_tested_by_try_and_assert_false(machine: Machine) -> None:
    tests = "try:\n    f(0)\n    assert False, 'no error'\nexcept ValueError as error:\n    pass"
    assert _passes(machine, "def f(x): raise ValueError", tests)
    assert _grades(machine, "def f(x): return 1", tests) == [WRONG]
    assert _grades(machine, "def f(x): raise KeyError", tests) == [ERROR]


def test_an_assertion_may_be_caught_by_the_tests(machine: Machine) -> None:
    tests = (
        "try:\n    assert f(1) == 2\nexcept AssertionError:\n    assert f(1) == 1\n"
        "import contextlib\nwith contextlib.suppress(AssertionError):\n    assert f(1) == 3\n"
        "assert f(1) == 1"
    )
    assert _passes(machine, "def f(x): return x", tests, run_all=True)
    assert _passes(machine, "def f(x): return x", tests)


def test_an_error_between_assertions_fails_the_next_one(machine: Machine) -> None:
    tests = "assert f(1) == 1\nx = f(0)\nassert x == 0\nassert f(2) == 2"
    source = "def f(x): return x * x // x"
    assert _reports(machine, source, tests, run_all=True) == [
        Report("assert 1", PASSED),
        Report("assert 2", ERROR, "ZeroDivisionError: integer division or modulo by zero"),
        Report("assert 3", Grade.SKIPPED),
    ]
    after_all = _grades(machine, source, "assert f(1) == 1\nf(0)")
    assert after_all == [ERROR]


def test_exceptions_arrive_as_builtins_or_by_the_solutions_names(machine: Machine) -> None:
    source = """
class Base(ValueError): pass
class Derived(Base):
    def __init__(self, code, text): super().__init__(code, text)
class Hidden(KeyError): pass
def f(x):
    raise {1: Derived(7, "seven"), 2: Hidden("key"), 3: AssertionError("no"), 4: SystemExit(0),
           5: UnicodeDecodeError("utf-8", b"a", 0, 1, "bad")}[x]
"""
    tests = """
import unittest
class TestErrors(unittest.TestCase):
    def test_base(self):
        with self.assertRaises(Base):
            f(1)
    def test_derived(self):
        with self.assertRaises(Derived) as caught:
            f(1)
        self.assertEqual(caught.exception.args, (7, "seven"))
    def test_hidden(self):
        with self.assertRaises(KeyError) as caught:
            f(2)
        self.assertEqual(str(caught.exception), "'key'")
    def test_assertion(self):
        self.assertRaises(AssertionError, f, 3)
    def test_exit(self):
        self.assertRaises(SystemExit, f, 4)
    def test_unicode(self):
        self.assertRaises(UnicodeDecodeError, f, 5)
    def test_not_this_one(self):
        with self.assertRaises(OSError):
            f(2)
"""
    assert _grades(machine, source, tests, run_all=True) == [PASSED] * 6 + [ERROR]


STACK = """
class Stack:
    kind = "stack"
    def __init__(self, *items): self.items = list(items)
    def push(self, item, *, twice=False): self.items += [item] * (2 if twice else 1)
    def pop(self):
        if not self.items: raise IndexError("empty")
        return self.items.pop()
    def copy(self): return Stack(*self.items)
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
    def __getitem__(self, at): return self.items[at]
    def __setitem__(self, at, item): self.items[at] = item
    def __str__(self): return f"Stack{self.items}"
    def __add__(self, other): return Stack(*self.items, *other.items)
    @property
    def top(self): return self.items[-1]
LIMIT = 5
"""


def test_classes_are_tested_by_what_their_objects_give(machine: Machine) -> None:
    tests = """
s = Stack(1)
s.push(2)
s.push(3, twice=True)
assert s.pop() == 3
assert s.items == [1, 2, 3] and s.top == 3 and Stack.kind == "stack"
assert len(s) == 3 and list(s) == [1, 2, 3] and s[0] == 1 and s[-2:] == [2, 3]
assert str(s) == f"{s}" == "Stack[1, 2, 3]" and 2 in s and bool(s) and not Stack()
s[0] = 9
s.items = s.items + [4]
assert s.items == [9, 2, 3, 4]
assert isinstance(s, Stack) and not isinstance(3, Stack)
t = s.copy()
t.push(5)
assert (s.items, t.items) == ([9, 2, 3, 4], [9, 2, 3, 4, 5]) and (s + t).pop() == 5
assert s == s and s != t and s in [t, s]
assert LIMIT == 5
try:
    Stack().pop()
    assert False
except IndexError as error:
    assert str(error) == "empty"
"""
    assert _passes(machine, STACK, tests, run_all=True)


def test_whether_two_objects_are_equal_is_not_for_the_solution_to_say(machine: Machine) -> None:
    source = "class A:\n    def __eq__(self, other): return True\n    def __hash__(self): return 1"
    for test in ("A() == A()", "A() == 1", "1 == A()", "A() in [A()]", "[A()] == [A()]"):
        assert _grades(machine, source, f"assert {test}") == [WRONG]


def test_functions_that_make_functions_and_iterators_work(machine: Machine) -> None:
    source = """
import itertools
def compose(*functions):
    def run(x):
        for function in functions: x = function(x)
        return x
    return run
def naturals(): return itertools.count()
def words(text): yield from text.split()
"""
    tests = """
from itertools import islice
assert compose(lambda x: x + 1, str, len)(99) == 3
def double(x): return 2 * x
assert compose(double, compose(double, double))(1) == 8
assert list(islice(naturals(), 3)) == [0, 1, 2]
gen = words("a b")
assert next(gen) == "a" and next(gen) == "b" and next(gen, None) is None
assert sorted(words("b a")) == ["a", "b"]
def fail(x): raise LookupError("mine")
try:
    compose(fail)(1)
    assert False
except LookupError as error:
    assert str(error) == "mine"
"""
    assert _passes(machine, source, tests, run_all=True)


def test_a_call_made_for_its_effect_changes_the_tests_own_arguments(machine: Machine) -> None:
    source = """
def work(numbers, table, seen):
    numbers.sort(); table["x"] = numbers[:1]; seen.discard(1)
    return numbers
"""
    start = "n, d, s = [2, [3], 1][::2], {}, {1, 2}\nalso = n\n"
    tests = start + "work(n, d, seen=s)\nassert also == [1, 2] and d == {'x': [1]}"
    assert _passes(machine, source, tests)
    # Where its value is used, what it does to its arguments is seen afterwards, and only then: it
    # must not make a comparison true.
    tests = start + "assert work(n, d, seen=s) == [1, 2] != n\nassert n == [1, 2] and s == {2}"
    assert _passes(machine, source, tests)
    tests = start + "assert work(n, d, s) == n\nassert n == [1, 2]"
    assert _grades(machine, source, tests)[0] is WRONG
    tests = start + "x = work(seen=s, table=d, numbers=n)\nassert x == n and d == {'x': [1]}"
    assert _passes(machine, source, tests)
    tests = (
        "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        n = [2, 1]\n"
        "        self.assertEqual(work(n, {}, set()), [1, 2])\n        self.assertEqual(n, [1, 2])"
    )
    assert _passes(machine, source, tests)


@pytest.mark.parametrize(
    "tests",
    [
        "from solution import add\nassert add(1, [2]) == 3",
        "from your_module import add as plus\nassert plus(1, [2]) == 3",
        "from .solution import *\nassert add(1, [2]) == 3",
        "import math, solution\nassert solution.add(1, [2]) == math.floor(3)",
        "import main as m\nfrom main import add\nassert m.add(1, [2]) == add(2, [1])",
        "assert candidate(1, [2]) == 3",
        "def add(a: List[int], b) -> Optional[int]: pass\nassert add(1, [2]) == 3",
        "assert math.isclose(add(1, [0.5]), 1.5) and isclose(add(1, [0.5]), 1.5)",
        "assert eval('add(1, [2])') == 3",
        "assert eval(str(add(1, [2]))) == 3 and eval(' x + 1', {'x': add(1, [2])}) == 4",
        "import sys\nassert add(1, [2]) == 3\nsys.exit(0)",
        "'''Tests.'''\nfrom __future__ import annotations\nassert isclose(candidate(1, [2]), 3)",
        "def test_it(*, x=1): assert add(1, [2]) == 3",
        "from unittest import TestCase, main\n"
        "class T(TestCase):\n    def test(self): self.assertEqual(add(1, [2]), 3)\nmain()",
    ],
)
def test_names_are_found_where_people_leave_them(machine: Machine, tests: str) -> None:
    assert _passes(machine, ADD, tests, entry_point="add")


@pytest.mark.parametrize("entry_point", ["Solution.add", "Solution().add", "add"])
def test_methods_are_called_on_new_objects(machine: Machine, entry_point: str) -> None:
    source = """
class Solution:
    def __init__(self): self.calls = 0
    def add(self, a, b):
        self.calls += 1
        return a + sum(b) if self.calls == 1 else None
"""
    assert _passes(machine, source, HUMANEVAL, entry_point=entry_point)


@pytest.mark.parametrize(
    ("tests", "message"),
    [
        ("assert add(1, [2]) == 3)", "no Python code"),
        ("x" * 3 + "\0", "no Python code"),
        ("(" * 10_000, "no Python code"),
        ("print(add(1, [2]))", "holds no test"),
        ("assert True", "holds no test"),
        ("def test_x(tmp_path): assert add(1, [2]) == 3", "takes tmp_path, which nothing gives"),
        ("async def test_x(): assert add(1, [2]) == 3", "async"),
        ("class TestX:\n    def test(self, x): assert add(1, [2]) == 3", "takes x"),
        ("import nonesuch\nassert add(1, [2]) == 3", "nonesuch"),
        ("raise RuntimeError('bug')\nassert add(1, [2]) == 3", "RuntimeError: bug"),
        ("assert add(1, [object()]) == 3", "an object of type object"),
        ("assert max([3]) == 3", "do not use the solution"),
        ("assert max([3]) == 4", "do not use the solution"),
        ("exec(add(1, [2]))\nassert add(1, [2]) == 3", "exec may run"),
        ("run = compile\nassert add(1, [2]) == 3", "compile may run"),
        ("import pickle\nassert pickle.loads(add(1, [2])) == 3", "pickle may run"),
        ("from importlib import import_module\nassert add(1, [2]) == 3", "importlib may run"),
        ("import builtins as b\nb.exec(add(1, [2]))\nassert add(1, [2]) == 3", "builtins may run"),
        ("run = getattr(__import__('os'), 'exec')\nassert add(1, [2]) == 3", "exec may run"),
        ("exec('x = eval(add(1, [2]))')\nassert x == 3", "eval may run"),
        ("assert __import__('builtins').exec(add(1, [2])) == 3", "builtins may run"),
        ("from sympy import sympify\nassert sympify(add(1, [2])) == 3", "sympify may run"),
        ("assert_equal(add(1, [2]), 3)\nassert add(1, [2]) == 3", "assert_equal would be the"),
        ("assert np.isclose(add(1, [2]), 3)", "No module named 'numpy'"),
        ("from contextlib import redirect_stdout\nimport io\nout = io.StringIO()\n"
         "with redirect_stdout(out):\n    add(1, [2])\nassert out.getvalue()", "redirect_stdout"),
        ("import io, sys\nsys.stdout = io.StringIO()\nadd(1, [2])\n"
         "assert sys.stdout.getvalue()", "sys.stdout is replaced"),
        ("from unittest.mock import patch\nwith patch('builtins.input', return_value='1'):\n"
         "    assert add(1, [2]) == 3", "builtins.input is replaced"),
        ("import os\nos._exit(0)\nassert add(1, [2]) == 3", "end too early"),
        ("import unittest\nclass T(unittest.TestCase):\n    @unittest.skip('')\n"
         "    def test(self): add(1, [])", "do not use the solution"),
    ],
)  # fmt: skip
def test_tests_that_no_solution_can_pass_are_the_tasks_fault(
    machine: Machine, tests: str, message: str
) -> None:
    with pytest.raises(UnscorableReferenceError, match=message) as caught:
        _reports(machine, ADD, tests)
    assert caught.value.field == "asserts"


def test_tests_that_never_end_by_themselves_are_the_tasks_fault(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asserts, "_TESTS_CPU_SECONDS", 0.5)
    endless = "while True: pass\n"
    with pytest.raises(UnscorableReferenceError, match="the tests used up"):
        _reports(machine, ADD, f"{endless}assert add(1, [2]) == 3", cpu_seconds=0.1)
    # What the solution has given them may be what keeps them busy.
    after = f"assert add(1, [2]) == 3\n{endless}"
    assert _reports(machine, ADD, after, cpu_seconds=0.1) == [
        Report("assert 1", Grade.CPU_TIME, "the tests could not cope with what was returned")
    ]


def test_a_check_needs_an_entry_point(machine: Machine) -> None:
    with pytest.raises(InvalidTaskError, match="entry_point"):
        _reports(machine, ADD, HUMANEVAL)


@pytest.mark.parametrize(
    ("source", "grade", "detail"),
    [
        ("import sys\nsys.exit(0)", ERROR, "SystemExit: 0"),
        ("import os\nos._exit(0)", ERROR, "the program ended during the tests"),
        ("import os\ndef add(a, b): os._exit(0)", ERROR, "the program ended during the tests"),
        ("import os\ndef add(a, b): os.abort()", ERROR, "killed by SIGABRT"),
        ("def add(a, b): raise SystemExit", ERROR, "SystemExit"),
        ("def add(a, b) return", ERROR, "SyntaxError: expected ':' (solution.py, line 1)"),
        ("def plus(a, b): return a + sum(b)", ERROR, "the program defines no function add"),
        ("def add(a, b): raise ValueError(object())", ERROR,
         "ValueError: <object object at 0x...>"),
        ("def add(a, b): return add(a, b)", ERROR, None),
        ("def add(a, b):\n    while True: pass", Grade.CPU_TIME, "used up its CPU time"),
        ("while True: pass", Grade.CPU_TIME, "used up its CPU time"),
        ("def add(a, b): return [0] * 10 ** 11", ERROR, "exit code 1: 'MemoryError'"),
        ("def add(a, b):\n    while True: b = [b, [0] * 10 ** 6]", Grade.MEMORY,
         "used up its memory"),
        ("def add(a, b):\n    while True: print('x' * 10 ** 6)", Grade.OUTPUT, None),
        ("def add(a, b): return None", WRONG, "add(1, [2, 3]) returned None"),
        ("def add(a, b): return object()", WRONG, "add(1, [2, 3]) returned <Remote>"),
        ("def add(a, b): return float('nan')", WRONG, "add(1, [2, 3]) returned nan"),
        ("def add(a, b): return 10 ** 10000", WRONG,
         "add(1, [2, 3]) returned <an integer of 33220 bits>"),
        ("def add(a, b):\n    for _ in range(10 ** 5): a = [a]\n    return a", ERROR,
         "TooMuchDataError: it is nested too deeply"),
        ("def add(a, b):\n    b.append(b)\n    return b", ERROR,
         "TooMuchDataError: it is nested too deeply"),
        ("def add(a, b): return 'x' * 10 ** 8", ERROR, "TooMuchDataError: it is too large"),
    ],
)  # fmt: skip
def test_solutions_that_fail_are_told_how(
    machine: Machine, source: str, grade: Grade, detail: str | None
) -> None:
    # On a busy host, filling memory takes more CPU time.
    allowed = 10.0 if grade is Grade.MEMORY else 0.5
    report = _reports(machine, source, HUMANEVAL, entry_point="add", cpu_seconds=allowed)[0]
    assert report.grade is grade
    assert detail is None or report.detail == detail


def test_waiting_forever_is_a_matter_of_wall_time(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asserts, "_TESTS_CPU_SECONDS", 0.5)
    source = "import time\ndef add(a, b): time.sleep(100)"
    reports = _reports(machine, source, HUMANEVAL, entry_point="add", cpu_seconds=0.1)
    assert reports[0] == Report("assert 1", Grade.WALL_TIME, "waited too long")


_ALWAYS = """
class Always{base}:
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = lambda self: 6
    __bool__ = lambda self: True
    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = lambda self, other: 0
    __abs__ = __neg__ = __float__ = __int__ = __round__ = lambda self, *_: 0
    def __getattr__(self, name): return lambda *_, **__: True
"""
_SEND = """
import socket
channel = socket.socket(fileno=5)
def send(*texts):
    for text in texts: channel.sendall(len(text).to_bytes(4, "big") + text.encode())
"""
_NAMES = '["t","names",["l"],["h","kept",0]]'

CHEATS = {
    "constant": "def add(a, b): return 6",
    "nothing": "def add(a, b): return None",
    "always equal": _ALWAYS.format(base="") + "def add(a, b): return Always()",
    "a class instead of a function": _ALWAYS.format(base="")
    + "class add(Always):\n    def __init__(self, a, b): pass",
    "an int that equals all": _ALWAYS.format(base="(int)") + "def add(a, b): return Always(6)",
    "a str that equals all": _ALWAYS.format(base="(str)") + "def add(a, b): return Always('6')",
    "a list that equals all": _ALWAYS.format(base="(list)") + "def add(a, b): return Always([6])",
    "a float that equals all": _ALWAYS.format(base="(float)") + "def add(a, b): return Always(6)",
    "a function of a metaclass that equals all": "class Meta(type):\n    __eq__ = lambda *_: True\n"
    "    __hash__ = type.__hash__\n    __sub__ = lambda *_: 0\n"
    "class M(metaclass=Meta): pass\ndef add(a, b): return M",
    "exit in a thread": "import os, threading\n"
    "threading.Thread(target=os._exit, args=[0]).start()\n"
    "def add(a, b):\n    while True: pass",
    "exit when collected": "import os\nclass E:\n    def __del__(self): os._exit(0)\n"
    "def add(a, b): return E() and None",
    "exit when compared": "import os\nclass E:\n    def __eq__(self, other): os._exit(0)\n"
    "    __bool__ = __hash__ = __repr__ = __eq__\ndef add(a, b): return E()",
    "AssertionError": "def add(a, b): raise AssertionError",
    "StopIteration": "def add(a, b): raise StopIteration",
    "SkipTest": "import unittest\ndef add(a, b): raise unittest.SkipTest",
    "KeyboardInterrupt": "def add(a, b): raise KeyboardInterrupt",
    "BaseException": "class E(BaseException): pass\ndef add(a, b): raise E",
    "ImportError": "def add(a, b): raise ImportError",
    "an exception that cannot be told": "class E(Exception):\n"
    "    args = property(lambda self: 1/0)\n"
    "    def __str__(self): raise self\ndef add(a, b): raise E",
    "patched builtins": "import builtins\n"
    "for name in ('AssertionError', '__build_class__', 'isinstance', 'abs', 'len', 'getattr'):\n"
    "    setattr(builtins, name, lambda *a, **k: True)\ndef add(a, b): return True",
    "patched modules": "import json, operator, unittest, sys\n"
    'operator.eq = lambda *_: True\njson.dumps = lambda *a, **k: \'["t","returned",true]\'\n'
    "unittest.TestCase.assertEqual = lambda *_: None\nsys.modules.clear()\n"
    "def add(a, b): return True",
    "frames and objects": "import gc, sys\ndef add(a, b):\n    frame = sys._getframe()\n"
    "    while frame:\n        for name, value in frame.f_locals.items():\n"
    "            if 'record' in name or 'result' in name: value.results = [('passed', '')] * 3\n"
    "        frame = frame.f_back\n"
    "    for thing in gc.get_objects():\n"
    "        if type(thing).__name__ == 'Record': thing.results = [('passed', '')] * 3",
    "the other end's files": "import os\ndef add(a, b):\n    found = ''\n"
    "    for fd in range(3, 64):\n        try: found += os.pread(fd, 10 ** 6, 0).decode()\n"
    "        except OSError: pass\n"
    '        try: os.write(fd, b\'{"results":[["passed",""]],"evidence":1,"defect":""}\')\n'
    "        except OSError: pass\n    os._exit(0)",
    "clocks and chances": "import random, time\ntime.time = random.seed = lambda *_: 0\n"
    "def add(a, b): return random.randrange(10)",
    "printing": "def add(a, b):\n    print('PASS\\n3 passed\\nOK')",
    "forged answers": _SEND + f'send(\'{_NAMES}\', *[\'["t","returned",6,["l"]]\'] * 999)',
    "forged builtins": _SEND
    + 'send(\'["t","names",["l",["t","abs",["h","kept",0],""],["t","check",6,""]],'
    '["h","kept",1]]\', *[\'["t","returned",0,["l"]]\'] * 999)',
    "forged calls back": _SEND + f'send(\'{_NAMES}\', *[\'["t","call back",0,["t"],["d"]]\'] * 9)',
    "forged nonsense": _SEND + "send('', '[]', 'x' * 10 ** 6)",
    "a frame that takes all memory": _SEND + "data = b'[\"l\"' + b',[]' * ((16 << 20) // 3 - 2)\n"
    "data += b' ' * ((16 << 20) - len(data) - 1)\n"
    "channel.sendall(len(data).to_bytes(4, 'big') + data + b']')",
    "a frame without an end": _SEND + "channel.sendall(b'\\xff' * 10 ** 6)",
    "half a frame": _SEND + "channel.sendall(b'\\0\\0\\0')",
    "deep nonsense": _SEND + "send('[' * 10 ** 6)",
    "closing the channel": "import os\nos.close(5)\ndef add(a, b): return 6",
}


@pytest.mark.parametrize("cheat", CHEATS)
@pytest.mark.parametrize("tests", ["humaneval", "unittest", "pytest"])
def test_no_cheat_passes(machine: Machine, cheat: str, tests: str) -> None:
    code = {"humaneval": HUMANEVAL, "unittest": UNITTEST, "pytest": PYTEST}[tests]
    grades = _grades(machine, CHEATS[cheat], code, entry_point="add", cpu_seconds=1.0)
    failed = [grade for grade in grades if grade not in (PASSED, Grade.SKIPPED)]
    assert failed


@pytest.mark.parametrize(
    "test",
    [
        "f(1).startswith('x')",
        "f(1).issuperset({1})",
        "abs(f(1) - 3.5) < 1e-6",
        "3.5 - f(1) == 0",
        "f(1) <= 3.5 <= f(1)",
        "max(f(1), 3.5) == 3.5",
        "math.isclose(f(1), 3.5)",
        "isclose(f(1), 3.5)",
        "round(f(1), 1) == 3.5",
        "all(map(f, [1]))",
        "all(f(x) == x for x in [1, 2])",
        "eval(f(1)) == 3.5",
        "eval(g(1)) == 3.5",
        "int(f(1)) == 3",
    ],
)
def test_no_comparison_is_left_to_an_object_of_the_solutions(machine: Machine, test: str) -> None:
    source = _ALWAYS.format(base="") + (
        "class math:\n    isclose = lambda *_: True\nisclose = lambda *_: True\n"
        "def g(x): return '__import__(\"os\")._exit(0)'\n"
        "def f(x):\n    if x == 1 and not hasattr(f, 'loop'): return Always()\n"
        "    raise StopIteration\n"
    )
    if "map" in test:
        source += "f.loop = True\n"
    assert _grades(machine, source, f"assert {test}")[0] in (WRONG, ERROR)


def test_an_endless_iterator_is_given_up(machine: Machine) -> None:
    source = "def f(x):\n    while True: yield x"
    grades = _grades(machine, source, "assert sum(f(1)) == 3\nassert f(1) == 3", cpu_seconds=60.0)
    assert grades == [WRONG, Grade.SKIPPED]


@pytest.mark.parametrize(
    "ending", ["", "os._exit(3)", "send('nonsense' * 10 ** 5)", "while True: send('[]')"]
)
def test_what_happens_at_once_is_reported_in_one_way(machine: Machine, ending: str) -> None:
    source = _SEND + f"import os\nsend('{_NAMES}', 'nonsense')\n{ending}"
    report = Report("assert 1", ERROR, "the program wrote what only its harness may write")
    for _ in range(5):
        assert _reports(machine, source, "assert f(1) == 1", entry_point="f") == [report]


def test_crashing_late_leaves_the_earlier_passes(machine: Machine) -> None:
    source = "import os\ndef f(x): return x if x < 2 else os._exit(0)"
    tests = "assert f(0) == 0\nassert f(1) == 1\nassert f(2) == 2\nassert f(3) == 3"
    grades = _grades(machine, source, tests, run_all=True)
    assert grades == [PASSED, PASSED, ERROR, Grade.SKIPPED]


def test_a_solution_that_ends_is_not_excused_by_tests_that_catch_everything(
    machine: Machine,
) -> None:
    tests = "try:\n    x = f(1)\nexcept:\n    x = None\nassert x in (None, 1)"
    assert _passes(machine, "def f(x): return x", tests)
    assert _passes(machine, "def f(x): return 1 / 0", tests)
    assert _grades(machine, "import os\ndef f(x): os._exit(0)", tests) == [ERROR]


def test_classes_that_skip_themselves_are_skipped_whole(machine: Machine) -> None:
    tests = """
import unittest
class TestF(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if f(1): raise unittest.SkipTest("no")
    def test_one(self): self.assertEqual(f(1), 1)
    def test_two(self): self.assertEqual(f(2), 2)
class TestG(unittest.TestCase):
    def test_three(self): self.assertEqual(f(3), 3)
"""
    grades = _grades(machine, "def f(x): return x", tests)
    assert grades == [Grade.SKIPPED, Grade.SKIPPED, PASSED]


def test_details_do_not_tell_what_was_expected(machine: Machine) -> None:
    tests = """
import unittest
class TestF(unittest.TestCase):
    def test_equal(self): self.assertEqual(f(1), "secret")
    def test_assert(self): assert f(1) == "secret", "secret"
    def test_error(self): int("secret" + f(1))
"""
    reports = _reports(machine, "def f(x): return 'mine'", tests, run_all=True)
    assert [report.grade for report in reports] == [WRONG] * 3
    assert all("mine" in report.detail and "secret" not in report.detail for report in reports)


def test_reports_are_the_same_every_time(machine: Machine) -> None:
    source = "def f(x): return {'b', 'a', 'c', (1, 'x')} if x else object()"
    tests = "assert f(0) == 1\nassert f(1) == 1"
    first, *others = (_reports(machine, source, tests, run_all=True) for _ in range(3))
    assert others == [first, first]


PREFIX = """
import math
class Node:
    def __init__(self, value): self.value = value
def nodes(values):
    return [Node(value) for value in values]
LIMIT = 3
def helper(x):
    '''One more.'''
    return math.floor(x) + 1
def f(x):
    '''Two more.'''
"""


def test_what_the_prefix_defines_is_not_for_the_solution_to_replace(machine: Machine) -> None:
    tests = "assert f(1) == helper(2)\nassert f(0) < LIMIT\n"
    source = f"{PREFIX}    return helper(x) + 1"
    assert _passes(machine, source, tests, prefix=PREFIX, entry_point="f")
    assert _passes(machine, source, tests, prefix=PREFIX)
    fake = f"{PREFIX}    return 9\ndef helper(x): return 9\nLIMIT = 99"
    grades = _grades(machine, fake, tests, prefix=PREFIX, entry_point="f", run_all=True)
    assert grades == [WRONG, WRONG]
    # Objects that the solution gets are its own.
    tests = "assert g(nodes([1, 2])) == [2, 3]"
    source = f"{PREFIX}    return 9\ndef g(nodes): return [node.value + 1 for node in nodes]"
    assert _passes(machine, source, tests, prefix=PREFIX, entry_point="g")


def test_a_prefix_that_is_no_program_by_itself_is_left_to_the_solution(machine: Machine) -> None:
    prefix = "def helper(x): return x\nclass Solution:\n    def f(self, x):\n"
    fake = "        return 0\ndef helper(x): return 0"
    tests = "assert Solution().f(1) == helper(1)"
    assert _grades(machine, prefix + fake, tests, prefix=prefix, entry_point="Solution.f") == [
        WRONG
    ]
    prefix = "values = [\n"
    assert _passes(
        machine, prefix + "1]\ndef f(): return 1", "assert f() == values[0]", prefix=prefix
    )


@pytest.mark.parametrize("test", ["PI == 3", "abs(PI - 3) < 1", "PI < 4", "round(PI) == 3"])
def test_a_constant_that_is_no_data_is_wrong(machine: Machine, test: str) -> None:
    tests = f"from solution import PI\nassert {test}"
    assert _passes(machine, "PI = 3", tests)
    assert _grades(machine, "PI = object()", tests)[0] in (WRONG, ERROR)


def test_what_fails_in_a_callback_has_failed_and_tells_nothing(machine: Machine) -> None:
    tests = """
import unittest
class TestRun(unittest.TestCase):
    def test_seen(self):
        seen = []
        def see(value):
            self.assertEqual(value, 42)
            seen.append(value)
        run(see)
        self.assertEqual(seen, [42])
"""
    guess = "def run(see):\n    try: see(0)\n    except Exception as e: see({})"
    assert _passes(machine, "def run(see): see(42)", tests)
    for value in ("int(str(e).split('!= ')[1])", "42"):
        assert _grades(machine, guess.format(value), tests) == [WRONG]
    tests = "def see(value): assert value == 42\nrun(see)\nassert run(print) is None"
    assert _passes(machine, "def run(see): see(42)", tests)
    assert WRONG in _grades(machine, guess.format("42"), tests)


def test_a_record_is_not_forged_without_its_nonce(machine: Machine) -> None:
    forged = '{"results": [["passed", ""]], "evidence": 1, "lost": "", "defect": ""}'
    tests = f"import os\nassert f(1) == 1\nos.write(4, b'{forged}')\nos._exit(0)"
    assert _grades(machine, "def f(x): return x", tests) == [ERROR]


@pytest.mark.parametrize(
    "test",
    [
        "Counter(f([1])) == Counter([1, 1])",
        "sorted(f([1])) == sorted(deepcopy([1, 1]))",
        "f([1])[0] == approx(1.5)",
        "f([1])[0] == reduce(max, [1, 2])",
        "f([1])[0] == sqrt(4)",
        "f([1])[0] == sum(permutations([2]), ())[0]",
    ],
)
def test_what_the_tests_left_to_import_is_not_the_solutions(machine: Machine, test: str) -> None:
    source = """
def f(x): return x
class Same:
    def __new__(cls, *args): return 1
Counter = deepcopy = approx = reduce = sqrt = Same
def permutations(x): return [(1,)]
"""
    assert _grades(machine, source, f"assert {test}", entry_point="f")[0] in (WRONG, ERROR)


def test_what_is_called_like_the_standard_librarys_may_be_tested(machine: Machine) -> None:
    source = "def sqrt(x): return 7\ndef gcd(a, b): return 8\ndef check_it(x): return 9"
    assert _passes(machine, source, "from solution import sqrt\nassert sqrt(4) == 7")
    assert _passes(machine, source, "assert sqrt(4) == 7", entry_point="sqrt")
    assert _passes(machine, source, "assert gcd(1, 2) == 8\nassert check_it(1) == 9")
    with pytest.raises(UnscorableReferenceError, match="check_it would be the solution's"):
        _grades(machine, source, "assert gcd(1, 2) == 8\ncheck_it(1)", entry_point="gcd")


_OK = "\ndef test_ok(): assert add(0, [0]) == 0"
_WRONG_SUM = "assert add(1, [2]) == 3"
_CASE = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): add(1, [])\n"


@pytest.mark.parametrize(
    "tests",
    [
        "from unittest import TestCase as Case\nclass T(Case):\n"
        f"    def test_a(self): {_WRONG_SUM}{_OK}",
        f"class Base:\n    n = 1\nclass TestA(Base):\n    def test_a(self): {_WRONG_SUM}{_OK}",
        "import unittest\nclass Mix:\n"
        f"    def test_m(self): {_WRONG_SUM}\nclass T(Mix, unittest.TestCase):\n"
        "    def test_a(self): self.assertEqual(add(0, [0]), 0)",
        "import unittest\nif True:\n    class T(unittest.TestCase):\n"
        f"        def test_a(self): {_WRONG_SUM}{_OK}",
        f"def test_a():\n    {_WRONG_SUM}\nALL = [test_a]{_OK}",
        f"{_CASE}    def tearDown(self): {_WRONG_SUM}",
        f"{_CASE}    @classmethod\n    def tearDownClass(cls): {_WRONG_SUM}",
        f"{_CASE}def tearDownModule(): {_WRONG_SUM}",
        "import pytest\n@pytest.fixture\ndef one():\n    yield 1\n"
        f"    {_WRONG_SUM}\ndef test_a(one): add(one, [])",
        "import pytest\n@pytest.fixture(autouse=True)\ndef one():\n"
        f"    {_WRONG_SUM}\ndef test_a(): add(1, [])",
        f"class TestA:\n    def teardown_method(self): {_WRONG_SUM}\n"
        "    def test_a(self): add(1, [])",
        f"def setup_module(): {_WRONG_SUM}\ndef test_a(): add(1, [])",
        f"def teardown_function(test): {_WRONG_SUM}\ndef test_a(): add(1, [])",
        "import pytest\n@pytest.mark.parametrize('a', [0, pytest.param(1)])\nclass TestA:\n"
        "    @pytest.fixture\n    def two(self): return 2 * add(1, [0])\n"
        "    def test_a(self, a, two): assert add(a, [two]) == 3 * a or not a",
    ],
)
def test_no_assertion_is_passed_over(machine: Machine, tests: str) -> None:
    assert PASSED in _grades(machine, ADD, tests)
    assert set(_grades(machine, ADD, tests)) == {PASSED}
    assert WRONG in _grades(machine, "def add(a, b): return 0", tests)


@pytest.mark.parametrize(
    ("tests", "message"),
    [
        (f"assert add(0, [0]) == 0\ndef verify_all():\n    {_WRONG_SUM}", "calls verify_all"),
        (f"def check(f): assert f(0, []) == 0\ndef check2(f): {_WRONG_SUM}", "calls check2"),
        (f"class TestA:\n    class TestB:\n        def test_b(self): {_WRONG_SUM}{_OK}",
         "calls test_b"),
        (f"def test_a():\n    {_WRONG_SUM}\ndef test_a(): add(1, [])", "calls test_a"),
        (f"def rest():\n    {_WRONG_SUM}\ndef run():\n    rest()\n{_OK}", "calls rest"),
        (f"class TestA:\n    def __init__(self): pass\n    def test_a(self): {_WRONG_SUM}{_OK}",
         "calls test_a"),
        (f"{_CASE}    test_b = lambda self: self.assertEqual(add(1, [2]), 3)", "T.test_b shows"),
        (f"{_CASE}def make():\n    def test(self): {_WRONG_SUM}\n    return test\n"
         "setattr(T, 'test_b', make())", "T.test_b shows"),
        (f"def make():\n    def inner(): {_WRONG_SUM}\n    return inner\ntest_b = make(){_OK}",
         "test_b shows"),
        (f"{_CASE}    def rest(self): {_WRONG_SUM}\n"
         "unittest.TextTestRunner().run(unittest.TestSuite([T('rest')]))", "calls rest"),
        (f"import pytest\n@pytest.mark.xfail\ndef test_a(): {_WRONG_SUM}", "mark.xfail is not"),
        (f"import pytest\nwith pytest.warns(UserWarning): {_WRONG_SUM}", "pytest.warns is not"),
        ("import pytest\n@pytest.fixture(params=[1])\ndef one(request): return 1\n"
         "def test_a(one): add(one, [])", "params of fixture is not"),
        ("import pytest\n@pytest.fixture\ndef one(tmp_path): return 1\n"
         "def test_a(one): add(one, [])", "one takes tmp_path"),
        ("import unittest\nclass T(unittest.TestCase):\n    @unittest.expectedFailure\n"
         f"    def test_a(self): {_WRONG_SUM}", "expectedFailure is not"),
        (f"if add is None:\n    def test_a(): {_WRONG_SUM}{_OK}", "test_a is not defined"),
    ],
)  # fmt: skip
def test_tests_that_nothing_would_run_are_the_tasks_fault(
    machine: Machine, tests: str, message: str
) -> None:
    for source in (ADD, "def add(a, b): return 0"):
        with pytest.raises(UnscorableReferenceError, match=message):
            _grades(machine, source, tests, entry_point="add")


def test_running_the_tests_is_left_to_the_verifier(machine: Machine) -> None:
    tests = f"{_CASE}    def test_b(self): {_WRONG_SUM}\n"
    runner = (
        "suite = unittest.TestLoader().loadTestsFromTestCase(T)\n"
        "result = unittest.TextTestRunner(verbosity=2).run(suite)\n"
        "raise SystemExit(not result.wasSuccessful())"
    )
    assert _passes(machine, ADD, tests + runner)
    assert _grades(machine, "def add(a, b): return 0", tests + runner) == [PASSED, WRONG]


def test_conditions_say_which_tests_are_skipped(machine: Machine) -> None:
    tests = f"""
import pytest
@pytest.mark.skipif(True, reason="not here")
def test_a(): {_WRONG_SUM}
@pytest.mark.skipif(False, reason="not here")
def test_b(): {_WRONG_SUM}
"""
    assert _grades(machine, ADD, tests) == [Grade.SKIPPED, PASSED]


def test_arguments_may_have_any_name(machine: Machine) -> None:
    source = "def f(**given): return sorted(given)"
    tests = "assert f(function=1, self=2, operation=3) == ['function', 'operation', 'self']\n"
    assert _passes(machine, source, tests + "f(function=1, self=2)")


def test_classes_that_extend_builtins_do_what_they_do(machine: Machine) -> None:
    source = """
import enum
from collections import OrderedDict
from typing import NamedTuple
class Cache(OrderedDict):
    def get(self, key):
        if key not in self: return -1
        self.move_to_end(key)
        return self[key]
    def put(self, key, value):
        self[key] = value
        if len(self) > 2: self.popitem(last=False)
class Stack(list):
    push = list.append
class Point(NamedTuple):
    x: int
    y: int
    def norm(self): return abs(self.x) + abs(self.y)
class Color(enum.IntEnum):
    RED = 1
"""
    tests = """
cache = Cache()
cache.put(1, [1])
cache.put(2, 2)
assert cache.get(1) == [1] and cache.get(5) == -1
cache.put(3, 3)
assert cache == {1: [1], 3: 3} and {1: [1], 3: 3} == cache and cache != {}
assert 2 not in cache and isinstance(cache, dict) and isinstance(cache, Cache)
stack = Stack([1])
stack.push(2)
assert stack == [1, 2] and stack[-1] == 2 and len(stack) == 2 and stack < [2] and 2 in stack
assert stack.pop() == 2 and [x for x in stack] == [1] and stack
point = Point(3, -4)
assert point.norm() == 7 and point.x == 3 and point == (3, -4) and isinstance(point, Point)
assert Color.RED == 1 and Color(1).name == "RED" and Color.RED + 1 == 2
"""
    assert _passes(machine, source, tests)


def test_objects_of_the_standard_library_travel(machine: Machine) -> None:
    source = "import collections\ndef f(x): return x\n"
    source += "def add(q, c, o): q.append(1); c['z'] += 1; o.move_to_end('a')\n"
    source += "P = collections.namedtuple('P', 'x y')\ndef p(q): return P(q.b, q.a)"
    tests = """
import collections, datetime, decimal, fractions
for value in (
    collections.Counter("aab"), collections.OrderedDict(b=1, a=2), collections.deque([1], 3),
    collections.defaultdict(list, x=[1]), fractions.Fraction(1, 3), decimal.Decimal("1.50"),
    datetime.date(2020, 2, 29), datetime.datetime(2020, 2, 29, 1, 2), datetime.timedelta(1, 2, 3),
):
    assert f(value) == value and type(f(value)) is type(value)
assert f(collections.Counter("a"))["z"] == 0 and f(collections.defaultdict(list))["z"] == []
Q = collections.namedtuple("Q", "a b")
assert p(Q(1, 2)) == (2, 1) and p(Q(1, 2)).x == 2
queue, counter = collections.deque(), collections.Counter()
ordered = collections.OrderedDict(a=1, b=2)
add(queue, counter, ordered)
assert list(ordered) == ["b", "a"]
assert queue == collections.deque([1]) and counter["z"] == 1
"""
    assert _passes(machine, source, tests)


def test_an_argument_is_not_passed_as_something_else(machine: Machine) -> None:
    tests = "class Level(int): pass\nassert f(Level(3)) == 3"
    with pytest.raises(UnscorableReferenceError, match="an object of type Level"):
        _grades(machine, "def f(x): return x", tests)


@pytest.mark.parametrize(
    "test",
    [
        "f(1) == {1: 2}",
        "{1: 2} == f(1)",
        "1 in f(1)",
        "f(1) >= {1}",
        "g(1) == (1, 2)",
        "g(1) > (1, 2)",
        "g(1).count(5) == 1",
        "n(1) == 7",
        "abs(n(1) - 7) < 1",
        "n(1) > 6",
    ],
)
def test_no_comparison_is_left_to_a_class_that_extends_a_builtin(
    machine: Machine, test: str
) -> None:
    source = "".join(
        _ALWAYS.format(base=f"({base})").replace("Always", f"Always{base}")
        for base in ("dict", "tuple", "int")
    )
    source += "def f(x): return Alwaysdict()\ndef g(x): return Alwaystuple()\n"
    source += "def n(x): return Alwaysint()"
    assert _grades(machine, source, f"assert {test}") == [WRONG]


@pytest.mark.parametrize(
    "reply",
    [
        '["Counter",["h","kept",0]]',
        '["namedtuple","A",["l","x=1","y"],["l",1,2]]',
        '["namedtuple","A",["l","x"],["l"]]',
        '["Fraction",1,0]',
        '["Decimal","one"]',
        '["date",1,2,10000]',
        '["deque of",-1,["l"]]',
        '["Path","/"]',
        '["x","kept",5,["l"]]',
        '["x","list",5,1]',
    ],
)
def test_forged_objects_are_nonsense(machine: Machine, reply: str) -> None:
    source = _SEND + f'send(\'{_NAMES}\', \'["t","returned",{reply},["l"]]\')'
    report = Report("assert 1", ERROR, "the program wrote what only its harness may write")
    tests = "assert f(1) == 1"
    assert _reports(machine, source, tests, entry_point="f") == [report]


def test_objects_are_used_as_contexts_and_numbers(machine: Machine) -> None:
    source = """
class Context:
    state = "new"
    def __enter__(self): self.state = "open"; return self
    def __exit__(self, kind, error, trace): self.state = kind and kind.__name__
class Other(Context): pass
class Number:
    __abs__ = __int__ = __round__ = lambda self, *_: 7
    __float__ = lambda self: 7.5
    __format__ = lambda self, form: form + "!"
    __reversed__ = lambda self: iter([2, 1])
"""
    tests = """
with Context() as context:
    assert context.state == "open"
assert context.state is None and issubclass(Other, Context) and not issubclass(Context, Other)
try:
    with context: raise KeyError("expected")
except KeyError:
    assert context.state == "KeyError"
n = Number()
assert (abs(n), int(n), round(n), float(n)) == (7, 7, 7, 7.5)
assert f"{n:x}" == "x!" and list(reversed(n)) == [2, 1]
"""
    assert _passes(machine, source, tests)


def test_a_context_cannot_let_an_assertion_pass(machine: Machine) -> None:
    source = """
class Context:
    def __enter__(self): return self
    def __exit__(self, *error):
        if mode: raise ValueError
        return True
"""
    tests = "try:\n    with Context() as context: assert context == 1\nexcept ValueError: pass"
    for mode in (0, 1):
        assert _grades(machine, f"{source}mode = {mode}", tests) == [WRONG]


def test_exceptions_say_and_hold_what_they_do_there(machine: Machine) -> None:
    source = """
class Error(ValueError):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code
    def __str__(self): return f"{self.code}: {self.args[0]}"
class Hidden(KeyError):
    def __str__(self): return "hidden"
def f(x):
    raise Error(7, x) if x else Hidden(x)
"""
    tests = """
import pytest
with pytest.raises(Error, match="^7: bad$") as caught:
    f("bad")
assert caught.value.code == 7 and caught.value.args == ("bad",)
with pytest.raises(KeyError, match="^hidden$"):
    f("")
"""
    assert _passes(machine, source, tests)


@pytest.mark.parametrize(
    "test",
    [
        "result = f(n)\nassert result == sorted(n)",
        "result = f(n)\nassert result == n",
        "assert f(n) == sorted(n)\nassert len(f(n)) == len(n)",
        "result = f(n)\nassert sum(result) == sum(n) and n == [3, 1]",
    ],
)
def test_what_is_expected_is_not_changed_by_the_solution(machine: Machine, test: str) -> None:
    cheat = "def f(n):\n    n.clear()\n    return []"
    assert WRONG in _grades(machine, cheat, f"n = [3, 1]\n{test}")


@pytest.mark.parametrize(
    "modules",
    [
        ("codec", "library", "solution", "objects"),
        ("codec", "library", "remote", "record", "units", "driver"),
        ("codec", "solution", "host"),
    ],
)
def test_modules_that_become_one_program_have_no_name_in_common(modules: tuple[str, ...]) -> None:
    named = (ast.FunctionDef, ast.ClassDef)
    names = [
        node.name
        for module in modules
        for node in ast.parse(inside.text(module)).body
        if isinstance(node, named) and node.name != "main"
    ]
    assert len(names) == len(set(names))


def test_functions_of_the_standard_library_are_called_back(machine: Machine) -> None:
    tests = """
import operator
assert f(["B", "a"], str.lower) == ["a", "B"]
assert f([[2, 1], [1, 2]], operator.itemgetter(0)) == [[1, 2], [2, 1]]
"""
    assert _passes(machine, "def f(x, key): return sorted(x, key=key)", tests)
