"""Scripts: programs and tests in one process, where only a whole run to the end counts."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from assayoffice.sandbox.programs.sandbox import Sandbox
from assayoffice.sandbox.programs.toolchains import ToolchainMissing, Toolchains, found, missing
from assayoffice.verifiers.base import UnscorableReferenceError
from assayoffice.verifiers.code import scripts
from assayoffice.verifiers.code.machine import Machine
from assayoffice.verifiers.code.report import Grade, Report
from assayoffice.verifiers.code.task import CodeTask

#: Tests of a function f that adds 1, by language.
TESTS = {
    "python": "assert f(1) == 2\nassert f(40) == 41\n",
    "c": "#include <assert.h>\nint main(void) { assert(f(1) == 2); assert(f(40) == 41); }",
    "cpp": "#include <cassert>\nint main() { assert(f(1) == 2); assert(f(40) == 41); }",
    "javascript": "console.assert(f(1) === 2)\nconsole.assert(f(40) === 41)",
    "java": "import java.util.stream.*;\n"
    "public class Main { public static void main(String[] a) {\n"
    "if (IntStream.of(1, 40).map(Solution::f).sum() != 43) throw new AssertionError(); } }",
    "bash": '[ "$(f 1)" = 2 ] || exit 1\n[ "$(f 40)" = 41 ] || { echo wrong; exit 1; }',
    "rust": "fn main() { assert_eq!(f(1), 2); assert_eq!(f(40), 41); }",
    "go": 'package main\nimport "os"\nfunc main() { if f(1) != 2 || f(40) != 41 { os.Exit(1) } }',
}
RIGHT = {
    "python": "def f(x): return x + 1",
    "c": "int f(int x) { return x + 1; }",
    "cpp": "#include <vector>\nint f(int x) { return std::vector<int>(x + 1).size(); }",
    "javascript": "'use strict';\nconst f = (x) => x + 1",
    "java": "package a.b;\nimport java.util.*;\n"
    "class Solution { static int f(int x) { return x + 1; } }",
    "bash": "f() { echo $(($1 + 1)); }",
    "rust": "fn f(x: i32) -> i32 { x + 1 }",
    "go": 'package main\nimport "fmt"\nfunc f(x int) int { fmt.Print(); return x + 1 }\n'
    "func main() { fmt.Println(f(3)) }",
}
WRONG = {
    "python": "def f(x): return 2",
    "c": "int f(int x) { return 2; }",
    "cpp": "int f(int x) { return 2; }",
    "javascript": "const f = (x) => 2",
    "java": "class Solution { static int f(int x) { return 2; } }",
    "bash": "f() { echo 2; }",
    "rust": "fn f(x: i32) -> i32 { 2 }",
    "go": "func f(x int) int { return 2 }",
}
#: Programs that do not add 1, and end before the tests can tell.
EARLY = {
    "python": [
        "import sys\ndef f(x): sys.exit(0)",
        "import os\ndef f(x): os._exit(0)",
        "raise SystemExit",
        "import atexit, os\natexit.register(os._exit, 0)\ndef f(x): return x",
        "import os, sys\nsys.excepthook = lambda *_: os._exit(0)\ndef f(x): return x",
        "class E:\n    __eq__ = __import__('sys').exit\ndef f(x): return E() if x else 0",
        "import os, threading\nthreading.Thread(target=os._exit, args=[0]).start()\n"
        "def f(x):\n    while True: pass",
    ],
    "c": [
        "#include <stdlib.h>\nint f(int x) { exit(0); }",
        "#include <unistd.h>\nint f(int x) { _exit(0); }",
        "#include <stdlib.h>\nint f(int x) { quick_exit(0); }",
        "#include <stdlib.h>\n__attribute__((constructor)) void g(void) { exit(0); }\n"
        "int f(int x) { return x; }",
        "#include <pthread.h>\nint f(int x) { pthread_exit(0); }",
        "#include <err.h>\nint f(int x) { errx(0, 0); }",
        '#include <unistd.h>\nint f(int x) { return execl("/usr/bin/true", "true", (char *)0); }',
        "#include <signal.h>\n#include <unistd.h>\nvoid g(int n) { _exit(0); }\n"
        "int f(int x) { signal(SIGABRT, g); return x; }",
    ],
    "cpp": [
        "#include <cstdlib>\nint f(int x) { std::exit(0); }",
        "#include <cstdlib>\nstruct G { G() { std::_Exit(0); } } g;\nint f(int x) { return x; }",
        "#include <cstdlib>\n#include <exception>\nint f(int x) {"
        " std::set_terminate([] { std::exit(0); }); throw 1; }",
    ],
    "javascript": [
        "process.exit(0)",
        "const f = () => process.exit(0)",
        "const f = (x) => x\nreturn",
        "import fs from 'fs'\nconst f = (x) => process.exit(0)",
        "process.on('exit', () => process.reallyExit(0))\nconst f = (x) => x",
        "process.on('uncaughtException', () => {})\nconst f = (x) => x",
        "console.assert = () => {}\nconst f = (x) => x",
        "const console = { assert() {} }\nconst f = (x) => x",
        "globalThis.console = { assert() {} }\nconst f = (x) => x",
        "Object.defineProperty(console, 'assert', { value() {} })\nconst f = (x) => x",
    ],
    "java": [
        "class Solution { static { System.exit(0); } static int f(int x) { return x; } }",
        "class Solution { static int f(int x) { Runtime.getRuntime().halt(0); return x; } }",
        "class Solution { static int f(int x) {\n"
        "Thread.setDefaultUncaughtExceptionHandler((t, e) -> Runtime.getRuntime().halt(0));\n"
        "return x; } }",
    ],
    "bash": [
        "exit 0",
        "return 0",
        "trap 'exit 0' EXIT\nf() { echo 2; }",
        "trap 'return 0' DEBUG\nf() { echo 2; }",
        "shopt -s extdebug\nset -T\ntrap 'return 2' DEBUG\nf() { echo 2; }",
        "exit() { :; }\nunset() { :; }\nf() { echo 2; }",
        "exit() { :; }\nreadonly -f exit\nf() { echo 2; }",
        "[() { true; }\nf() { echo 2; }",
        "shopt -s expand_aliases\nalias exit=:\nf() { echo 2; }",
        "exec /usr/bin/true",
    ],
    "rust": [
        "fn f(_: i32) -> i32 { std::process::exit(0) }",
        "fn f(_: i32) -> i32 { std::panic::set_hook(Box::new(|_| std::process::exit(0))); 2 }",
    ],
    "go": [
        'package main\nimport "os"\nfunc f(x int) int { os.Exit(0); return x }',
        'package main\nimport "os"\nfunc init() { os.Exit(0) }\nfunc f(x int) int { return x }',
    ],
}
#: Programs that are right so far as they go, and would leave tests out, or change what they say.
SWALLOWING = {
    "python": ["def f(x): return 2\n'''", "def f(x): return 2\nif False:", "x = \\"],
    "c": [
        "int f(int x) { return 2; }\n/*",
        "int f(int x) { return 2; }\n#if 0",
        "#define NDEBUG\n#include <assert.h>\nint f(int x) { return 2; }",
        "int f(int x) { return 2; }\n#define assert(x)",
        "int f(int x) { return 2; }\n#define if(x) if (0)\n#define main(x) main(x) {} int g(x)",
        'int f(int x) { return 2; }\n#line 1 "tests.c"\n#error f(1) == 2',
    ],
    "javascript": ["const f = () => 2\n/*", "const f = () => 2\n;{", "const f = () => 2\n`"],
    "java": ["class Solution { static int f(int x) { return 2; } }\n/*"],
    "bash": ["f() { echo 2; }\n: <<'END'", "f() { echo 2; }\nif false; then", "f() { echo 2; }\n'"],
}


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with Sandbox() as sandbox:
        yield Machine(sandbox, Toolchains(sandbox))


def judge(machine: Machine, language: str, source: str, tests: str = "", **options) -> Report:
    if language not in found():
        pytest.skip(missing()[language])
    task = CodeTask(script=tests or TESTS[language], language=language, **options)
    (report,) = scripts.reports(source, task, machine)
    assert (report.name,) == scripts.names(task)
    return report


def each(programs: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(language, source) for language in programs for source in programs[language]]


@pytest.mark.heavy
@pytest.mark.parametrize("language", TESTS)
def test_a_right_program_passes(machine, language):
    assert judge(machine, language, RIGHT[language]) == Report("script", Grade.PASSED)


@pytest.mark.parametrize("language", TESTS)
def test_a_wrong_program_fails(machine, language):
    assert judge(machine, language, WRONG[language]).grade is Grade.WRONG_ANSWER


@pytest.mark.heavy
@pytest.mark.parametrize(("language", "source"), each(EARLY))
def test_an_early_end_is_no_pass(machine, language, source):
    assert judge(machine, language, source).grade is Grade.WRONG_ANSWER


@pytest.mark.parametrize(("language", "source"), each(SWALLOWING))
def test_no_program_takes_tests_away(machine, language, source):
    report = judge(machine, language, source)
    assert report.grade in (Grade.WRONG_ANSWER, Grade.COMPILE_ERROR, Grade.RUNTIME_ERROR)


@pytest.mark.heavy
@pytest.mark.parametrize("language", TESTS)
def test_details_do_not_quote_the_tests(machine, language):
    for source in (WRONG[language], "]["):
        assert "41" not in judge(machine, language, source).detail


@pytest.mark.heavy
@pytest.mark.parametrize("language", ["c", "cpp", "java"])
def test_errors_of_the_program_are_told(machine, language):
    report = judge(machine, language, RIGHT[language].replace("x + 1", "undeclared"))
    assert report.grade is Grade.COMPILE_ERROR
    assert "error:" in report.detail


@pytest.mark.heavy
def test_tests_that_need_more_than_there_is_do_not_compile(machine):
    report = judge(machine, "java", "class Solution { }")
    assert report == Report(
        "script", Grade.COMPILE_ERROR, "it does not compile together with its tests"
    )


def test_a_main_of_the_programs_own_gives_way_to_that_of_the_tests(machine):
    own = RIGHT["c"] + "\nint main(int argc, char **argv) { return 3; }"
    assert judge(machine, "c", own).grade is Grade.PASSED


def test_asynchronous_tests_are_waited_for(machine):
    tests = "(async () => { await null; console.assert((await f(1)) === 2); })()"
    assert judge(machine, "javascript", "const f = async (x) => x + 1", tests).grade is Grade.PASSED
    for wrong in ("const f = async (x) => x", "const f = async (x) => process.exit(0)"):
        assert judge(machine, "javascript", wrong, tests).grade is Grade.WRONG_ANSWER


NEVER = "const f = () => new Promise(() => {})"
EXITING = "if (r !== 2) process.exit(1)"


@pytest.mark.heavy
@pytest.mark.parametrize(
    "tests",
    [
        f"(async () => {{ const r = await f(1); {EXITING} }})()",
        f"async function test() {{ const r = await f(1); {EXITING} }}\ntest(); const x = 1",
        f"f(1).then((r) => {{ {EXITING} }})",
        f"f(1).then((r) => {{ {EXITING} }}).catch(() => process.exit(1))",
        f"setTimeout(async () => {{ const r = await f(1); {EXITING} }}, 5)",
        f"Promise.all([f(1)]).then(([r]) => {{ {EXITING} }})",
        f"const r = await f(1); {EXITING}",
    ],
)
def test_a_test_that_still_waits_has_not_passed(machine, tests):
    right = "const f = async (x) => x + 1"
    assert judge(machine, "javascript", right, tests).grade is Grade.PASSED
    for wrong in (NEVER, f"import fs from 'fs'\n{NEVER}", "const f = async (x) => x"):
        assert judge(machine, "javascript", wrong, tests).grade is Grade.WRONG_ANSWER


def test_promises_that_nothing_waits_for_may_stay_open(machine):
    source = (
        "const f = (x) => { let timer\n"
        "const late = new Promise((_, no) => { timer = setTimeout(no, 500) })\n"
        "return Promise.race([Promise.resolve(x + 1), late]).finally(() => clearTimeout(timer)) }"
    )
    tests = (
        "(async () => { console.assert(await f(1) === 2)\n"
        "const never = new Promise(() => {})\n"
        "console.assert(await Promise.race([never, f(2)]) === 3) })()"
    )
    assert judge(machine, "javascript", source, tests).grade is Grade.PASSED


@pytest.mark.heavy
@pytest.mark.parametrize(
    "source",
    [
        "Function.prototype.constructor = () => () => ({ assert() {} })",
        "Object.defineProperty(Function.prototype, 'constructor',"
        " { get() { return () => () => ({ assert() {} }) } })",
        "require = () => ({ equal() {} })",
        "require('assert').equal = () => {}",
        "process.exit = () => {}",
        "process.reallyExit = () => {}",
        "const process = { exit() {} }",
        "process.on('uncaughtException', () => {})",
        "process.on('unhandledRejection', () => {})",
    ],
)
def test_what_decides_in_javascript_is_not_the_programs_to_replace(machine, source):
    for tests in (
        TESTS["javascript"],
        "require('assert').equal(f(1), 2); require('assert').equal(f(40), 41)",
        "if (f(1) !== 2 || f(40) !== 41) process.exit(1)",
        "setTimeout(() => { if (f(1) !== 2 || f(40) !== 41) throw new Error() }, 1)",
        "(async () => { await null; if (f(1) !== 2 || f(40) !== 41) throw new Error() })()",
    ):
        report = judge(machine, "javascript", f"{source}\nvar f = (x) => x", tests)
        assert report.grade is Grade.WRONG_ANSWER, tests


def test_programs_may_be_modules_of_either_kind(machine):
    for source in (
        "import { inspect } from 'util'\nexport const f = (x) => x + inspect(1).length",
        "const { inspect } = require('util')\nmodule.exports = f = (x) => x + inspect(1).length",
    ):
        assert judge(machine, "javascript", source).grade is Grade.PASSED


@pytest.mark.heavy
def test_public_types_and_a_main_of_a_java_program_give_way_to_those_of_the_tests(machine):
    source = (
        "import java.util.*;\n"
        "/** public class */ public class Solution {\n"
        '    static String said = "public class {";\n'
        "    public static int f(int x) { said = null; return x + 1; }\n"
        "    public static void main(String[] a) { if (a == null) main(a); said = null; }\n"
        "}\n"
        "public interface Other { }\n"
    )
    assert judge(machine, "java", source).grade is Grade.PASSED
    calling = TESTS["java"].replace(
        "if (",
        'if (!Solution.said.equals("public class {")) throw new AssertionError();\n'
        "Solution.main(new String[0]); if (Solution.said != null || ",
    )
    assert judge(machine, "java", source, calling).grade is Grade.PASSED
    wrong = source.replace("x + 1", "x")
    assert judge(machine, "java", wrong).grade is Grade.WRONG_ANSWER


@pytest.mark.heavy
def test_assert_works_in_java(machine):
    tests = (
        "public class Main { public static void main(String[] a) { assert Solution.f(1) == 2; } }"
    )
    assert judge(machine, "java", RIGHT["java"], tests).grade is Grade.PASSED
    wrong = WRONG["java"].replace("2", "3")
    assert judge(machine, "java", wrong, tests).grade is Grade.WRONG_ANSWER


@pytest.mark.heavy
def test_imports_of_java_tests_are_theirs_and_no_comments(machine):
    tests = (
        "// import nothing.At.All;\nimport static java.lang.Math.*;\n// more\n"
        "import java.util.*;\npublic class Main { public static void main(String[] a) {\n"
        "if (Solution.f(abs(-1)) != List.of(1, 1).size()) throw new AssertionError(); } }"
    )
    assert judge(machine, "java", RIGHT["java"], tests).grade is Grade.PASSED


_JOIN = """
import sys
from assayoffice.verifiers.code import scripts
program = sys.stdin.read()
for join in scripts._JOINS.values():
    join(program, "assert main")
