"""Reads a Python script: whether it can fail a program at all, and where it tests something.

A script that defines tests and never calls them, or that holds none, passes every program. Such a
script is a defect of the task, and is refused before anything is run. The others are marked, so
that a run in which none of their assertions was reached is told from one in which they held.
"""

import ast
import functools
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from assayoffice.verifiers.base import UnscorableReferenceError

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)
_EXITS = {"exit", "quit", "_exit", "abort"}
# With these a script may call what it does not name.
_CALLERS = set("globals locals vars getattr dir eval exec inspect doctest pytest __main__".split())
_RUNNERS = {"main", "TestProgram", "TestLoader", "defaultTestLoader", "makeSuite"}


@dataclass(frozen=True, slots=True)
class ScriptTests:
    """A script with its assertions marked.

    ``needs_evidence`` says that assertions and tests of unittest are its only way to fail a
    program, so that a run without any has tested nothing.
    """

    source: str
    uses_unittest: bool
    needs_evidence: bool


@functools.lru_cache(maxsize=256)
def read(script: str) -> ScriptTests:
    """Read a script. Raises UnscorableReferenceError for one that no program can fail."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return _read(ast.parse(script))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnscorableReferenceError(f"script: no Python code: {error}", field="script") from None


def _read(tree: ast.Module) -> ScriptTests:
    reached = list(_reached(tree))
    asserting = any(_asserts(node) for node in reached)
    ending = any(isinstance(node, ast.Raise) or _exits(node) for node in reached)
    if not asserting and not ending:
        raise UnscorableReferenceError(
            f"script: every program would pass: {_why(tree)}", field="script"
        )
    marked = ast.fix_missing_locations(_Marker().visit(tree))
    uses_unittest = any("unittest" in _names(node) for node in ast.walk(tree))
    return ScriptTests(ast.unparse(marked), uses_unittest, not ending)


def _why(tree: ast.Module) -> str:
    """What is missing and what helps."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(map(_asserts, ast.walk(node))):
            return f"{node.name} is never run; end with unittest.main(), or give it as asserts"
        if isinstance(node, _FUNCTIONS) and any(map(_asserts, ast.walk(node))):
            return f"{node.name} is never called; call it at the end, or give it as asserts"
    return "it has no assertion, raises nothing and exits nowhere; assert what must hold"


def _reached(tree: ast.Module) -> Iterator[ast.AST]:
    """What may be run: not the bodies of functions and classes' methods that nothing names."""
    everything = {name for node in ast.walk(tree) for name in _names(node)}
    calls_all = not _CALLERS.isdisjoint(everything)
    runs_cases = calls_all or ("unittest" in everything and not _RUNNERS.isdisjoint(everything))
    waiting: dict[str, list[ast.AST]] = {}
    named: set[str] = set()
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        for name in _names(node):
            named.add(name)
            todo += waiting.pop(name, ())
        for part in ast.iter_child_nodes(node):
            if not isinstance(part, _DEFINITIONS) or part.name in named or calls_all:
                todo.append(part)
            elif part.decorator_list or _is_method(node, part):
                todo.append(part)
            elif runs_cases and isinstance(part, ast.ClassDef) and part.bases:
                todo.append(part)
            else:
                waiting.setdefault(part.name, []).append(part)


def _is_method(owner: ast.AST, part: ast.AST) -> bool:
    return isinstance(owner, ast.ClassDef) and isinstance(part, _FUNCTIONS)


def _names(node: ast.AST) -> tuple[str, ...]:
    """What a node refers to."""
    match node:
        case ast.Name(name, ast.Load()) | ast.Attribute(attr=name):
            return (name,)
        case ast.Import(aliases) | ast.ImportFrom(names=aliases):
            module = getattr(node, "module", None) or ""
            return (*module.split("."), *(alias.name for alias in aliases))
        case _:
            return ()


def _asserts(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return not (isinstance(node.test, ast.Constant) and node.test.value)
    return isinstance(node, ast.Call) and _called(node).lower().startswith(("assert", "fail"))


def _exits(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _called(node) in _EXITS


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _marked() -> ast.stmt:
    return ast.parse("__assay_tested__()").body[0]


class _Marker(ast.NodeTransformer):
    """Puts a mark behind every assertion, and the script's own exit in place of the process'."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return [node, _marked()] if _asserts(node) else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return [node, _marked()] if _asserts(node.value) else node

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        # Such as assertRaises, whose body does not come to its end.
        self.generic_visit(node)
        held = any(_asserts(item.context_expr) for item in node.items)
        return [node, _marked()] if held else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(ast.Name("sys"), "exit") | ast.Name("exit" | "quit"):
                node.func = ast.Name("__assay_end__", ast.Load())
        return node
