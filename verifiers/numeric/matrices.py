"""Matrices: worked out where they are written as sums, products or small powers."""

from collections.abc import Callable
from typing import Final, TypeAlias

from assayoffice.verifiers.numeric.expression import (
    Add,
    Divide,
    Matrix,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    contains,
)
from assayoffice.verifiers.numeric.values import Values

Rows: TypeAlias = tuple[tuple[Node, ...], ...]

_MAX_POWER: Final = 4
#: A product of more than this many terms is left as it is.
_MAX_PRODUCT_TERMS: Final = 1_000


def matrix(node: Node, values: Values) -> Rows | None:
    """The entries of ``node``, or None if it is no matrix that can be worked out."""
    if isinstance(node, Matrix):
        return node.rows if len({len(row) for row in node.rows}) == 1 else None
    if not contains(node, Matrix):
        return None
    match node:
        case Negate(item=item):
            return _each(matrix(item, values), Negate)
        case Add(items=items):
            return _sum([matrix(item, values) for item in items])
        case Multiply(items=items):
            return _product(items, values)
        case Divide(over=over, under=under):
            return _each(matrix(over, values), lambda entry: values.folded(Divide(entry, under)))
        case Power(base=base, exponent=Number(value=times)) if times in range(1, _MAX_POWER + 1):
            return _product((base,) * int(times), values)
    return None


def _each(rows: Rows | None, function: Callable[[Node], Node]) -> Rows | None:
    if rows is None:
        return None
    return tuple(tuple(function(entry) for entry in row) for row in rows)


def _sum(summands: list[Rows | None]) -> Rows | None:
    known = [rows for rows in summands if rows is not None]
    if len(known) < len(summands) or len({(len(rows), len(rows[0])) for rows in known}) != 1:
        return None
    return tuple(
        tuple(Add(entries) for entries in zip(*rows, strict=True))
        for rows in zip(*known, strict=True)
    )


def _product(items: tuple[Node, ...], values: Values) -> Rows | None:
    factors: list[Node] = []
    result: Rows | None = None
    for item in items:
        rows = matrix(item, values)
        if rows is None:
            factors.append(item)
        else:
            result = rows if result is None else _dot(result, rows, values)
            if result is None:
                return None
    if not factors:
        return result
    return _each(result, lambda entry: values.folded(Multiply((*factors, entry))))


def _dot(left: Rows, right: Rows, values: Values) -> Rows | None:
    terms = len(left) * len(right) * len(right[0])
    if len(left[0]) != len(right) or terms > _MAX_PRODUCT_TERMS:
        return None
    values.budget.spend(terms)
    return tuple(
        tuple(
            Add(tuple(Multiply(pair) for pair in zip(row, column, strict=True)))
            for column in zip(*right, strict=True)
        )
        for row in left
    )
