"""LaTeX as MathML, which browsers render by themselves.

Formulas come from models. latex2mathml unescapes what it writes, so that ``\\text{<script>}`` would
become an element: its tree is taken instead and written here, from tags and attributes that are
known, with every text escaped. It takes a time that grows with the length of a formula, and as many
calls as it is nested, so both are bounded.
"""

from functools import lru_cache
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml import exceptions
from latex2mathml.converter import convert_to_element

_MOST_CHARACTERS = 1000
_DEEPEST = 24
_DEEPEST_TREE = 100
_TAGS = frozenset(
    "math maction menclose mfrac mi mn mo mover mpadded mphantom mroot mrow mspace msqrt mstyle "
    "msub msubsup msup mtable mtd mtext mtr munder munderover".split()
)
_ATTRIBUTES = frozenset(
    "accent columnalign columnlines depth display displaystyle fence form height linethickness "
    "lspace mathcolor mathvariant maxsize minsize movablelimits notation rowlines rspace "
    "scriptlevel separator stretchy voffset width".split()
)
# What it raises for what it cannot read, some of it by accident.
_REFUSALS = (
    exceptions.DenominatorNotFoundError,
    exceptions.DoubleSubscriptsError,
    exceptions.DoubleSuperscriptsError,
    exceptions.ExtraLeftOrMissingRightError,
    exceptions.InvalidAlignmentError,
    exceptions.InvalidStyleForGenfracError,
    exceptions.InvalidWidthError,
    exceptions.LimitsMustFollowMathOperatorError,
    exceptions.MissingEndError,
    exceptions.MissingSuperScriptOrSubscriptError,
    exceptions.NoAvailableTokensError,
    exceptions.NumeratorNotFoundError,
    AttributeError,
    IndexError,
    KeyError,
    RecursionError,
    StopIteration,
    TypeError,
    ValueError,
)


@lru_cache(maxsize=4096)
def mathml(latex: str, block: bool) -> str | None:
    """The markup of a formula, as a block or within a line; None where it cannot be converted."""
    if len(latex) > _MOST_CHARACTERS or _depth(latex) > _DEEPEST or not latex.strip():
        return None
    try:
        tree = convert_to_element(latex, display="block" if block else "inline")
    except _REFUSALS:
        return None
    return _written(tree, 0)


def _depth(latex: str) -> int:
    """How deep braces are nested at most; environments and delimiters count as braces do."""
    depth = deepest = 0
    opened = latex.count(r"\left") + latex.count(r"\begin")
    for character in latex:
        depth += (character == "{") - (character == "}")
        deepest = max(deepest, depth)
    return deepest if opened <= _DEEPEST else opened


def _written(element: Element, depth: int) -> str | None:
    """The markup of an element; None where something in it is not known."""
    if element.tag not in _TAGS or depth > _DEEPEST_TREE:
        return None
    attributes = "".join(
        f' {name}="{escape(value)}"'
        for name, value in element.items()
        if name in _ATTRIBUTES and len(value) <= 40 and "(" not in value
    )
    parts = [f"<{element.tag}{attributes}>", escape(unescape(element.text or ""))]
    for child in element:
        written = _written(child, depth + 1)
        if written is None:
            return None
        parts += [written, escape(unescape(child.tail or ""))]
    return "".join([*parts, f"</{element.tag}>"])
