"""Scripts: test code in the task's language that becomes one program with what it tests.

Such a program passes if it runs to its end: when its main has returned without an error, a witness
outside of the program's own source gives back a token of this run, and the program then exits with
0. So exits on the way, whatever their status, and tests that print instead of failing do not pass.

Not covered: a program that looks for the token in its own memory, or that changes what the tests
call. The two share a process, and nothing can keep them apart in there.

What failed is not quoted: compilers and assertions quote the tests, and with them the answers.
"""

import re
import secrets
import signal
from collections.abc import Callable, Iterator, Mapping

from assayoffice.sandbox.programs import Blob, RunResult, Status, javasource, witness
from assayoffice.sandbox.programs.toolchains import BuildFailed, ToolchainMissing
from assayoffice.sandbox.programs.witness import renamed_go_main
from assayoffice.verifiers.code import inside, scripttests
from assayoffice.verifiers.code.inside.script import BROKEN, UNTESTED
from assayoffice.verifiers.code.machine import Machine
from assayoffice.verifiers.code.outcomes import describe, grade_of, limits_of
from assayoffice.verifiers.code.report import Grade, Report
from assayoffice.verifiers.code.task import CodeTask

_NAME = "script"
_MOST_ERRORS = 3

# Macros of the program would otherwise change what the tests say.
_WORDS_OF_TESTS = (
    "main assert NDEBUG if else for while do switch return int char float double long void const "
    "static struct"
).split()
# All of these take time that is linear in the length of a text: nobody trusts programs.
_IMPORT_OR_COMMENT = re.compile(r"\s*(?:(import\s+[\w.*][\w.*\s]*;)|//[^\n]*(?:\n|\Z))")
_GO_PACKAGE = re.compile(r"^[^\S\n]*package\s+main\b", re.MULTILINE)
_PACKAGE = re.compile(r"\s*package\s+[\w.][\w.\s]*;")
# Takes back what a program may have made of the words in which shell tests are written. In POSIX
# mode, which a variable turns on, no function stands before unset and exit.
_SHELL_AGAIN = (
    "POSIXLY_CORRECT=1; unset -f exit return test [ true false trap shopt unalias || exit 1; "
    "unset POSIXLY_CORRECT; trap - DEBUG ERR; shopt -u expand_aliases extdebug; unalias -a"
)
_JAVA_LEAD = re.compile(r"(?<![\w$])(?:main|public)(?![\w$])|[{}]")
_ERROR = re.compile(
    r"solution\.(?:c|cpp):\d+:\d+: (?:fatal )?error: .*|\./solution\.go:\d+:\d+: .*"
    # In Java the program and its tests share a file.
    r"|[\w$]+\.java:(?P<line>\d+): error: .*"
)


def names(task: CodeTask) -> tuple[str, ...]:
    """One name: a script is one test."""
    return (_NAME,)


def reports(source: str, task: CodeTask, machine: Machine) -> Iterator[Report]:
    """Compile and run the program with the script.

    Raises ToolchainMissing, and UnscorableReferenceError for a script that no program can fail.
    """
    join = _JOINS.get(task.language)
    if join is None:
        raise ToolchainMissing(f"scripts in {task.language} are not supported")
    text, beside = join(source, task.script)
    try:
        built = machine.toolchains.build(task.language, text, beside=beside, witnessed=True)
    except BuildFailed as failure:
        told = str(failure) if failure.limit else _own_errors(str(failure), source)
        yield Report(_NAME, Grade.COMPILE_ERROR, told)
        return
    token = secrets.token_hex(16).encode()
    with Blob(token) as data:
        result = machine.sandbox.run(built.run(limits_of(task), data=data, answer=True))
    yield _report(result, token, task)


def _report(result: RunResult, token: bytes, task: CodeTask) -> Report:
    grade = grade_of(result, ignore_exit_code=False, memory_bytes=task.memory_bytes)
    if grade is None and result.answer == token:
        return Report(_NAME, Grade.PASSED)
    if grade is None and result.answer == UNTESTED:
        return Report(_NAME, Grade.WRONG_ANSWER, "none of its assertions was reached")
    if grade is None:
        return Report(_NAME, Grade.WRONG_ANSWER, "it exited before its tests had ended")
    if grade is not Grade.RUNTIME_ERROR:
        return Report(_NAME, grade, describe(result, grade))
    if result.answer == BROKEN:
        return Report(_NAME, grade, "the program raised an error before its tests began")
    # A script has no other way to say that a test has failed.
    if result.status is Status.NONZERO_EXIT:
        return Report(_NAME, Grade.WRONG_ANSWER, f"exit code {result.exit_code}")
    if result.signal == signal.SIGABRT:
        return Report(_NAME, Grade.WRONG_ANSWER, describe(result, grade))
    return Report(_NAME, grade, describe(result, grade))


