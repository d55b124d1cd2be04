"""What can be broken in a Python program: places in its tree, and what to put there instead.

The operators are those that mutation testing has settled on (Offutt and others, "An experimental
determination of sufficient mutant operators", 1996): arithmetic, comparisons, conditions,
constants, statements left out; besides, what programs of contests get wrong: ranges, indices,
arguments in the wrong order. What usually makes no difference is not offered: messages,
annotations, assertions, large constants that stand for infinity, ``<`` for ``<=`` where a minimum
is kept.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

#: Kinds of mutations, in the order in which they are chosen from.
KINDS = (
    "comparison",
    "boundary",
    "arithmetic",
    "range",
    "constant",
    "condition",
    "return",
    "statement",
    "index",
    "boolean",
    "function",
    "arguments",
    "operands",
    "loop",
    "sign",
    "text",
)
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_BOUNDARIES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift)
_FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
#: Functions whose arguments may come in any order, or are none of the answer's business.
_UNORDERED = frozenset("min max gcd lcm hypot print zip isinstance hasattr getattr open".split())
#: Constants above it stand for infinity, a modulus or a limit: one more is seldom noticed.
_LARGEST_CONSTANT = 1000


@dataclass(frozen=True, slots=True)
class Mutation:
    """Something to put in place of a part of a tree: at ``field`` of ``parent``, or in its list.

    ``statement`` is the one that is changed, for showing it.
    """

    kind: str
    statement: ast.stmt
    parent: ast.AST
    field: str
    index: int | None
    replacement: ast.AST

    def swap(self, node: ast.AST) -> ast.AST:
        """Put a node in the place, and return what was there."""
        held = getattr(self.parent, self.field)
        if self.index is None:
            setattr(self.parent, self.field, node)
            return held  # type: ignore[no-any-return]
        before: ast.AST = held[self.index]
        held[self.index] = node
        return before


@dataclass(frozen=True, slots=True)
class _Place:
    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    statement: ast.stmt
    in_text: bool  # in what is printed or returned


def mutations(tree: ast.Module, first_line: int, *, runs_as_main: bool) -> Iterator[Mutation]:
    """All mutations of what begins at ``first_line`` or below, in the order of the source.

    Unless it ``runs_as_main``, what stands below ``if __name__ == "__main__"`` is left alone: it
    makes no difference to tests that call functions.
    """
    for place in _places(tree, runs_as_main=runs_as_main):
        if place.statement.lineno < first_line:
            continue
        for kind, replacement in _replacements(place):
            yield Mutation(
                kind, place.statement, place.parent, place.field, place.index, replacement
            )


def _places(tree: ast.Module, *, runs_as_main: bool) -> Iterator[_Place]:
    """What may be changed, parents first. Its own stack, so that no depth is too deep for it."""
    waiting = [
        _Place(each, tree, "body", index, each, False)
        for index, each in reversed(list(enumerate(tree.body)))
    ]
    while waiting:
        place = waiting.pop()
        if _is_left_alone(place, runs_as_main=runs_as_main):
            continue
        yield place
        waiting.extend(reversed(list(_children(place))))


def _children(place: _Place) -> Iterator[_Place]:
    node = place.node
    in_text = place.in_text or isinstance(node, ast.Return) or _called(node) == "print"
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "format_spec", "type_params"):
            continue
        each = enumerate(value) if isinstance(value, list) else ((None, value),)
        for index, child in each:
            # Of an f-string, only the values that are put into it.
            if isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant):
                continue
            if isinstance(child, ast.AST):
                statement = child if isinstance(child, ast.stmt) else place.statement
                yield _Place(child, node, field, index, statement, in_text)


def _is_left_alone(place: _Place, *, runs_as_main: bool) -> bool:
    node = place.node
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Raise():
            return True
        case ast.Global() | ast.Nonlocal() | ast.Pass():
            return True
        case ast.Expr(value=value):
            return isinstance(value, ast.Constant) or _is_of_no_consequence(value)
        case ast.Call():
            return _is_of_no_consequence(node)
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return not runs_as_main
        case ast.Compare(left=ast.Name(id="__name__")):
            return True
        case ast.BinOp(left=ast.Constant(), op=ast.Pow() | ast.LShift(), right=ast.Constant()):
            return True
        case _:
            return False


def _is_of_no_consequence(node: ast.AST) -> bool:
    """Whether it is a call that sets a limit or prints to somewhere else."""
    return isinstance(node, ast.Call) and (
        any(each.arg == "file" for each in node.keywords)
        or _called(node) in ("setrecursionlimit", "stack_size", "TypeVar")
    )


def _replacements(place: _Place) -> Iterator[tuple[str, ast.AST]]:
    """What can stand in a place instead, with the kind of each."""
    match place.node:
        case ast.BinOp() as node:
            yield from _of_operation(node)
        case ast.Compare() as node:
            yield from _of_comparison(node, place)
        case ast.BoolOp(op=op, values=values):
            other = ast.And() if isinstance(op, ast.Or) else ast.Or()
            yield "boolean", ast.BoolOp(other, values)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield "sign", operand
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "condition", operand
        case ast.Constant() as node:
            yield from _of_constant(node, place)
        case ast.Call() as node:
            yield from _of_call(node)
        case ast.Subscript(ctx=ast.Load()) as node:
            yield from _of_subscript(node)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield "condition", ast.IfExp(test, orelse, body)
        case ast.comprehension(ifs=[_, *_]) as node:
            yield "condition", ast.comprehension(node.target, node.iter, [], node.is_async)
        case ast.stmt() as node:
            yield from _of_statement(node, place)
        case _:
            pass


def _of_operation(node: ast.BinOp) -> Iterator[tuple[str, ast.AST]]:
    other = _ARITHMETIC.get(type(node.op))
    if other is not None and not _is_text(node.left):
        yield "arithmetic", ast.BinOp(node.left, other(), node.right)
    if isinstance(node.op, _ORDERED) and not _is_text(node.left):
        yield "operands", ast.BinOp(node.right, node.op, node.left)


def _of_comparison(node: ast.Compare, place: _Place) -> Iterator[tuple[str, ast.AST]]:
    for at, op in enumerate(node.ops):
        before, after = node.ops[:at], node.ops[at + 1 :]
        other = _COMPARISONS.get(type(op))
        if other is not None:
            yield "comparison", ast.Compare(node.left, [*before, other(), *after], node.comparators)
        nearby = _BOUNDARIES.get(type(op))
        if nearby is not None and not _keeps_extreme(node, place.parent):
            changed = [*before, nearby(), *after]
            yield "boundary", ast.Compare(node.left, changed, node.comparators)


def _keeps_extreme(node: ast.Compare, parent: ast.AST) -> bool:
    """Of ``if a < b: b = a`` or ``return b``, where it makes no difference which of equals is."""
    if not isinstance(parent, ast.If) or len(node.ops) > 1:
        return False
    sides = {ast.dump(node.left), ast.dump(node.comparators[0])}
    return any(
        isinstance(each, ast.Assign | ast.Return)
        and each.value is not None
        and ast.dump(each.value) in sides
        for each in parent.body
    )


def _of_constant(node: ast.Constant, place: _Place) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield "boolean", ast.Constant(not value)
    elif isinstance(value, int) and abs(value) <= _LARGEST_CONSTANT:
        for by in (1, -1):
            if not _is_made_elsewhere(value, by, place):
                yield "constant", ast.Constant(value + by)
    elif isinstance(value, float) and abs(value) <= _LARGEST_CONSTANT:
        yield "constant", ast.Constant(value + 1.0)
    elif isinstance(value, str) and value.strip() and place.in_text:
        yield "text", ast.Constant("")


def _is_made_elsewhere(value: int, by: int, place: _Place) -> bool:
    """Whether another constant does what another mutation does: n < 3 for n <= 2, n for n + 0."""
    match place.parent:
        case ast.Compare(ops=[ast.Lt() | ast.GtE()], comparators=[node]) if node is place.node:
            return by > 0
        case ast.Compare(ops=[ast.Gt() | ast.LtE()], comparators=[node]) if node is place.node:
            return by < 0
        case ast.BinOp():
            return value + by == 0
        case _:
            return False


def _of_call(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    name = _called(node)
    if any(isinstance(each, ast.Starred) for each in node.args):
        return
    if isinstance(node.func, ast.Name) and name == "range" and node.args:
        yield from _of_range(node)
        return
    if isinstance(node.func, ast.Name) and name in _FUNCTIONS and node.args:
        keywords = node.keywords if name in ("min", "max") else []
        func = ast.Name(_FUNCTIONS[name], ast.Load())
        yield "function", ast.Call(func, node.args, keywords)
    if isinstance(node.func, ast.Name) and name == "abs" and len(node.args) == 1:
        yield "function", node.args[0]
    if len(node.args) > 1 and name not in _UNORDERED:
        first, second, *others = node.args
        if ast.dump(first) != ast.dump(second):
            yield "arguments", ast.Call(node.func, [second, first, *others], node.keywords)


def _of_range(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    def call(*args: ast.expr) -> ast.Call:
        return ast.Call(node.func, list(args), node.keywords)

    if len(node.args) == 1:
        yield "range", call(_moved(node.args[0], -1))
        yield "range", call(_moved(node.args[0], 1))
        yield "range", call(ast.Constant(1), node.args[0])
    else:
        start, stop, *step = node.args
        yield "range", call(start, _moved(stop, -1), *step)
        yield "range", call(_moved(start, 1), stop, *step)
        yield "range", call(start, _moved(stop, 1), *step)


def _of_subscript(node: ast.Subscript) -> Iterator[tuple[str, ast.AST]]:
    match node.slice:
        case ast.Slice(lower=lower, upper=upper, step=step):
            if lower is not None:
                moved = ast.Slice(_moved(lower, 1), upper, step)
                yield "index", ast.Subscript(node.value, moved, node.ctx)
            if upper is not None:
                moved = ast.Slice(lower, _moved(upper, -1), step)
                yield "index", ast.Subscript(node.value, moved, node.ctx)
        case ast.Name() | ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mod()) as at:
            yield "index", ast.Subscript(node.value, _moved(at, -1), node.ctx)
        case _:
            pass


def _of_statement(node: ast.stmt, place: _Place) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.If(test=test) if not isinstance(test, ast.Compare):
            # Comparisons are changed by themselves, to the same effect.
            yield "condition", ast.If(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)
        case ast.AugAssign(op=op):
            other = _ARITHMETIC.get(type(op))
            if other is not None and not _is_text(node.value):
                yield "arithmetic", ast.AugAssign(node.target, other(), node.value)
            yield "statement", ast.Pass()
        case ast.Return(value=ast.expr() as value):
            yield from _of_return(value)
        case ast.Expr(value=ast.Call()):
            yield "statement", ast.Pass()
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield "statement", ast.Pass()
        case ast.Continue():
            yield "loop", ast.Break()
        case ast.Break() if _breaks_for_a_reason(place):
            yield "loop", ast.Continue()
        case _:
            pass


def _of_return(value: ast.expr) -> Iterator[tuple[str, ast.AST]]:
    match value:
        case ast.Constant(value=constant) if not constant:
            # None is as false as it is, which is all that most callers look at.
            return
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            yield "return", ast.Return(ast.UnaryOp(ast.Not(), value))
        case ast.BinOp():
            yield "return", ast.Return(ast.UnaryOp(ast.USub(), value))
        case _:
            pass
    yield "return", ast.Return(ast.Constant(None))


def _breaks_for_a_reason(place: _Place) -> bool:
    """Whether more turns of the loop could change something.

    None does where what stands before the ``break`` only sets variables to constants. A loop that
    is left in this way alone might never end.
    """
    if not isinstance(place.parent, ast.If) or place.index is None:
        return False
    before = getattr(place.parent, place.field)[: place.index]
    return not all(
        isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant) for each in before
    )


def _moved(node: ast.expr, by: int) -> ast.expr:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return ast.Constant(node.value + by)
    match node:
        # n + 1 becomes n or n + 2, and not n + 1 - 1 or n + 1 + 1.
        case ast.BinOp(left, ast.Add() | ast.Sub() as op, ast.Constant(int(value))):
            sum_ = (value if isinstance(op, ast.Add) else -value) + by
            return _moved(left, sum_) if sum_ else left
        case _:
            pass
    return ast.BinOp(node, ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by)))


def _is_text(node: ast.expr) -> bool:
    """Whether an operation is one of strings, where most others only raise errors."""
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )


def _called(node: ast.AST) -> str:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
        case _:
            return ""
