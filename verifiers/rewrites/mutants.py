"""Makes broken copies of a Python program, of which its tests are to reject as many as they can."""

import ast
import warnings
from dataclasses import dataclass

from assayoffice.verifiers.rewrites.mutations import KINDS, Mutation, mutations
from assayoffice.verifiers.rewrites.spreading import spread

#: What is larger, or nested deeper, is left alone: reading it would cost more than it tells.
MAX_CHARACTERS = 32_000
MAX_NODES = 20_000
MAX_DEPTH = 60
_SHOWN_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Mutant:
    """A broken program. ``line`` is the one that was changed, ``change`` shows it."""

    kind: str
    line: int
    change: str
    source: str


@dataclass(frozen=True, slots=True)
class Mutants:
    """Broken programs, and the whole one as it looks when it is written in the same way."""

    control: str
    broken: tuple[Mutant, ...]


def mutants_of(program: str, prefix: str, most: int, *, runs_as_main: bool) -> Mutants | None:
    """At most so many broken copies of ``prefix + program``, of as many kinds and places as can be.

    Only the program is broken; lines are counted in it. Its assertions are left out, in the whole
    one as well: they would fail what the tests let through. Whether it ``runs_as_main`` is as in
    ``mutations``. None where there is no such copy: it cannot be read as Python, or is larger or
    nested deeper than what is read here. Equal programs have equal mutants.
    """
    source = prefix + program
    if len(source) > MAX_CHARACTERS:
        return None
    try:
        # What Python warns of is for the author to hear.
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source)
        if not _is_small(tree):
            return None
        first_line = prefix.count("\n") + 1
        _drop_assertions(tree, first_line)
        writer = _Writer(tree)
        found = mutations(tree, first_line, runs_as_main=runs_as_main)
        broken: dict[str, Mutant] = {}
        for mutation in spread(list(found), KINDS):
            mutant = writer.mutant(mutation, first_line)
            if mutant is not None and mutant.source != writer.control:
                broken.setdefault(mutant.source, mutant)
            if len(broken) == most:
                break
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Mutants(writer.control, tuple(broken.values())) if broken else None


def _is_small(tree: ast.Module) -> bool:
    nodes, level = 0, list(ast.iter_child_nodes(tree))
    for _ in range(MAX_DEPTH):
        nodes += len(level)
        if not level or nodes > MAX_NODES:
            return nodes <= MAX_NODES
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return False


def _drop_assertions(tree: ast.Module, first_line: int) -> None:
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            held = getattr(node, field, None)
            if isinstance(held, list):
                held[:] = [
                    ast.copy_location(ast.Pass(), each)
                    if isinstance(each, ast.Assert) and each.lineno >= first_line
                    else each
                    for each in held
                ]


class _Writer:
    """Writes a tree with one part replaced. What stands elsewhere is written only once."""

    def __init__(self, tree: ast.Module) -> None:
        """Raises ValueError for a tree that cannot be written."""
        self._tree = tree
        self._pieces = [ast.unparse(statement) for statement in tree.body]
        self.control = "\n".join(self._pieces) + "\n"
        # Of several statements in one line, any may be the one that a change is in.
        self._starts = [_first_line(statement) for statement in tree.body]

    def mutant(self, mutation: Mutation, first_line: int) -> Mutant | None:
        """The program after a mutation; None if it cannot be written."""
        before = _shown(mutation.statement)
        original = mutation.swap(mutation.replacement)
        try:
            pieces = list(self._pieces)
            for at in self._around(mutation.statement):
                pieces[at] = ast.unparse(ast.fix_missing_locations(self._tree.body[at]))
            is_statement = isinstance(mutation.replacement, ast.stmt)
            after = _shown(mutation.replacement if is_statement else mutation.statement)
        except ValueError:  # an f-string that has no room for another kind of quotes
            return None
        finally:
            mutation.swap(original)
        line = mutation.statement.lineno - first_line + 1
        change = f"{before}  ->  {after}"
        return Mutant(mutation.kind, line, change, "\n".join(pieces) + "\n")

    def _around(self, statement: ast.stmt) -> range:
        """The statements of the module that may hold it."""
        last = max(at for at, start in enumerate(self._starts) if start <= statement.lineno)
        first = last
        while first and self._starts[first] == self._starts[first - 1]:
            first -= 1
        return range(first, last + 1)


def _first_line(statement: ast.stmt) -> int:
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return statement.lineno
    return min([statement.lineno, *(each.lineno for each in statement.decorator_list)])


def _shown(node: ast.AST) -> str:
    """The first line of a statement, which is all of it but for what is indented below it."""
    if isinstance(node, ast.If | ast.While | ast.For | ast.AsyncFor | ast.With | ast.AsyncWith):
        fields = {**dict(ast.iter_fields(node)), "body": [ast.Pass()], "orelse": []}
        if isinstance(node, ast.With | ast.AsyncWith):
            del fields["orelse"]
        node = ast.copy_location(type(node)(**fields), node)
    lines = ast.unparse(node).split("\n")
    named = (line for line in lines if not line.startswith("@"))
    text = next(named, lines[0])
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."
