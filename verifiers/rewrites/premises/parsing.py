"""Reads the texts of premises: Python's syntax for expressions, and only what is listed here.

Python's parser makes the tree; nothing is ever evaluated by Python. Texts are bounded in length,
size and depth before anything is done with them.
"""

import ast
import re
import warnings
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.rewrites.premises.expression import (
    Apply,
    Constant,
    Every,
    Formula,
    Name,
    Node,
    Number,
    Property,
    Relation,
    Some,
    opposite,
)

MAX_CHARACTERS: Final = 2_000
_MAX_NODES: Final = 1_000
_MAX_DEPTH: Final = 60
_MAX_DIGITS: Final = 400
_CHARACTERS: Final = re.compile(r"[A-Za-z0-9_ .,+\-*/^()<>=!\s]*")
_NUMBER: Final = re.compile(r"(\d*\.?\d*)(?:[eE]([+-]?\d{1,3}))?")
_MAX_EXPONENT: Final = 300

#: Name -> fewest and most arguments.
FUNCTIONS: Final[dict[str, tuple[int, int]]] = {
    **dict.fromkeys(("sqrt", "cbrt", "abs", "sin", "cos", "tan", "asin", "acos", "atan"), (1, 1)),
    **dict.fromkeys(("exp", "floor", "ceil", "factorial"), (1, 1)),
    **dict.fromkeys(("gcd", "lcm", "max", "min"), (2, 16)),
    **dict.fromkeys(("binomial", "mod"), (2, 2)),
    "log": (1, 2),
}
PROPERTIES: Final[dict[str, int]] = {"divides": 2, "isprime": 1}
CONSTANTS: Final = ("pi", "e")
_OPERATORS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}
_RELATIONS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


class UnreadableError(ValueError):
    """Says what is wrong with a text and what to write instead."""


def condition(text: str, unknowns: frozenset[str]) -> Formula:
    """The condition that ``text`` states. Raises UnreadableError."""
    reader, tree = _read(text, unknowns)
    return reader.formula(tree, 0)


def term(text: str, unknowns: frozenset[str]) -> Node:
    """The term that ``text`` is. Raises UnreadableError."""
    reader, tree = _read(text, unknowns)
    return reader.term(tree, 0)


def _read(text: str, unknowns: frozenset[str]) -> tuple["_Reader", ast.expr]:
    if len(text) > MAX_CHARACTERS:
        raise UnreadableError(f"longer than {MAX_CHARACTERS} characters; state it in parts")
    stray = text[_CHARACTERS.match(text).end() :]  # type: ignore[union-attr]
    if stray:
        raise UnreadableError(f"{stray[0]!r} cannot stand in a premise; write it as in Python")
    source = " ".join(text.replace("^", "**").split())
    if not source:
        raise UnreadableError("empty; state a condition or leave it out")
    if re.search(r"(?<![<>=!])=(?!=)", source):
        raise UnreadableError("'=' assigns; write '==' for an equation")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "1if" is refused below, not warned of
            tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UnreadableError("not an expression in Python's syntax; write e.g. 2*x + 1") from None
    return _Reader(source, unknowns), tree


