"""Whether what a model gives as evidence for its answer is anything but the answer once more.

Premises that set what is asked equal to a constant, and a program that prints one, agree with every
reference. This finds those that do so outright; a model that means to deceive can do it in more
words.
"""

import ast
import re

from assayoffice.rl.rewrites.rewrite import Key, Premises, Rewrite

_NAME = re.compile(r"[A-Za-z_]\w*")
_EQUAL = re.compile(r"(?<![<>=!])==(?!=)")
# What turns values into other values, or decides between them.
_COMPUTING = (
    ast.BinOp,
    ast.Compare,
    ast.BoolOp,
    ast.AugAssign,
    ast.For,
    ast.While,
    ast.comprehension,
    ast.Import,
    ast.ImportFrom,
)
_CALLS_THAT_COMPUTE_NOTHING = frozenset({"print", "str", "int", "float", "main"})


def has_evidence(rewrite: Rewrite) -> bool:
    """Whether premises or key are there and say more than what the answer is."""
    premises, key = rewrite.premises, rewrite.key
    return (premises is not None and not _states_answer(premises)) or (
        key is not None and not _prints_constant(key)
    )


def _states_answer(premises: Premises) -> bool:
    asked = _bare(premises.asked)
    unknowns = {each.name for each in premises.unknowns}
    if unknowns.isdisjoint(_NAME.findall(asked)):
        return True
    for constraint in premises.constraints:
        sides = [_bare(each) for each in _EQUAL.split(constraint)]
        if asked in sides and any(unknowns.isdisjoint(_NAME.findall(each)) for each in sides):
            return True
    return False


def _bare(expression: str) -> str:
    bare = "".join(expression.split())
    while bare.startswith("(") and bare.endswith(")") and ")" not in bare[1:-1]:
        bare = bare[1:-1]
    return bare


def _prints_constant(key: Key) -> bool:
    if key.language != "python":
        return False
    try:
        nodes = list(ast.walk(ast.parse(key.source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # It will not run, which its check says better.
    if any(isinstance(node, _COMPUTING) for node in nodes):
        return False
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    return all(
        isinstance(called, ast.Name) and called.id in _CALLS_THAT_COMPUTE_NOTHING
        for called in calls
    )
