"""Broken copies of programs: what is broken, what is left alone, and sources that mean harm."""

import ast
import time

import pytest

from assayoffice.verifiers.rewrites.mutants import MAX_CHARACTERS, Mutants, mutants_of
from assayoffice.verifiers.rewrites.textual import mutants_of_text

SORT = """\
import sys

def place(values, value):
    '''Where it belongs.'''
    at = 0
    while at < len(values) and values[at] <= value:
        at += 1
    return at

def main(lines: list[str], limit: int = 10**9) -> None:
    done = []
    for line in lines[1:]:
        if not line:
            continue
        done.insert(place(done, int(line)), int(line))
    assert len(done) < limit, "too many"
    print("sorted:", f"{done[0]} first", file=sys.stderr)
    print("none" if not done else max(done) - min(done))

if __name__ == "__main__":
    main(sys.stdin.read().split("\\n"))
"""


def made(program: str, prefix: str = "", *, most: int = 99, runs_as_main: bool = True) -> Mutants:
    mutants = mutants_of(program, prefix, most, runs_as_main=runs_as_main)
    assert mutants is not None
    return mutants


def changes(program: str) -> set[str]:
    return {mutant.change for mutant in made(program).broken}


@pytest.mark.parametrize(
    ("program", "change"),
    [
        ("x = a + b", "x = a + b  ->  x = a - b"),
        ("x = a - b", "x = a - b  ->  x = b - a"),
        ("x += 1", "x += 1  ->  x -= 1"),
        ("x += 1", "x += 1  ->  pass"),
        ("if a < b: f()", "if a < b:  ->  if a <= b:"),
        ("if a < b: f()", "if a < b:  ->  if a > b:"),
        ("while a == b: f()", "while a == b:  ->  while a != b:"),
        ("x = 1 < a < 9", "x = 1 < a < 9  ->  x = 1 < a <= 9"),
        ("x = a in b", "x = a in b  ->  x = a not in b"),
        ("if a and b: f()", "if a and b:  ->  if a or b:"),
        ("if not a: f()", "if not a:  ->  if a:"),
        ("if a: f()", "if a:  ->  if not a:"),
        ("x = a if b else c", "x = a if b else c  ->  x = c if b else a"),
        ("x = [a for a in b if a]", "x = [a for a in b if a]  ->  x = [a for a in b]"),
        ("for i in range(n): f(i)", "for i in range(n):  ->  for i in range(n - 1):"),
        ("for i in range(n): f(i)", "for i in range(n):  ->  for i in range(1, n):"),
        ("for i in range(2, n + 1): f(i)", "for i in range(2, n + 1):  ->  for i in range(2, n):"),
        ("x = a[i]", "x = a[i]  ->  x = a[i - 1]"),
        ("x = a[i:j]", "x = a[i:j]  ->  x = a[i:j - 1]"),
        ("x = 3", "x = 3  ->  x = 4"),
        ("x = -a", "x = -a  ->  x = a"),
        ("x = True", "x = True  ->  x = False"),
        ("x = min(a, b)", "x = min(a, b)  ->  x = max(a, b)"),
        ("x = sorted(a, key=f)", "x = sorted(a, key=f)  ->  x = list(a)"),
        ("x = pow(a, b)", "x = pow(a, b)  ->  x = pow(b, a)"),
        ("f(a)", "f(a)  ->  pass"),
        ("print('yes')", "print('yes')  ->  print('')"),
        ("print(f'{a + b}')", "print(f'{a + b}')  ->  print(f'{a - b}')"),
        ("def f(a):\n    return a + 1", "return a + 1  ->  return -(a + 1)"),
        ("def f(a):\n    return a", "return a  ->  return None"),
        ("def f(a):\n    return a == 1", "return a == 1  ->  return not a == 1"),
        ("for a in b:\n    if a: continue\n    f()", "continue  ->  break"),
        ("for a in b:\n    if a:\n        n += a\n        break", "break  ->  continue"),
    ],
)
def test_what_is_broken(program, change):
    assert change in changes(program)