def _own_errors(output: str, source: str) -> str:
    """What a compiler says about the lines of the program, and nothing of what it says of tests."""
    lines = source.count("\n") + 1
    told = []
    for match in filter(None, map(_ERROR.match, output.splitlines())):
        if int(match["line"] or 0) <= lines:
            told.append(match.group())
    return "\n".join(told[:_MOST_ERRORS]) or "it does not compile together with its tests"


def _python(program: str, tests: str) -> tuple[str, Mapping[str, str]]:
    # Each by itself, so that a string left open at the program's end does not swallow tests.
    read = scripttests.read(tests)
    order = f"{program!r}, {read.source!r}, {read.uses_unittest}, {read.needs_evidence}"
    return f"{inside.text('script')}\nrun({order})\n", {}


def _c_family(suffix: str) -> Callable[[str, str], tuple[str, Mapping[str, str]]]:
    undefined = "".join(f"#undef {word}\n" for word in _WORDS_OF_TESTS)
    # A program may come with a main of its own, which the tests' main then replaces.
    before = f'#define main solution_main\n#include "solution{suffix}"\n{undefined}'

    def join(program: str, tests: str) -> tuple[str, Mapping[str, str]]:
        text = f'{before}#include <assert.h>\n#line 1 "tests{suffix}"\n{tests}\n'
        return text, {f"solution{suffix}": f"{program}\n"}

    return join


def _rust(program: str, tests: str) -> tuple[str, Mapping[str, str]]:
    return f"{program}\n{tests}\n", {}


def _go(program: str, tests: str) -> tuple[str, Mapping[str, str]]:
    # A main of the program's own gives way to that of the tests.
    solution = renamed_go_main(program, "solutionMain")
    texts = [
        text if _GO_PACKAGE.search(text) else f"package main; {text}" for text in (tests, solution)
    ]
    return texts[0], {"solution.go": texts[1]}


def _java(program: str, tests: str) -> tuple[str, Mapping[str, str]]:
    program = _without_lead(program)
    # Imports come before everything but the package, and all of a file share them.
    package = _PACKAGE.match(program)
    at = package.end() if package else 0
    imports: list[str] = []
    after = 0
    while leading := _IMPORT_OR_COMMENT.match(tests, after):
        imports += filter(None, leading.groups())
        after = leading.end()
    # On the line of what follows, so that lines of the program keep their numbers.
    hoisted = " ".join(imports).replace("\n", " ")
    return f"{program[:at]}{hoisted}{program[at:]}\n{tests[after:]}\n", {}


def _without_lead(program: str) -> str:
    """A Java program that leaves to the tests the name of their common file, and the start.

    Only the one public type of a file names it. A main keeps its name, but in a spelling that is
    not looked for: the program may call it, and so may the tests.
    """
    parts: list[str] = []
    end = depth = 0
    for match in _JAVA_LEAD.finditer(javasource.blank(program)):
        word = match.group()
        depth += (word == "{") - (word == "}")
        if word == "main" or (word == "public" and depth == 0):
            parts += program[end : match.start()], "\\u006dain" if word == "main" else ""
            end = match.end()
    return "".join(parts) + program[end:]


def _javascript(program: str, tests: str) -> tuple[str, Mapping[str, str]]:
    return witness.javascript(program, tests, secrets.token_hex(8)), {}


def _bash(program: str, tests: str) -> tuple[str, Mapping[str, str]]:
    # A return at the end of the program, outside of a function, would skip tests in its own file.
    text = f". ./solution.sh\n{_SHELL_AGAIN}\n{tests}\n"
    return text, {"solution.sh": f"{program}\n"}


_JOINS: Mapping[str, Callable[[str, str], tuple[str, Mapping[str, str]]]] = {
    "python": _python,
    "c": _c_family(".c"),
    "cpp": _c_family(".cpp"),
    "rust": _rust,
    "go": _go,
    "java": _java,
    "javascript": _javascript,
    "bash": _bash,
}
