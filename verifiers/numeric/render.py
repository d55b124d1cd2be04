"""Writes a syntax tree as compact text that reads back as the same tree."""

import re
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Add,
    Apply,
    Based,
    Builder,
    Call,
    Constant,
    Divide,
    Interval,
    Labelled,
    Matrix,
    Multiply,
    Negate,
    Node,
    Number,
    Operator,
    PlusMinus,
    Power,
    Ratio,
    Relation,
    Sequence,
    SetOperation,
    Symbol,
    Text,
    Unit,
    Where,
)
from assayoffice.verifiers.numeric.notation import LETTERS
from assayoffice.verifiers.numeric.words import OPTIONS, UNIT_LETTERS

# How tightly each kind of text binds; a part that binds less tightly than its place is bracketed.
_LIST: Final = 0
_RELATION: Final = 1
_RATIO: Final = 2
_UNION: Final = 3
_SUM: Final = 4
_SIGNED: Final = 5
_PRODUCT: Final = 6
_POWER: Final = 7
_ATOM: Final = 8

_MATHEMATICS: Final = re.compile(r"[\\^_{}$]")
_ZERO: Final = Number(Fraction(0))
_OPERATORS: Final = {"in": "\\in", "notin": "\\notin", "~": "\\approx", "subset": "\\subset",
                     "equiv": "\\equiv", "to": "\\to"}  # fmt: skip
_SET_OPERATORS: Final = {"union": "\\cup", "intersection": "\\cap", "difference": "\\setminus"}
_CONSTANTS: Final = {"oo": "\\infty", "...": "\\ldots", "emptyset": "\\emptyset", "pi": "\\pi",
                     "e": "e", "i": "i"}  # fmt: skip
_BRACKETS: Final = {"tuple": "()", "bracket": "[]", "set": ("\\{", "\\}")}
_SIGN_UNITS: Final = {"%": "\\%", "$": "\\$", "€": "€", "£": "£", "¥": "¥", "₹": "₹",
                      "degree": "^\\circ"}  # fmt: skip
_DECORATIONS: Final = frozenset("overline vec hat tilde dot ddot angle triangle".split())


def render(node: Node) -> str:
    """``node`` in one line. What can be read from text, reads back from this one as itself."""
    return _write(node)[0]


def _write(node: Node) -> tuple[str, int]:
    """The text of ``node`` and how tightly it binds."""
    match node:
        case Number():
            return _number(node), _ATOM
        case Symbol():
            return _symbol(node.name), _ATOM
        case Constant():
            return _constant(node.name), _ATOM
        case Unit():
            return _unit(node.name), _ATOM
        case Add():
            return _sum(node), _SUM
        case Multiply():
            return _product(node), _PRODUCT
        case Divide():
            return f"{_at(node.over, _PRODUCT)}/{_at(node.under, _POWER)}", _PRODUCT
        case Negate():
            return f"-{_at(node.item, _SIGNED)}", _SIGNED
        case PlusMinus():
            sign = "\\pm" if node.sign > 0 else "\\mp"
            return f"{sign} {_at(node.item, _SIGNED)}", _SIGNED
        case Power():
            exponent = render(node.exponent)
            short = exponent.isalnum()
            base = _at(node.base, _ATOM)
            return f"{base}^{exponent if short else '{' + exponent + '}'}", _POWER
        case Call():
            return _call(node)
        case Apply():
            return f"{node.name}({_commas(node.arguments)})", _ATOM
        case Operator():
            return _operator(node), _SUM
        case Sequence():
            return _sequence(node)
        case Interval():
            both = node.lower_open and node.upper_open
            opener, closer = "][" if both else ("[("[node.lower_open], "])"[node.upper_open])
            return (
                f"{opener}{_at(node.lower, _RELATION)}, {_at(node.upper, _RELATION)}{closer}",
                _ATOM,
            )
        case SetOperation():
            sign = _SET_OPERATORS[node.kind]
            return f"{_at(node.left, _SUM)} {sign} {_at(node.right, _SUM)}", _UNION
        case Builder():
            return f"\\{{{render(node.element)} \\mid {render(node.condition)}\\}}", _ATOM
        case Matrix():
            rows = " \\\\ ".join(" & ".join(map(render, row)) for row in node.rows)
            return f"\\begin{{pmatrix}} {rows} \\end{{pmatrix}}", _ATOM
        case Relation():
            text = _at(node.terms[0], _RATIO)
            for operator, term in zip(node.operators, node.terms[1:], strict=True):
                text += f" {_OPERATORS.get(operator, operator)} {_at(term, _RATIO)}"
            return text, _RELATION
        case Where():
            return f"{_at(node.item, _RELATION)} {_condition(node.condition)}", _LIST
        case Labelled():
            return _labelled(node), _LIST
        case Ratio():
            return _ratio(node), _RATIO
        case Based():
            return _based(node), _ATOM
        case Text():
            return _text(node.words), _ATOM