@pytest.mark.parametrize(
    "program",
    [
        "'''Of 1 + 1.'''",
        "import sys\nsys.setrecursionlimit(100 + 1)",
        "raise ValueError(1 + 1)",
        "assert 1 + 1 == 2, 1 + 1",
        "x: 'list[1 + 1]'",
        "print(1 + 1, file=log)",
        "x = 10**9",
        "x = 1_000_007",
        "x = 'text'",
        "def f():\n    return None",
        "pass",
    ],
)
def test_what_makes_no_difference_is_left_alone(program):
    assert mutants_of(program, "", 99, runs_as_main=True) is None


def test_assertions_of_the_program_are_left_out():
    mutants = made("def f(a):\n    assert a > 0\n    return a + 1\nassert f(1) == 2")
    for source in (mutants.control, *(mutant.source for mutant in mutants.broken)):
        assert "assert" not in source
    assert {mutant.line for mutant in mutants.broken} == {3}


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("if a < b: b = a", "boundary"),
        ("def f(a, b):\n    if a > b: return b\n    return a", "boundary"),
        ("for a in b:\n    if a:\n        found = True\n        break", "loop"),
        ("def f(a):\n    if a: return False\n    return 0", "return"),
    ],
)
def test_equivalent_mutants_that_can_be_told_are_not_made(program, kind):
    assert kind not in {mutant.kind for mutant in made(program).broken}


def test_mutants_are_programs_that_differ_from_each_other_and_from_the_whole_one():
    mutants = made(SORT)
    sources = [mutant.source for mutant in mutants.broken]
    assert len({mutants.control, *sources}) == len(sources) + 1 > 25
    asserting = SORT.replace('assert len(done) < limit, "too many"', "pass")
    assert ast.dump(ast.parse(mutants.control)) == ast.dump(ast.parse(asserting))
    for source in sources:
        compile(source, "mutant.py", "exec")


def test_making_them_changes_nothing_for_the_next():
    assert made(SORT) == made(SORT)
    first = made(SORT).broken[0]
    same = [line for line in first.source.split("\n") if line in made(SORT).control.split("\n")]
    assert len(same) == len(first.source.split("\n")) - 1


def test_the_first_few_are_of_many_kinds_and_places():
    mutants = made(SORT, most=10).broken
    assert len(mutants) == 10
    assert len({mutant.kind for mutant in mutants}) >= 9
    assert len({mutant.line for mutant in mutants}) >= 6


def test_a_table_of_constants_does_not_outweigh_the_rest():
    table = f"x = {list(range(200))}\nprint(x[n] + 1)"
    assert sum(mutant.kind == "constant" for mutant in made(table).broken) == 6


def test_lines_are_those_of_the_program_and_the_prefix_stays_whole():
    prefix = "import math\n\ndef f(n):\n    '''n + 1.'''\n    n = n - 1\n"
    mutants = made("    n += 2\n    return n\n", prefix)
    assert {mutant.line for mutant in mutants.broken} == {1, 2}
    assert all("n = n - 1" in mutant.source for mutant in mutants.broken)


def test_what_runs_as_main_is_left_alone_where_functions_are_tested():
    assert made(SORT, runs_as_main=True).broken[-1].line <= 21
    lines = {mutant.line for mutant in made(SORT, runs_as_main=False).broken}
    assert 20 not in lines and 21 not in lines
    assert 21 in {mutant.line for mutant in made(SORT, runs_as_main=True).broken}


def test_decorators_and_statements_that_share_a_line():
    program = "@cache\n@other\ndef f(a): return a * 2\nx = 1; y = 2; print(f(x) + y)\n"
    assert "return a * 2  ->  return a + 2" in changes(program)
    assert "y = 2  ->  y = 3" in changes(program)
    assert "print(f(x) + y)  ->  print(f(x) - y)" in changes(program)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 30_000 + ")" * 30_000,
        "-" * 30_000 + "1",
        "+".join(["1"] * 15_000),
        "lambda: " * 4_000 + "1",
        "x = " + "[" * 80 + "1" + "]" * 80,
        "if 1:\n" + "".join(" " * depth + "if 1:\n" for depth in range(1, 90)) + " " * 90 + "f()",
        "x = " + "9" * 30_000,
        "x = 0x" + "f" * 30_000 + " + 1",
        "x = 1\n" * (1 << 20),
        "x = 1\0",
        "\ud800 = 1",
        "def f(:",
        "",
    ],
    ids=lambda source: repr(source[:12]),
)
def test_hostile_sources_have_no_mutants_and_cost_little(source):
    started = time.process_time()
    assert mutants_of(source, "", 24, runs_as_main=True) is None
    assert time.process_time() - started < 1.0


