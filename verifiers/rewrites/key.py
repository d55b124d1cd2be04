"""Runs the program that computes a row's answer. What it prints is judged elsewhere."""

import ast
import enum
import functools
import warnings
from dataclasses import dataclass

from assayoffice.sandbox.programs import (
    Blob,
    RunLimits,
    RunResult,
    Sandbox,
    SandboxFailure,
    SandboxUnavailable,
    toolchains,
)
from assayoffice.sandbox.programs.toolchains import BuildFailed, ToolchainMissing, Toolchains
from assayoffice.verifiers.base import SandboxFailedError, VerifierUnavailableError
from assayoffice.verifiers.code import programs
from assayoffice.verifiers.code.machine import Machine
from assayoffice.verifiers.code.outcomes import describe, grade_of
from assayoffice.verifiers.code.report import Grade
from assayoffice.verifiers.rewrites.rewrite import Key

#: An answer is short, and whoever wants more time than this has a program to repair.
LIMITS = RunLimits(
    cpu_seconds=10.0, wall_seconds=31.0, memory_bytes=512 << 20, output_bytes=64 << 10
)
_BEYOND_LIMITS = (Grade.CPU_TIME, Grade.WALL_TIME, Grade.MEMORY, Grade.OUTPUT)
_SHOWN_CHARACTERS = 300
#: What is longer is no answer with ``print`` around it.
_LONGEST_CONSTANT = 2000


class KeyStatus(enum.Enum):
    """What became of a key."""

    #: It ended as it should and printed something.
    OK = "OK"
    #: It is no program, failed, or printed nothing that can be read.
    FAILED = "FAILED"
    #: It used up its time, memory or output.
    LIMIT = "LIMIT"


@dataclass(frozen=True, slots=True)
class KeyRun:
    """A key that was run. ``output`` is what an OK one printed, ``detail`` why another is none."""

    status: KeyStatus
    output: str = ""
    detail: str = ""


def run(key: Key) -> KeyRun:
    """Run a key with nothing on its stdin, in a sandbox of this process.

    Raises VerifierUnavailableError and SandboxFailedError.
    """
    try:
        return _run(key)
    except (SandboxUnavailable, ToolchainMissing) as error:
        raise VerifierUnavailableError(str(error)) from error
    except SandboxFailure as error:
        raise SandboxFailedError(str(error)) from error


def close() -> None:
    """End the sandbox; another one is made when it is needed."""
    _machine().sandbox.close()
    _machine.cache_clear()


@functools.cache
def _machine() -> Machine:
    sandbox = Sandbox()
    return Machine(sandbox, Toolchains(sandbox))


def _run(key: Key) -> KeyRun:
    known = {*toolchains.found(), *toolchains.missing()}
    if key.language not in known:
        near = programs.canonical(key.language)
        remedy = f"write {near!r}" if near in known else f"use one of {', '.join(sorted(known))}"
        return KeyRun(
            KeyStatus.FAILED, detail=f"its language {key.language[:32]!r} is not known; {remedy}"
        )
    if key.language == "python" and _only_prints_constants(key.source):
        detail = "it computes nothing and prints what stands in it"
        return KeyRun(KeyStatus.FAILED, detail=detail)
    machine = _machine()
    try:
        built = machine.toolchains.build(key.language, key.source)
    except BuildFailed as error:
        status = KeyStatus.LIMIT if error.limit else KeyStatus.FAILED
        said = str(error).partition("\n")[0][:_SHOWN_CHARACTERS]
        return KeyRun(status, detail=f"it does not compile: {said}")
    with Blob(b"") as nothing:
        result = machine.sandbox.run(built.run(LIMITS, stdin=nothing))
    return _read(result)


def _only_prints_constants(source: str) -> bool:
    """Whether a Python program is an answer in the guise of one.

    Whoever means to can hide that better; this is what a model writes that does not mean to.
    """
    if len(source) > _LONGEST_CONSTANT:
        return False
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(tree.body) and all(_states(statement) for statement in tree.body)


def _states(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value) | ast.Assign(value=value) if _is_constant(value):
            return True
        case ast.Expr(ast.Call(ast.Name("print"), arguments)):
            return all(_is_constant(each) or isinstance(each, ast.Name) for each in arguments)
        case _:
            return False


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    )


def _read(result: RunResult) -> KeyRun:
    grade = grade_of(result, ignore_exit_code=False, memory_bytes=LIMITS.memory_bytes)
    if grade is not None:
        status = KeyStatus.LIMIT if grade in _BEYOND_LIMITS else KeyStatus.FAILED
        return KeyRun(status, detail=describe(result, grade))
    try:
        output = result.stdout.decode().strip()
    except UnicodeDecodeError as error:
        return KeyRun(KeyStatus.FAILED, detail=f"what it prints is not UTF-8: {error.reason}")
    if not output:
        return KeyRun(KeyStatus.FAILED, detail="it prints nothing")
    return KeyRun(KeyStatus.OK, output)
