"""Statements with what they hold for: ``x = k pi, k in Z``, ``f(x) = 1 for all x``."""

import re
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Constant,
    Node,
    Relation,
    Sequence,
    Symbol,
    Text,
    Where,
    symbols,
)
from assayoffice.verifiers.numeric.names import renamed

_QUANTIFIERS = ("for all", "for any", "for every", "for each")

_EXCEPTIONS: Final = re.compile(r"\b(?:except|but|unless|not|other)\b")


def conditioned(node: Node) -> Node:
    """``node`` with a domain that ends a list made its condition."""
    match node:
        case Sequence(kind="list", items=(*items, Relation() as domain)) if _is_domain(domain):
            rest = items[0] if len(items) == 1 else Sequence("list", tuple(items), node.joiner)
            return Where(rest, domain)
    return node


def without_domain(node: Node) -> Node | None:
    """``node`` without a condition that only says what its variables range over.

    None if the condition says more.
    """
    if not isinstance(node, Where):
        return node
    return node.item if _is_domain(node.condition) else None


def with_parameter_of(answer: Where, reference: Where) -> Where:
    """``answer`` with its parameter called as in ``reference``: k in Z is as good as n in Z."""
    match reference.condition, answer.condition:
        case (
            Relation(operators=("in",), terms=(Symbol(name=wanted), Constant(name=domain))),
            Relation(operators=("in",), terms=(Symbol(name=given), Constant(name=other))),
        ) if domain == other and wanted not in symbols(answer.item):
            item = renamed(answer.item, {given: wanted})
            return Where(item, reference.condition)
    return answer


def _is_domain(condition: Node) -> bool:
    match condition:
        case Relation(operators=("in",), terms=(Symbol(), Constant())):
            return True
        case Text(words=words):
            return words.startswith(_QUANTIFIERS) and not _EXCEPTIONS.search(words)
        case Symbol():
            return True
    return False