def test_the_largest_source_that_is_read_costs_little():
    methods = "".join(
        f"    def f{number}(self, a):\n        return [a[i + 1] - 2 for i in range(a) if i < 3]\n"
        for number in range(400)
    )
    source = f"class Solution:\n{methods}"[:MAX_CHARACTERS].rpartition("    def")[0]
    started = time.process_time()
    assert len(made(source, most=24).broken) == 24
    assert time.process_time() - started < 5.0


def test_what_cannot_be_written_in_an_f_string_is_skipped():
    program = """print(f'{"a" + chr(10)} {n + 1}')\nprint(n - 1)\n"""
    assert made(program).broken


@pytest.mark.parametrize(
    ("program", "change"),
    [
        ("if (a == b) f();", "if (a == b) f();  ->  if (a != b) f();"),
        ("if (a === b) f();", "if (a === b) f();  ->  if (a !== b) f();"),
        ("if (a<=b) f();", "if (a<=b) f();  ->  if (a<b) f();"),
        ("if (a < b) f();", "if (a < b) f();  ->  if (a <= b) f();"),
        ("if (a && b) f();", "if (a && b) f();  ->  if (a || b) f();"),
        ("x = a + b;", "x = a + b;  ->  x = a - b;"),
        ("x = f(a) % b;", "x = f(a) % b;  ->  x = f(a) * b;"),
        ("x += a;", "x += a;  ->  x -= a;"),
        ("x = 7;", "x = 7;  ->  x = 8;"),
        ("let ok = true;", "let ok = true;  ->  let ok = false;"),
        ("return f(a) || b;", "return f(a) || b;  ->  return !(f(a) || b);"),
        ('  found.push("a;b", x[1]);', 'found.push("a;b", x[1]);  ->  ;'),
        ("a[i] -= f(b);", "a[i] -= f(b);  ->  ;"),
        ('printf("%d", a + 1);', 'printf("%d", a + 1);  ->  printf("%d", a - 1);'),
    ],
)
def test_what_is_broken_by_tokens(program, change):
    mutants = mutants_of_text(program, "", 99)
    assert mutants is not None and mutants.control == program
    assert change in {mutant.change for mutant in mutants.broken}


@pytest.mark.parametrize(
    "program",
    [
        "// 1 + 1 == 2",
        "/* 1 + 1 == 2 */",
        "let x = f(\"1 + 1 == 2\", '3', `4 < 5`);",
        'console.error("1 + 1");',
        "for (auto each : found) { f(each); }",
        "#define A 1 + 1",
        "import a.b.c1;",
        "std::vector<int> *p = &q;",
        "int x = -a;",
        "long x = f(0x1F, 017, 1.5, 1e-9);",
        "int x = 1000000007;",
        "cout << a >> b;",
    ],
)
def test_what_may_mean_something_else_is_left_alone(program):
    assert mutants_of_text(program, "", 99) is None


def test_tokens_of_the_prefix_are_left_alone():
    mutants = mutants_of_text("return a + b;\n}\n", "int f(int a, int b) {\nint c = a + 1;\n", 99)
    assert mutants is not None
    assert {(mutant.line, mutant.change) for mutant in mutants.broken} == {
        (1, "return a + b;  ->  return a - b;"),
        (1, "return a + b;  ->  return !(a + b);"),
    }


@pytest.mark.parametrize("piece", ["/*", '"', "'", "`", "=", "1 + ", "\n#", "import ", " ", "\\"])
def test_hostile_text_costs_little(piece):
    started = time.process_time()
    mutants_of_text(piece * (MAX_CHARACTERS // len(piece)), "", 10)
    assert mutants_of_text(piece * MAX_CHARACTERS + "x", "", 10) is None
    assert time.process_time() - started < 5.0
