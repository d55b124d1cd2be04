"""Python test code: which tests it holds, and what it takes from the solution.

What is a test:

- each method ``test...`` of a ``unittest.TestCase``;
- each function ``test...`` that the code itself does not call, and each such method of a class
  ``Test...``, as pytest has it. Their arguments may be parameters and fixtures (see
  ``inside/pytest_standin.py``), and ``candidate`` is the entry point;
- where there are neither, each ``assert`` statement, however often it is evaluated; ``assert True``
  is none. Otherwise those outside of functions.

A function ``check`` that the code itself does not use is called with the solution, as HumanEval has
it. Definitions of the entry point itself are dropped: they are the stubs of prompts.

Functions, constants and imports of the task's prefix are the tests' own as well, see ``_trusted``.
"""

import ast
import builtins
import contextlib
import functools
import re
import symtable
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from assayoffice.verifiers.base import InvalidTaskError, UnscorableReferenceError
from assayoffice.verifiers.code import testunits
from assayoffice.verifiers.code.testunits import FUNCTIONS, Function, last_name

#: Modules that stand for the solution where they are imported.
_SOLUTION_MODULES = {
    "answer",
    "candidate",
    "implementation",
    "main",
    "my_module",
    "program",
    "solution",
    "submission",
    "your_module",
}
# Calls of these see the frame they are made in, which must stay the test's own.
_BOUND_TO_FRAMES = {"dir", "eval", "exec", "globals", "locals", "super", "vars"}
# What runs programs, or makes objects that do when they are read. A test that hands it what the
# solution has returned hands the decision to the solution.
_EXECUTING_MODULES = {
    "_pickle",
    "bdb",
    "builtins",
    "cProfile",
    "cloudpickle",
    "code",
    "codeop",
    "ctypes",
    "dill",
    "doctest",
    "importlib",
    "joblib",
    "marshal",
    "multiprocessing",
    "pdb",
    "pickle",
    "profile",
    "runpy",
    "shelve",
    "subprocess",
    "timeit",
    "trace",
}
_EXECUTING_NAMES = {"get_type_hints", "parse_expr", "read_pickle", "run_line_magic", "sympify"}
_EXECUTING = ("eval", "exec", "compile")
_WORD = re.compile(r"\w+")
# What test code uses without importing it, because the solution usually does. It must not be the
# solution's: ``f(4) == sqrt(4)`` would be for the solution to decide.
_LIBRARY = {
    "bisect": "bisect_left bisect_right insort",
    "collections": "ChainMap Counter OrderedDict defaultdict deque namedtuple",
    "copy": "deepcopy",
    "datetime": "datetime timedelta",
    "decimal": "Decimal",
    "functools": "cmp_to_key lru_cache partial reduce wraps",
    "heapq": "heapify heappop heappush heapreplace nlargest nsmallest",
    "io": "BytesIO StringIO",
    "itertools": "chain groupby islice zip_longest",
    "math": "inf isclose isfinite isinf isnan nan sqrt",
    "operator": "attrgetter itemgetter methodcaller",
    "pytest": "approx raises",
    "random": "randint",
    "string": "ascii_letters ascii_lowercase ascii_uppercase",
    "typing": "Any Callable Dict Iterable List Optional Set Tuple Union",
    "unittest": "TestCase",
}
# The same, where it is known that something else is tested: solutions are called so as well.
_LIBRARY_BESIDE = {
    "bisect": "bisect",
    "copy": "copy",
    "datetime": "date",
    "fractions": "Fraction",
    "functools": "cache",
    "itertools": "accumulate combinations combinations_with_replacement count cycle permutations"
    " product repeat starmap takewhile dropwhile pairwise",
    "json": "dumps loads",
    "math": "ceil comb cos e exp fabs factorial floor fsum gcd hypot isqrt lcm log log10 log2 perm"
    " pi prod sin tan trunc",
    "random": "choice choices random sample seed shuffle uniform",
    "re": "findall fullmatch",
    "statistics": "mean median",
    "string": "digits punctuation",
}
_ASSERTING = ("approx", "assert", "check", "expect", "verify")

# Packages, by the names they have in code that leaves the import to the solution.
_PACKAGES = {"np": "numpy", "numpy": "numpy", "pd": "pandas", "torch": "torch", "sympy": "sympy"}
# What the solution prints and reads is another process' business.
_REDIRECTIONS = {"redirect_stderr", "redirect_stdout"}
_STREAMS = {"stderr", "stdin", "stdout"}
_PATCHED_STREAMS = ("builtins.", "sys.std")