"""


@pytest.mark.heavy
@pytest.mark.parametrize(
    "program", ["\n" * 1_000_000, "package" + " " * 1_000_000, "\nfunc \npackage " * 60_000]
)
def test_long_programs_are_joined_in_linear_time(program):
    # What is quadratic would take many minutes.
    subprocess.run([sys.executable, "-c", _JOIN], input=program, text=True, check=True, timeout=60)


def test_limits_are_those_of_the_task(machine):
    loop = "def f(x):\n    while True: pass"
    assert judge(machine, "python", loop, cpu_seconds=0.3).grade is Grade.CPU_TIME
    flood = "def f(x):\n    while True: print('x' * 999)"
    assert judge(machine, "python", flood, output_bytes=9999).grade is Grade.OUTPUT


def test_a_crash_is_a_runtime_error(machine):
    report = judge(machine, "c", "int f(int x) { return *(volatile int *)0; }")
    assert report == Report("script", Grade.RUNTIME_ERROR, "killed by SIGSEGV")


@pytest.mark.parametrize("source", ["def f(x) return x", "1 / 0", "import nothing_such", "\0"])
def test_python_that_does_not_load_is_a_runtime_error(machine, source):
    told = "the program raised an error before its tests began"
    assert judge(machine, "python", source) == Report("script", Grade.RUNTIME_ERROR, told)


def test_a_copied_token_is_all_that_passes(machine):
    # What "in_process" means: a program that takes the token from its witness is believed.
    thief = (
        "import gc, os, sys\n"
        "def f(x):\n"
        "    frame = sys._getframe()\n"
        "    while 'token' not in frame.f_locals: frame = frame.f_back\n"
        "    os.write(4, frame.f_locals['token'])\n"
        "    os._exit(0)\n"
    )
    assert judge(machine, "python", thief).grade is Grade.PASSED
    guess = "import os\ndef f(x):\n    os.write(4, b'0' * 32)\n    os._exit(0)\n"
    assert judge(machine, "python", guess).grade is Grade.WRONG_ANSWER


UNITS = """
import unittest
class TestF(unittest.TestCase):
    def test_one(self):
        for x in (1, 40):
            with self.subTest(x):
                self.assertEqual(f(x), x + 1)
