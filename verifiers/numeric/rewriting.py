"""Trees with some of their parts replaced."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

from assayoffice.verifiers.numeric.expression import Node


def rewritten(node: Node, rule: Callable[[Node], Node | None]) -> Node:
    """``node`` with each part for which ``rule`` gives another replaced by that, outermost first.

    What a rule has given is not looked at again.
    """
    result: Node = _rewritten(node, rule)
    return result


def _rewritten(tree: Any, rule: Callable[[Node], Node | None]) -> Any:
    if isinstance(tree, tuple):
        return tuple(_rewritten(each, rule) for each in tree)
    if not is_dataclass(tree):
        return tree
    replacement = rule(cast(Node, tree))
    if replacement is not None:
        return replacement
    parts = {each.name: _rewritten(getattr(tree, each.name), rule) for each in fields(tree)}
    return replace(cast(Any, tree), **parts)