@dataclass(frozen=True, slots=True)
class Unit:
    """Test functions that are called one by one: methods of a class, or one function."""

    class_name: str
    #: Whether the class is a ``unittest.TestCase``.
    is_case: bool
    #: Method or function, and the index of the test.
    tests: dict[str, int]


@dataclass(frozen=True, slots=True)
class Tests:
    """Test code, ready to run.

    ``source`` is the code as ``driver.py`` wants it, and ``trusted`` what is run before it.
    ``names`` are those of the tests. ``wanted`` are names that the solution must define, sorted.
    ``checks`` are functions to be called with the entry point, ``helpers`` those that the code may
    call itself.
    """

    source: str
    trusted: str
    names: tuple[str, ...]
    wanted: tuple[str, ...]
    checks: tuple[str, ...]
    helpers: tuple[str, ...]
    units: tuple[Unit, ...]
    uses_unittest: bool
    uses_pytest: bool


@functools.lru_cache(maxsize=256)
def read(code: str, entry_point: str, prefix: str = "") -> Tests:
    """Read test code. ``entry_point`` is ``f``, ``Solution.f`` or empty; ``prefix`` the task's.

    Raises UnscorableReferenceError for code that does not parse or holds no test, and
    InvalidTaskError where ``check`` is to be called and there is no entry point.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read(ast.parse(code), entry_point, prefix)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnscorableReferenceError(
            f"asserts: no Python code: {error}", field="asserts"
        ) from None


def _read(tree: ast.Module, entry_point: str, prefix: str) -> Tests:
    owner, _, name = entry_point.rpartition(".")
    stubs = (*FUNCTIONS, ast.ClassDef)
    tree.body = [
        node for node in tree.body if not (isinstance(node, stubs) and node.name == (owner or name))
    ]
    _check_executes_nothing(tree)
    _check_redirects_nothing(tree)
    imports = _ImportsOfSolution(tree)
    tree = imports.visit(tree)
    wanted = (_free_names(ast.unparse(tree)) | imports.names) - {name}
    trusted = ""
    before = _trusted(prefix, owner or name)
    if own := wanted & _bound_names(before):
        _check_executes_nothing(before)
        trusted = ast.unparse(before)
        wanted = (wanted - own) | (_free_names(trusted) - {name})
    called_names = {last_name(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    functions = [
        node for node in tree.body if isinstance(node, FUNCTIONS) and node.name not in used
    ]
    checks = [node for node in functions if node.name == "check"]
    if checks and not entry_point:
        raise InvalidTaskError(
            "entry_point: check() of the tests is to be called with it", field="entry_point"
        )
    units = testunits.called(tree, checks)
    rewriter = _Rewriter(checks, asserts_everywhere=not units)
    tree.body = rewriter.rewritten(tree)
    names = [f"assert {number}" for number in range(1, rewriter.asserts + 1)]
    indexed = []
    for unit in units:
        indexes = {test: len(names) + at for at, test in enumerate(unit.tests)}
        indexed.append(Unit(unit.class_name, unit.is_case, indexes))
        names += [f"{unit.class_name}.{test}".removeprefix(".") for test in unit.tests]
    if not names:
        raise UnscorableReferenceError("asserts: the code holds no test", field="asserts")
    supplied = _supplied(tree, wanted - imports.names, name)
    _check_assertions_are_known(
        (wanted & called_names) - imports.names - supplied.keys(), bool(entry_point)
    )
    start = _first_statement(tree)
    tree.body[start:start] = supplied.values()
    return Tests(
        source=ast.unparse(ast.fix_missing_locations(tree)),
        trusted=trusted,
        names=tuple(names),
        wanted=tuple(sorted(wanted - supplied.keys())),
        checks=tuple(node.name for node in checks),
        helpers=tuple(node.name for node in tree.body if isinstance(node, FUNCTIONS)),
        units=tuple(indexed),
        uses_unittest="unittest" in used or any(unit.is_case for unit in units),
        uses_pytest="pytest" in _imported(tree),
    )


def _trusted(prefix: str, entry: str) -> ast.Module:
    """What the tests take from the prefix, rather than from a solution that may define it anew.

    That is all but the entry point (where there is none: the last function, which a completion may
    continue), stubs, and classes: their objects are passed to the solution, and live there.
    """
    tree = _parsed_alone(prefix)
    last = tree.body[-1] if tree.body and not entry else None
    tree.body = [
        node
        for node in tree.body
        if not isinstance(node, ast.ClassDef)
        and not (
            isinstance(node, FUNCTIONS) and (node is last or node.name == entry or _is_stub(node))
        )
    ]
    return tree


def _parsed_alone(prefix: str) -> ast.Module:
    """The prefix as a program of its own, or an empty one if it is none without a completion."""
    for end in ("", "    pass", "        pass"):
        with contextlib.suppress(SyntaxError, ValueError):
            return ast.parse(f"{prefix}\n{end}")
    return ast.Module([], [])


def _is_stub(function: Function) -> bool:
    return all(
        isinstance(node, ast.Pass)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )


def _bound_names(tree: ast.Module) -> set[str]:
    symbols = symtable.symtable(ast.unparse(tree), "prefix", "exec").get_symbols()
    return {
        symbol.get_name()
        for symbol in symbols
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }


def _check_executes_nothing(tree: ast.Module) -> None:
    """Refuse code that may run what the solution has written: in here, the solution is data."""
    literal = {id(node.func) for node in ast.walk(tree) if _calls_with_literal(node)}
    for node in ast.walk(tree):
        if name := _executing(node, literal):
            raise UnscorableReferenceError(
                f"asserts: {name} may run what the solution returns; use script", field="asserts"
            )


def _executing(node: ast.AST, literal: set[int]) -> str:
    """What of a node may run programs; ``literal`` are functions that are called with literals."""
    suspects: list[str] = []
    match node:
        case ast.Import(aliases):
            suspects = [alias.name for alias in aliases if _is_executing_module(alias.name)]
        case ast.ImportFrom(str(module), aliases, 0):
            suspects = [module] if _is_executing_module(module) else []
            suspects += [alias.name for alias in aliases if alias.name in _EXECUTING_NAMES]
        case ast.Name("exec" | "compile" | "__import__" as name):
            suspects = [] if id(node) in literal else [name]
        case ast.Name("__builtins__" | "__loader__" as name):
            suspects = [name]
        case ast.Name(name) if name in _EXECUTING_NAMES:
            suspects = [name]
        case ast.Attribute(_, name) if name in _EXECUTING_NAMES | {"__builtins__"}:
            suspects = [name]
        case ast.Attribute(ast.Name("pd" | "pandas"), "eval" as name):
            suspects = [name]
        case ast.Call(function, arguments):
            suspects = _executing_literals(last_name(function), arguments)
    return suspects[0] if suspects else ""


def _executing_literals(function: str, arguments: list[ast.expr]) -> list[str]:
    texts = [
        part.value
        for part in arguments
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    if function in ("getattr", "attrgetter", "methodcaller"):
        return [text for text in texts if text in _EXECUTING]
    if function in (*_EXECUTING, "__import__"):
        words = [word for text in texts[:1] for word in _WORD.findall(text)]
        return [word for word in words if word in _EXECUTING or word in _EXECUTING_MODULES]
    return []


def _is_executing_module(name: str) -> bool:
    return name.partition(".")[0] in _EXECUTING_MODULES


def _check_redirects_nothing(tree: ast.Module) -> None:
    """Refuse code that swaps streams or builtins: right solutions would be wrong."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(name) | ast.Attribute(_, name) if name in _REDIRECTIONS:
                swapped = name
            case ast.Attribute(ast.Name("sys"), name, ast.Store()) if name in _STREAMS:
                swapped = f"sys.{name}"
            case ast.Call(function, [ast.Constant(str(name)), *_]) if last_name(
                function
            ) == "patch" and name.startswith(_PATCHED_STREAMS):
                swapped = name
            case _:
                continue
        raise UnscorableReferenceError(
            f"asserts: {swapped} is replaced for the tests, and not for the solution; use script",
            field="asserts",
        )