def _unit(name: str) -> str:
    sign = _SIGN_UNITS.get(name)
    if sign is not None:
        return sign
    if len(name) == 1 and name not in UNIT_LETTERS:
        return f"(\\text{{{name}}})"
    return f"\\text{{ {name}}}"


def _text(words: str) -> str:
    # Words with mathematics among them stand as they are, because \text would hide it.
    return words if _MATHEMATICS.search(words) else f"\\text{{{words}}}"


def _at(node: Node, level: int) -> str:
    text, binds = _write(node)
    return text if binds >= level else f"({text})"


def _condition(node: Node) -> str:
    match node:
        case Text():
            return f"\\text{{ {node.words} }}"
        case Labelled():
            return f"\\text{{ {node.label} }} {render(node.item)}"
        case _:
            return f"\\text{{ for }} {render(node)}"


def _labelled(node: Labelled) -> str:
    if "_" in node.label:
        return node.label.replace("_", render(node.item), 1)
    if node.label in OPTIONS:
        return f"{node.label}) {_at(node.item, _RELATION)}"
    return f"\\text{{{node.label}}}: {_at(node.item, _RELATION)}"


def _ratio(node: Ratio) -> str:
    # A zero is the full hour of a time of day.
    return ":".join("00" if item == _ZERO else _at(item, _UNION) for item in node.items)


def _commas(nodes: tuple[Node, ...]) -> str:
    return ", ".join(_at(node, _RELATION) for node in nodes)


def _number(node: Number) -> str:
    value = node.value
    if value.denominator == 1 and node.places < 0:
        return str(value.numerator)
    if node.places < 0:
        return _repeating(value)
    scaled = value * 10**node.places
    digits = str(scaled.numerator).rjust(node.places + 1, "0")
    if not node.places:
        shown = digits[: node.significant] or "0"
        return f"{shown}e{len(digits) - len(shown)}"
    return f"{digits[: -node.places]}.{digits[-node.places :]}"


def _repeating(value: Fraction) -> str:
    """A repeating decimal, by long division up to the first remainder that comes again."""
    whole, rest = divmod(value.numerator, value.denominator)
    seen: dict[int, int] = {}
    digits = ""
    while rest not in seen:
        seen[rest] = len(digits)
        digit, rest = divmod(rest * 10, value.denominator)
        digits += str(digit)
    start = seen[rest]
    return f"{whole}.{digits[:start]}\\overline{{{digits[start:]}}}"


def _symbol(name: str) -> str:
    base = name.partition("_")[0].rstrip("'")
    return f"\\{name}" if base in LETTERS else name


def _constant(name: str) -> str:
    return _CONSTANTS.get(name) or f"\\mathbb{{{name[0]}}}{name[1:]}"


def _sum(node: Add) -> str:
    text = _at(node.items[0], _SIGNED)
    for item in node.items[1:]:
        if isinstance(item, Negate):
            text += f" - {_at(item.item, _SIGNED)}"
        elif isinstance(item, PlusMinus):
            text += f" {render(PlusMinus(item.item, item.sign))}"
        else:
            text += f" + {_at(item, _SIGNED)}"
    return text


def _product(node: Multiply) -> str:
    first = node.items[0]
    text = _ratio(first) if isinstance(first, Ratio) else _at(first, _POWER)
    after_unit = _ends_in_unit(first)
    for item in node.items[1:]:
        part = _at(item, _POWER)
        if _is_unit(item):
            text += part
        elif after_unit and isinstance(item, Symbol):  # not to be read as a unit too
            text += f"*({part})"
        else:
            text += f"*{part}"
        after_unit = _ends_in_unit(item)
    return text


