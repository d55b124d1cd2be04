r"""Answers as people write them in LaTeX: ``\frac`` where ``numeric.render`` has a slash.

What is written here reads back as the tree it was written from.
"""

from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Add,
    Based,
    Call,
    Constant,
    Divide,
    Interval,
    Multiply,
    Negate,
    Node,
    Number,
    PlusMinus,
    Power,
    Relation,
    Sequence,
    SetOperation,
    Symbol,
    Unit,
)
from assayoffice.verifiers.numeric.render import render

_RELATIONS: Final = {
    "<=": "\\le",
    ">=": "\\ge",
    "!=": "\\ne",
    "~": "\\approx",
    "in": "\\in",
    "notin": "\\notin",
}
_SIMPLE_RELATIONS: Final = frozenset(("=", "<", ">", *_RELATIONS))
_BRACKETS: Final = {"list": ("", ""), "tuple": ("(", ")"), "bracket": ("[", "]"),
                    "set": ("\\{", "\\}")}  # fmt: skip
_SET_SIGNS: Final = {"union": "\\cup", "intersection": "\\cap", "difference": "\\setminus"}
_ONE: Final = Number(Fraction(1))
_ATOMS: Final = (Symbol, Constant, Power, Call)


def latex(node: Node) -> str:
    """``node`` in LaTeX; what has no form of its own here as ``render`` writes it."""
    match node:
        case Divide(over=over, under=under) if not _has_unit(under):
            return f"\\frac{{{latex(over)}}}{{{latex(under)}}}"
        case Divide(over=over, under=under):
            return f"{latex(over)}/{render(under)}"
        case Negate(item=item):
            return f"-{_factor(item)}"
        case PlusMinus(item=item, sign=sign):
            return f"{_either(sign)} {_factor(item)}"
        case Add(items=items):
            return _sum(items)
        case Multiply(items=items) if not any(map(_has_unit, items)):
            return _product(items)
        case Multiply(items=items) if count := _values_before_units(items):
            value = items[0] if count == 1 else Multiply(items[:count])
            behind = render(Multiply((_ONE, *items[count:]))).removeprefix("1")
            return _factor(value) + behind
        case Power(base=base, exponent=exponent) if not _has_unit(base):
            return f"{_base(base)}^{{{latex(exponent)}}}"
        case Call(name="root", arguments=(radicand, Number(value=index))):
            degree = "" if index == 2 else f"[{index}]"
            return f"\\sqrt{degree}{{{latex(radicand)}}}"
        case Sequence(kind=kind, items=items) if not any(_is_list(item) for item in items):
            opener, closer = _BRACKETS[kind]
            joiner = ", " if node.joiner == "," else f" \\text{{ {node.joiner} }} "
            return opener + joiner.join(map(latex, items)) + closer
        case Interval() if not (node.lower_open and node.upper_open):
            opener, closer = "[("[node.lower_open], "])"[node.upper_open]
            return f"{opener}{latex(node.lower)}, {latex(node.upper)}{closer}"
        case Interval():
            return f"({latex(node.lower)}, {latex(node.upper)})"
        case SetOperation(left=left, right=right):
            sides = (f"({latex(each)})" if isinstance(each, SetOperation) else latex(each)
                     for each in (left, right))  # fmt: skip
            return f" {_SET_SIGNS[node.kind]} ".join(sides)
        case Relation(operators=operators) if _SIMPLE_RELATIONS.issuperset(operators):
            text = latex(node.terms[0])
            for operator, term in zip(operators, node.terms[1:], strict=True):
                text += f" {_RELATIONS.get(operator, operator)} {latex(term)}"
            return text
    return render(node)


def number(value: Fraction, places: int = -1) -> Node:
    """``value`` as a tree: an integer, a decimal with ``places``, or a fraction."""
    size = abs(value)
    node: Node
    if places >= 0 and (size * 10**places).denominator == 1:
        node = Number(size, places, len(str(size.numerator)))
    elif size.denominator == 1:
        node = Number(size)
    else:
        node = Divide(Number(Fraction(size.numerator)), Number(Fraction(size.denominator)))
    return Negate(node) if value < 0 else node


def grouped(digits: str, comma: str) -> str:
    """A whole number with its thousands apart."""
    return f"{int(digits):,}".replace(",", comma)


def decimal(value: Fraction, places: int) -> str:
    """``value`` rounded to ``places`` after the point, halves away from zero."""
    scaled = (abs(value) * 10**places * 2 + 1) // 2
    digits = str(scaled).rjust(places + 1, "0")
    sign = "-" if value < 0 and scaled else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def exact_places(value: Fraction, most: int) -> int | None:
    """How many places ``value`` has as a decimal, or None if it has more than ``most``."""
    for places in range(most + 1):
        if (value.numerator * 10**places) % value.denominator == 0:
            return places
    return None


def exponent_of(value: Fraction) -> int:
    """The power of ten of the first digit of ``value``, which is not 0."""
    size = abs(value)
    exponent = len(str(size.numerator)) - len(str(size.denominator))
    return exponent if size >= Fraction(10) ** exponent else exponent - 1


def scientific(value: Fraction) -> str | None:
    """``value`` as a short decimal times a power of ten, or None if it has too many digits."""
    exponent = exponent_of(value)
    mantissa = value / Fraction(10) ** exponent
    places = exact_places(mantissa, 15)
    if places is None:
        return None
    return f"{decimal(mantissa, max(places, 1))} \\times 10^{{{exponent}}}"


def _sum(items: tuple[Node, ...]) -> str:
    text = _bracketed(items[0], Add)
    for item in items[1:]:
        if isinstance(item, Negate | PlusMinus):
            sign = "-" if isinstance(item, Negate) else _either(item.sign)
            text += f" {sign} {_bracketed(item.item, Add, Negate, PlusMinus)}"
        else:
            text += f" + {_bracketed(item, Add)}"
    return text


def _product(items: tuple[Node, ...]) -> str:
    text = _factor(items[0])
    for before, item in zip(items, items[1:], strict=False):
        # 3x but 3 \cdot 4, and never x(y + 1), which could be a function of y + 1.
        beside = isinstance(before, Number) and isinstance(item, _ATOMS) and _begins_apart(item)
        text += ("" if beside else " \\cdot ") + _factor(item)
    return text


def _either(sign: int) -> str:
    return "\\pm" if sign > 0 else "\\mp"


def _begins_apart(node: Node) -> bool:
    """Whether a number can stand before it without a sign, and no digit follows a digit."""
    if isinstance(node, Power):
        return isinstance(node.base, Symbol | Constant)
    return not isinstance(node, Call) or node.name == "root"


def _factor(node: Node) -> str:
    return _bracketed(node, Add, Negate, PlusMinus, Based)


def _base(node: Node) -> str:
    plain = isinstance(node, Number | Symbol | Constant)
    return latex(node) if plain else f"({latex(node)})"


def _bracketed(node: Node, *kinds: type) -> str:
    text = latex(node)
    return f"({text})" if isinstance(node, kinds) else text


def _has_unit(node: Node) -> bool:
    return isinstance(node.base if isinstance(node, Power) else node, Unit)


def _values_before_units(items: tuple[Node, ...]) -> int:
    """How many factors stand before units, if nothing but units follows them; else 0."""
    count = next((place for place, item in enumerate(items) if _has_unit(item)), 0)
    return count if all(map(_has_unit, items[count:])) else 0


def _is_list(node: Node) -> bool:
    return isinstance(node, Sequence) and node.kind == "list"