def _calls_with_literal(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and bool(node.args) and isinstance(node.args[0], ast.Constant)


def _imported(tree: ast.Module) -> set[str | None]:
    nodes = list(ast.walk(tree))
    whole = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return whole | {node.module for node in nodes if isinstance(node, ast.ImportFrom)}


def _free_names(source: str) -> set[str]:
    """Global names that are read and neither bound by the code nor builtin."""
    top = symtable.symtable(source, "tests", "exec")
    read: set[str] = set()
    bound: set[str] = set()
    tables = [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if table is not top and not symbol.is_global():
                continue
            if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
                bound.add(symbol.get_name())
            if symbol.is_referenced():
                read.add(symbol.get_name())
    return {
        name for name in read - bound if not hasattr(builtins, name) and not name.startswith("__")
    }


def _supplied(tree: ast.Module, wanted: set[str], entry: str) -> dict[str, ast.stmt]:
    """What the tests get though neither they nor, perhaps, the solution have imported it.

    A comparison must not be the solution's: so modules that are used as modules are the real ones.
    """
    attributes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    plain = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in attributes
    }
    library = _modules_of_names(_LIBRARY, _LIBRARY_BESIDE if entry else {})
    found: dict[str, str] = {}
    for name in sorted(wanted):
        if name == "candidate" and entry:
            found[name] = f"candidate = {entry}"
        elif name in sys.stdlib_module_names | {"pytest"} and name not in plain:
            found[name] = f"import {name}"
        elif name in _PACKAGES and name not in plain:
            found[name] = f"import {_PACKAGES[name]} as {name}"
        elif name in library:
            found[name] = f"from {library[name]} import {name}"
    return {name: ast.parse(line).body[0] for name, line in found.items()}


def _modules_of_names(*libraries: Mapping[str, str]) -> dict[str, str]:
    return {
        name: module
        for library in libraries
        for module, names in library.items()
        for name in names.split()
    }


def _check_assertions_are_known(called: set[str], has_entry: bool) -> None:
    """Refuse to let the solution define what seems to assert something."""
    # Without an entry point, what is called so may be what is tested.
    beginnings = _ASSERTING if has_entry else ("assert",)
    for name in sorted(called):
        if name.startswith(beginnings):
            raise UnscorableReferenceError(
                f"asserts: {name} would be the solution's; define it in the tests, or import it "
                "from solution if it is to be tested",
                field="asserts",
            )


def _first_statement(tree: ast.Module) -> int:
    """Where the code begins that need not come first: behind its docstring and its futures."""
    for at, node in enumerate(tree.body):
        docstring = at == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not docstring and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            return at
    return len(tree.body)


class _ImportsOfSolution(ast.NodeTransformer):
    """Takes out ``from solution import f``, and puts an object in place of ``import solution``."""

    def __init__(self, tree: ast.Module) -> None:
        self.names: set[str] = set()
        self._attributes: dict[str, set[str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                self._attributes.setdefault(node.value.id, set()).add(node.attr)

    def visit_Import(self, node: ast.Import) -> ast.AST | list[ast.stmt]:
        if not any(alias.name in _SOLUTION_MODULES for alias in node.names):
            return node
        lines = []
        for alias in node.names:
            name = alias.asname or alias.name
            if alias.name in _SOLUTION_MODULES:
                used = self._attributes.get(name, set())
                self.names |= used
                given = ", ".join(f"{attribute}={attribute}" for attribute in sorted(used))
                lines.append(f"{name} = __import__('types').SimpleNamespace({given})")
            else:
                lines.append(f"import {alias.name} as {name}" if alias.asname else f"import {name}")
        return ast.parse("\n".join(lines)).body

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | list[ast.stmt]:
        if node.level == 0 and node.module not in _SOLUTION_MODULES:
            return node
        aliases = [alias for alias in node.names if alias.name != "*"]
        self.names |= {alias.name for alias in aliases}
        renamed = [f"{alias.asname} = {alias.name}" for alias in aliases if alias.asname]
        return ast.parse("\n".join(renamed) or "pass").body


class _Rewriter(ast.NodeTransformer):
    """Marks the assertions that are tests, and the calls that may change their arguments.

    These are calls that are made for their effect, and those that get a variable which is compared
    further on. There what they have changed is seen from the next statement on, so that it does not
    make the comparison true in which they stand.
    """

    def __init__(self, checks: list[Function], *, asserts_everywhere: bool) -> None:
        self.asserts = 0
        self._last_checks: dict[str, int] = {}
        self._changing: set[int] = set()
        self._checks = checks
        self._everywhere = asserts_everywhere
        self._inside = 0
        self._guards = 0

    def rewritten(self, tree: ast.Module) -> list[ast.stmt]:
        """The statements of test code, marked."""
        self._last_checks = _last_checks(tree)
        return self._visit_all(tree.body)

    def _visit_all(self, body: list[ast.stmt]) -> list[ast.stmt]:
        lists = (self.visit(node) for node in body)
        return [node for one in lists for node in (one if isinstance(one, list) else [one])]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._visit_scope(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._visit_scope(node)

    def _visit_scope(self, node: Function) -> ast.AST:
        apart = not self._everywhere and node not in self._checks
        guards, self._guards = self._guards, 0
        reads, self._last_checks = self._last_checks, _last_checks(node)
        self._inside += apart
        self.generic_visit(node)
        self._inside -= apart
        self._guards, self._last_checks = guards, reads
        return node

    def visit_Try(self, node: ast.Try) -> ast.AST:
        # A handler is to see what an assertion raises.
        self._guards += bool(node.handlers)
        node.body = self._visit_all(node.body)
        self._guards -= bool(node.handlers)
        node.handlers = [self.visit(part) for part in node.handlers]
        node.orelse = self._visit_all(node.orelse)
        node.finalbody = self._visit_all(node.finalbody)
        return node

    def visit_With(self, node: ast.With) -> ast.AST:
        # So is a context manager such as assertRaises.
        self._guards += 1
        self.generic_visit(node)
        self._guards -= 1
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        settle = self._mark_changing(node)
        self.generic_visit(node)
        return [node, *settle]

    def _mark_changing(self, node: ast.stmt) -> list[ast.stmt]:
        """Mark calls in a statement that may change variables; what then is to come behind it."""
        found = [
            part
            for part in ast.walk(node)
            if isinstance(part, ast.Call)
            and last_name(part.func) not in _BOUND_TO_FRAMES
            and not hasattr(builtins, last_name(part.func))
            and any(self._is_compared_after(argument, node) for argument in _arguments(part))
        ]
        self._changing |= set(map(id, found))
        return ast.parse("__assay_settle__()").body if found else []

    def _is_compared_after(self, argument: ast.expr, node: ast.stmt) -> bool:
        last = self._last_checks.get(argument.id, 0) if isinstance(argument, ast.Name) else 0
        return last > (node.end_lineno or node.lineno)

    def visit_Assert(self, node: ast.Assert) -> ast.AST | list[ast.stmt]:
        settle = self._mark_changing(node)
        self.generic_visit(node)
        if self._inside or (isinstance(node.test, ast.Constant) and node.test.value):
            return [node, *settle]
        marked = ast.parse(f"with __assay_assertion__({self.asserts}, {bool(self._guards)}): pass")
        self.asserts += 1
        with_statement = marked.body[0]
        assert isinstance(with_statement, ast.With)
        with_statement.body = [node]
        return [with_statement, *settle]

    def visit_Call(self, node: ast.Call) -> ast.AST:
        eval_of_literal = last_name(node.func) == "eval" and _calls_with_literal(node)
        if eval_of_literal:
            node.args = [self.visit(argument) for argument in node.args]
        else:
            self.generic_visit(node)
        if id(node) in self._changing:
            node.args.insert(0, node.func)
            node.func = ast.Name("__assay_later__", ast.Load())
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name("__assay_eval__", node.ctx) if node.id == "eval" else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        settle = self._mark_changing(node)
        self._changing.discard(id(node.value))
        self.generic_visit(node)
        call = node.value
        if isinstance(call, ast.Call) and last_name(call.func) not in _BOUND_TO_FRAMES:
            call.args.insert(0, call.func)
            call.func = ast.Name("__assay_call__", ast.Load())
        return [node, *settle]


def _last_checks(scope: ast.AST) -> dict[str, int]:
    """The last line on which each variable is compared with something that is written out.

    Others may be what is expected: ``result == sorted(numbers)`` must not be made true by a
    solution that empties ``numbers``.
    """
    lines: dict[str, int] = {}
    for node in ast.walk(scope):
        match node:
            case ast.Compare(left, _, others):
                operands = [left, *others]
            case ast.Call(function, arguments) if last_name(function).startswith("assert"):
                operands = arguments
            case _:
                continue
        if any(map(_is_written_out, operands)):
            for name in map(_variable, operands):
                lines[name] = max(node.lineno, lines.get(name, 0))
    return lines


def _is_written_out(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError):
        return isinstance(node, ast.Name) and node.id.startswith("expect")
    return True


def _variable(node: ast.expr) -> str:
    """``x`` of ``x``, ``x[1:]`` and ``len(x)``, otherwise empty."""
    match node:
        case ast.Name(name):
            return name
        case ast.Subscript(value) | ast.Call(ast.Name(), [value]):
            return _variable(value)
        case _:
            return ""


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *[keyword.value for keyword in call.keywords]]