class _Reader:
    def __init__(self, source: str, unknowns: frozenset[str]) -> None:
        self._source = source
        self._unknowns = unknowns
        self._nodes = 0

    def _count(self, depth: int) -> None:
        self._nodes += 1
        if self._nodes > _MAX_NODES or depth > _MAX_DEPTH:
            raise UnreadableError("too long or too deeply nested; state it in parts")

    def formula(self, tree: ast.expr, depth: int) -> Formula:
        self._count(depth)
        match tree:
            case ast.BoolOp(op=operator, values=values):
                parts = tuple(self.formula(each, depth + 1) for each in values)
                return Every(parts) if isinstance(operator, ast.And) else Some(parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return opposite(self.formula(operand, depth + 1))
            case ast.Compare(left=left, ops=operators, comparators=others):
                return self._comparison(left, operators, others, depth)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if (
                name in PROPERTIES
            ):
                if len(arguments) != PROPERTIES[name]:
                    raise UnreadableError(f"{name} takes {PROPERTIES[name]} arguments")
                return Property(name, tuple(self.term(each, depth + 1) for each in arguments))
        raise UnreadableError("states no condition; compare it with something, e.g. '... == 0'")

    def _comparison(
        self, left: ast.expr, operators: list[ast.cmpop], others: list[ast.expr], depth: int
    ) -> Formula:
        sides = [self.term(each, depth + 1) for each in (left, *others)]
        relations = []
        for operator, before, after in zip(operators, sides, sides[1:], strict=False):
            kind = _RELATIONS.get(type(operator))
            if kind is None:
                raise UnreadableError("only == != < <= > >= compare")
            relations.append(Relation(kind, before, after))
        return relations[0] if len(relations) == 1 else Every(tuple(relations))

    def term(self, tree: ast.expr, depth: int) -> Node:
        self._count(depth)
        match tree:
            case ast.Constant(value=value) if type(value) in (int, float):
                return self._number(tree)
            case ast.Name(id=name):
                return self._name(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _negated(self.term(operand, depth + 1))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.term(operand, depth + 1)
            case ast.BinOp(op=operator) if type(operator) in _OPERATORS:
                return self._operation(tree, depth)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, arguments, depth)
            case ast.Compare() | ast.BoolOp():
                raise UnreadableError("a condition stands where a number is wanted")
        raise UnreadableError(f"{self._text(tree)!r} is not part of the grammar of premises")

    def _operation(self, tree: ast.BinOp, depth: int) -> Node:
        # A long sum leans to the left: it is walked, so that its length is no depth.
        chain: list[tuple[str, ast.expr]] = []
        left: ast.expr = tree
        while isinstance(left, ast.BinOp) and type(left.op) in (ast.Add, ast.Sub, ast.Mult):
            self._count(depth)
            chain.append((_OPERATORS[type(left.op)], left.right))
            left = left.left
        if not chain:
            sides = self.term(tree.left, depth + 1), self.term(tree.right, depth + 1)
            return Apply(_OPERATORS[type(tree.op)], sides)
        node = self.term(left, depth + 1)
        for operation, right in reversed(chain):
            other = self.term(right, depth + 1)
            if operation == "-":
                operation, other = "+", _negated(other)
            if isinstance(node, Apply) and node.operation == operation:
                node = Apply(operation, (*node.arguments, other))
            else:
                node = Apply(operation, (node, other))
        return node

    def _number(self, tree: ast.Constant) -> Node:
        text = self._text(tree)
        match = _NUMBER.fullmatch(text)
        if match is None or len(match[1]) > _MAX_DIGITS or abs(int(match[2] or 0)) > _MAX_EXPONENT:
            shown = text if len(text) < 40 else text[:37] + "..."
            raise UnreadableError(f"{shown!r} is no integer or decimal of moderate size")
        return Number(Fraction(text))

    def _name(self, name: str) -> Node:
        if name in self._unknowns:
            return Name(name)
        if name in CONSTANTS:
            return Constant(name)
        if name in FUNCTIONS or name in PROPERTIES:
            raise UnreadableError(f"{name} is a function; write {name}(...)")
        raise UnreadableError(f"{name!r} is not among the unknowns; list it or write its value")

    def _call(self, name: str, arguments: list[ast.expr], depth: int) -> Node:
        if name in PROPERTIES:
            raise UnreadableError(f"{name} states a condition and stands by itself")
        if name not in FUNCTIONS:
            raise UnreadableError(f"no function {name!r}; write '*' for a product")
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            raise UnreadableError(f"{name} takes {wanted} arguments, not {len(arguments)}")
        return Apply(name, tuple(self.term(each, depth + 1) for each in arguments))

    def _text(self, tree: ast.expr) -> str:
        return (ast.get_source_segment(self._source, tree) or "this")[:1000]


def _negated(node: Node) -> Node:
    return Number(-node.value) if isinstance(node, Number) else Apply("neg", (node,))
