"""Which functions and classes of test code are tests, as unittest and pytest have it.

Nothing may be passed over in silence: a function that asserts something, and that nothing would
call, makes the test code unfit. What only shows when the code has run is looked for in
``inside/units.py``.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from assayoffice.verifiers.base import UnscorableReferenceError

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

_CASE_CLASSES = {"IsolatedAsyncioTestCase", "TestCase"}
# Functions that are called by what runs the tests.
_HOOKS = {
    "asyncSetUp",
    "asyncTearDown",
    "setUp",
    "setUpClass",
    "setUpModule",
    "setup_class",
    "setup_function",
    "setup_method",
    "setup_module",
    "tearDown",
    "tearDownClass",
    "tearDownModule",
    "teardown_class",
    "teardown_function",
    "teardown_method",
    "teardown_module",
}
_ASSERTING = ("assert", "fail", "raises", "verify")
# What of pytest is there, see ``inside/pytest_standin.py``.
_PYTEST = {"approx", "fail", "fixture", "main", "mark", "param", "raises", "skip"}
_UNKNOWN_MARKS = {"asyncio", "usefixtures", "xfail"}
_UNKNOWN_SETTINGS = {"fixture": {"name", "params"}, "parametrize": {"indirect"}, "param": {"marks"}}


@dataclass(frozen=True, slots=True)
class Called:
    """Test functions that are called one by one: methods of a class, or one function."""

    class_name: str
    #: Whether the class is a ``unittest.TestCase``.
    is_case: bool
    tests: dict[str, Function]


def called(tree: ast.Module, checks: list[Function]) -> list[Called]:
    """The tests that are called; ``checks`` are functions that are called with the solution.

    Raises UnscorableReferenceError, which names what cannot be called, or would not be.
    """
    _check_features(tree)
    found = list(_found(tree))
    run = {id(test) for unit in found for test in unit.tests.values()} | set(map(id, checks))
    _check_nothing_is_passed_over(tree, run)
    return found


def last_name(node: ast.expr) -> str:
    """``c`` of ``a.b.c`` and of ``c``; empty for other expressions."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _check_features(tree: ast.Module) -> None:
    """Refuse what would have to be understood to tell right from wrong."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(ast.Name("pytest"), name) if name not in _PYTEST:
                feature = f"pytest.{name}"
            case ast.Attribute(mark, name) if last_name(mark) == "mark" and name in _UNKNOWN_MARKS:
                feature = f"pytest.mark.{name}"
            case ast.Attribute(_, "expectedFailure") | ast.Name("expectedFailure"):
                feature = "expectedFailure"
            case ast.Call(function, _, keywords) if settings := _UNKNOWN_SETTINGS.get(
                last_name(function), set()
            ) & {keyword.arg for keyword in keywords if keyword.arg}:
                feature = f"{min(settings)} of {last_name(function)}"
            case _:
                continue
        raise UnscorableReferenceError(
            f"asserts: {feature} is not known here; use script", field="asserts"
        )


def _found(tree: ast.Module) -> Iterator[Called]:
    top = list(_top(tree.body))
    fixtures = [node for node in ast.walk(tree) if _is_fixture(node)]
    given = {node.name for node in fixtures if isinstance(node, FUNCTIONS)} | {"candidate"}
    for node in fixtures:
        if isinstance(node, FUNCTIONS):
            _check_arguments(node, {"self", "cls", *given})
    classes = _Classes([node for node in top if isinstance(node, ast.ClassDef)], _case_names(top))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    by_name = {
        last_name(node.func): None for node in ast.walk(tree) if isinstance(node, ast.Call)
    }.keys()
    latest = {node.name: node for node in top if isinstance(node, (*FUNCTIONS, ast.ClassDef))}
    for node in latest.values():
        if isinstance(node, ast.ClassDef):
            tests = classes.tests(node)
            is_case = classes.is_case(node)
            if not tests or not (is_case or classes.is_collected(node)):
                continue
            if not is_case:
                for test in tests.values():
                    _check_arguments(test, {"self", *given, *_parameters(node)})
            yield Called(node.name, is_case, tests)
        elif node.name.startswith("test") and node.name not in by_name and not _is_fixture(node):
            # Elsewhere it may be handed on, to be called with what it takes.
            if node.name in used and (
                set(_required(node.args)) - given - _parameters(node)
                or isinstance(node, ast.AsyncFunctionDef)
            ):
                continue
            _check_arguments(node, given)
            yield Called("", False, {node.name: node})


def _top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that are run once, also under conditions."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from _top(node.body)
            yield from _top(getattr(node, "orelse", []))
            for handler in getattr(node, "handlers", []):
                yield from _top(handler.body)


def _case_names(top: list[ast.stmt]) -> set[str]:
    """What the code calls ``unittest.TestCase``."""
    names = set(_CASE_CLASSES)
    for node in top:
        match node:
            case ast.ImportFrom("unittest", aliases):
                names |= {a.asname for a in aliases if a.name in _CASE_CLASSES and a.asname}
            case ast.Assign([ast.Name(name)], value) if last_name(value) in names:
                names.add(name)
    return names


class _Classes:
    """Classes of test code, and what they inherit from each other."""

    def __init__(self, nodes: list[ast.ClassDef], case_names: set[str]) -> None:
        self._case_names = case_names
        self._nodes = {node.name: node for node in nodes}

    def is_case(self, node: ast.ClassDef) -> bool:
        return any(
            last_name(base) in self._case_names for line in self._line(node) for base in line.bases
        )

    def is_collected(self, node: ast.ClassDef) -> bool:
        """Whether pytest would make an object of it and call its tests."""
        makes = (
            part.name == "__init__"
            for line in self._line(node)
            for part in line.body
            if isinstance(part, FUNCTIONS)
        )
        return node.name.startswith("Test") and not any(makes)

    def tests(self, node: ast.ClassDef) -> dict[str, Function]:
        """Tests by their names, those of base classes first."""
        return {
            part.name: part
            for line in reversed(self._line(node))
            for part in line.body
            if isinstance(part, FUNCTIONS) and part.name.startswith("test")
        }

    def _line(self, node: ast.ClassDef) -> list[ast.ClassDef]:
        """A class, and those it inherits from, the nearest first."""
        line = [node]
        for one in line:
            bases = (self._nodes.get(last_name(base)) for base in one.bases)
            line += [base for base in bases if base is not None and base not in line]
        return line


def _check_nothing_is_passed_over(tree: ast.Module, run: set[int]) -> None:
    """Refuse functions that assert something and that nothing calls."""
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    reached = _names(tree, skip_functions=True)
    waiting = functions
    while True:
        now = [node for node in waiting if id(node) in run or _is_reached(node, reached)]
        if not now:
            break
        waiting = [node for node in waiting if node not in now]
        for node in now:
            reached |= _names(node, skip_functions=False)
    for node in waiting:
        if node.name.startswith("test") or any(map(_asserts, ast.walk(node))):
            raise UnscorableReferenceError(
                f"asserts: nothing calls {node.name}, so its assertions would be passed over; "
                "call it, or give it a name and a place where unittest or pytest find it",
                field="asserts",
            )


def _names(root: ast.AST, *, skip_functions: bool) -> set[str]:
    """Names and attributes that are read below a node."""
    names: set[str] = set()
    nodes = list(ast.iter_child_nodes(root))
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            names.add(last_name(node))
        if skip_functions and isinstance(node, FUNCTIONS):
            nodes += [*node.decorator_list, node.args]
        else:
            nodes += ast.iter_child_nodes(node)
    return names


def _is_reached(function: Function, reached: set[str]) -> bool:
    name = function.name
    return (
        name in reached
        or name in _HOOKS
        or (name.startswith("__") and name.endswith("__"))
        or _is_fixture(function)
        # A decorator of the tests' own may hand it on.
        or not {"mark", "pytest", "staticmethod", "classmethod", "unittest", ""}.issuperset(
            _roots(function)
        )
    )


def _roots(function: Function) -> Iterator[str]:
    """Where the decorators of a function come from: ``pytest`` of ``pytest.mark.slow``."""
    for node in function.decorator_list:
        part: ast.expr = node
        while not isinstance(part, ast.Name):
            match part:
                case ast.Call(inner) | ast.Attribute(inner):
                    part = inner
                case _:
                    break
        yield last_name(part)


def _asserts(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return last_name(node.func).startswith(_ASSERTING)
    return isinstance(node, ast.Assert) and not (
        isinstance(node.test, ast.Constant) and node.test.value
    )


def _check_arguments(test: Function, given: set[str]) -> None:
    """Refuse a test function that cannot be called."""
    known = given | _parameters(test)
    lacking = [name for name in _required(test.args) if name not in known]
    if lacking or isinstance(test, ast.AsyncFunctionDef):
        what = f"takes {lacking[0]}, which nothing gives" if lacking else "is async"
        raise UnscorableReferenceError(f"asserts: {test.name} {what}", field="asserts")


def _is_fixture(node: ast.AST) -> bool:
    return isinstance(node, FUNCTIONS) and "fixture" in _decorators(node)


def _decorators(node: Function | ast.ClassDef) -> list[str]:
    return [
        last_name(part.func if isinstance(part, ast.Call) else part) for part in node.decorator_list
    ]


def _parameters(node: Function | ast.ClassDef) -> set[str]:
    """Arguments that ``parametrize`` gives."""
    names: set[str] = set()
    for part, name in zip(node.decorator_list, _decorators(node), strict=True):
        if name == "parametrize" and isinstance(part, ast.Call) and part.args:
            for constant in ast.walk(part.args[0]):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    names |= {piece.strip() for piece in constant.value.split(",")}
    return names


def _required(arguments: ast.arguments) -> list[str]:
    positional = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    by_name = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return positional[: len(positional) - len(arguments.defaults)] + [
        argument.arg for argument, default in by_name if default is None
    ]