"""
#: Ways to run the tests of UNITS, and to write the same without unittest.
PYTHON_SCRIPTS = [
    UNITS + "unittest.main()",
    UNITS + "unittest.main(exit=False)",
    UNITS + "unittest.main(argv=['x'], exit=False)",
    UNITS + "if __name__ == '__main__':\n    unittest.main(verbosity=2)",
    UNITS + "import sys\n"
    "suite = unittest.TestLoader().loadTestsFromTestCase(TestF)\n"
    "sys.exit(not unittest.TextTestRunner().run(suite).wasSuccessful())",
    UNITS + "unittest.defaultTestLoader.loadTestsFromTestCase(TestF).run(unittest.TestResult())",
    "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(40) == 41\ncheck(f)",
    "def test_f():\n    assert f(1) == 2 and f(40) == 41\n"
    "for name, value in list(globals().items()):\n    if name.startswith('test_'): value()",
    "from __future__ import annotations\nif [f(1), f(40)] != [2, 41]: raise ValueError",
    "import sys\nsys.exit(0 if [f(1), f(40)] == [2, 41] else 1)",
    "try:\n    assert f(1) == 2\n    assert f(40) == 41\nexcept AssertionError:\n    quit(1)",
    "def fail(): raise ValueError\nif [f(1), f(40)] != [2, 41]: fail()",
]


@pytest.mark.parametrize("tests", PYTHON_SCRIPTS)
def test_scripts_of_python_end_as_they_like(machine, tests):
    assert judge(machine, "python", RIGHT["python"], tests).grade is Grade.PASSED
    assert judge(machine, "python", WRONG["python"], tests).grade is Grade.WRONG_ANSWER


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        ("def test_a():\n    assert f(1) == 2", "test_a is never called"),
        ("def check(candidate):\n    assert candidate(1) == 2", "check is never called"),
        (UNITS, "TestF is never run"),
        ("print(f(1) == 2)", "no assertion"),
        ("assert True", "no assertion"),
        ("assert f(1", "no Python code"),
    ],
)
def test_a_script_that_no_program_can_fail_is_refused(machine, tests, told):
    with pytest.raises(UnscorableReferenceError, match=told) as raised:
        judge(machine, "python", RIGHT["python"], tests)
    assert raised.value.field == "script"


def test_assertions_that_are_not_reached_test_nothing(machine):
    untested = Report("script", Grade.WRONG_ANSWER, "none of its assertions was reached")
    for_each = "for x in f(1): assert x == 2"
    assert judge(machine, "python", "def f(x): return []", for_each) == untested
    assert judge(machine, "python", "def f(x): return [2]", for_each).grade is Grade.PASSED
    swallowed = "try:\n    assert f(1) == 2\nexcept AssertionError:\n    print('failed')"
    assert judge(machine, "python", "def f(x): return 1", swallowed) == untested
    raising = UNITS.replace("self.subTest(x)", "self.assertRaises(KeyError)").replace(
        "self.assertEqual(f(x), x + 1)", "f(x)"
    )
    raising += "unittest.main()"
    assert judge(machine, "python", "def f(x): return {}[x]", raising).grade is Grade.PASSED
    assert judge(machine, "python", "def f(x): return x", raising).grade is Grade.WRONG_ANSWER


def test_a_language_without_scripts_is_missing(machine):
    with pytest.raises(ToolchainMissing, match="cobol"):
        next(scripts.reports("", CodeTask(script="x", language="cobol"), machine))