def _ends_in_unit(node: Node) -> bool:
    return _is_unit(node.under if isinstance(node, Divide) else node)


def _is_unit(node: Node) -> bool:
    return isinstance(node.base if isinstance(node, Power) else node, Unit)


def _call(node: Call) -> tuple[str, int]:
    name, arguments = node.name, node.arguments
    if name == "root":
        radicand, index = arguments
        degree = "" if index == Number(Fraction(2)) else f"[{render(index)}]"
        return f"\\sqrt{degree}{{{render(radicand)}}}", _ATOM
    if name == "abs":
        return f"\\lvert {render(arguments[0])} \\rvert", _ATOM
    if name in ("floor", "ceil"):
        return f"\\l{name} {render(arguments[0])} \\r{name}", _ATOM
    if name == "norm":
        return f"\\| {render(arguments[0])} \\|", _ATOM
    if name == "binom":
        return f"\\binom{{{render(arguments[0])}}}{{{render(arguments[1])}}}", _ATOM
    if name == "factorial" or name == "factorial2":
        return f"{_at(arguments[0], _ATOM)}{'!' if name == 'factorial' else '!!'}", _POWER
    if name == "log" and len(arguments) == 2:
        return f"\\log_{{{render(arguments[1])}}}({_at(arguments[0], _RELATION)})", _ATOM
    if name == "mod":
        return f"{_at(arguments[0], _UNION)} \\pmod{{{render(arguments[1])}}}", _RATIO
    if name == "truncated":
        return f"{render(arguments[0])}...", _ATOM
    if name == "base":
        return f"{render(arguments[0])}_{render(arguments[1])}", _ATOM
    if name == "derivative":
        return f"\\frac{{d{render(arguments[0])}}}{{d{render(arguments[1])}}}", _ATOM
    if name == "approx":
        return f"\\approx {_at(arguments[0], _SUM)}", _RELATION
    if name == "cases":
        rows = " \\\\ ".join(
            f"{render(row.item)} & {render(row.condition)}"
            if isinstance(row, Where)
            else render(row)
            for row in arguments
        )
        return f"\\begin{{cases}} {rows} \\end{{cases}}", _ATOM
    if name == "det":
        return render(arguments[0]).replace("pmatrix", "vmatrix"), _ATOM
    if name in ("angle", "triangle") and isinstance(arguments[0], Symbol):
        return f"\\{name} {arguments[0].name}", _ATOM
    if name in _DECORATIONS:
        return f"\\{name}{{{render(arguments[0])}}}", _ATOM
    return f"{name}({_commas(arguments)})", _ATOM


def _operator(node: Operator) -> str:
    text = f"\\{node.kind}"
    lower = None if node.lower is None else render(node.lower)
    if lower is not None:
        if node.kind == "lim" and node.variable:
            lower = f"{_symbol(node.variable)} \\to {lower}"
        elif node.kind != "int" and node.variable:
            lower = f"{_symbol(node.variable)}={lower}"
        text += f"_{{{lower}}}"
    if node.upper is not None:
        text += f"^{{{render(node.upper)}}}"
    if node.kind == "int":
        end = f" d{_symbol(node.variable)}" if node.variable else ""
        return f"{text} {_at(node.body, _SUM)}{end}"
    return f"{text} {_at(node.body, _PRODUCT)}"


def _sequence(node: Sequence) -> tuple[str, int]:
    if node.kind == "list" and any(_is_list(item) for item in node.items):
        return "; ".join(render(item) for item in node.items), _LIST
    joiner = ", " if node.joiner == "," else f" \\text{{ {node.joiner} }} "
    text = joiner.join(_at(item, _RELATION) for item in node.items)
    if node.kind == "list":
        return text, _LIST
    opener, closer = _BRACKETS[node.kind]
    return f"{opener}{text}{closer}", _ATOM


def _is_list(node: Node) -> bool:
    return isinstance(node, Sequence) and node.kind == "list"


def _based(node: Based) -> str:
    value, digits = node.value, ""
    while value:
        value, digit = divmod(value, node.base)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit] + digits
    return f"{digits or '0'}_{{{node.base}}}"
