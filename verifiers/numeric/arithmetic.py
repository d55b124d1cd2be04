"""Rules for sums and products, with and without signs between the factors."""

from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric import words
from assayoffice.verifiers.numeric.atoms import STARTS, Atoms
from assayoffice.verifiers.numeric.expression import (
    Add,
    Divide,
    Multiply,
    Negate,
    Node,
    Number,
    PlusMinus,
    Unit,
)
from assayoffice.verifiers.numeric.limits import MAX_TOKENS, TooLargeError
from assayoffice.verifiers.numeric.tokens import (
    BASED,
    BEGIN,
    CONSTANT,
    FUNCTION,
    LETTER,
    NAME,
    NUMBER,
)

_ADDITIVE: Final = frozenset(("+", "-", "\\pm", "\\mp"))
_TERM_KINDS: Final = frozenset((LETTER, CONSTANT, FUNCTION, BEGIN))
#: What follows the closing [ of ]1,2[, which therefore opens nothing.
_AFTER_AN_INTERVAL: Final = frozenset(
    ("", ",", ";", "and", "or", ")", "]", "}", "\\}", "&", "\\\\", "\\cup", "\\cap", "\\setminus")
)


class Arithmetic(Atoms):
    __slots__ = ()

    def sum(self) -> Node:
        first = self.signed()
        if self.token.text not in _ADDITIVE:
            return first
        terms = [first]
        while True:
            text = self.token.text
            if text == "+":
                self.advance()
                terms.append(self.signed())
            elif text == "-":
                self.advance()
                terms.append(Negate(self.signed()))
            elif text == "\\pm" or text == "\\mp":
                self.advance()
                terms.append(PlusMinus(self.signed(), 1 if text == "\\pm" else -1))
            else:
                return Add(tuple(terms))

    def signed(self) -> Node:
        text = self.token.text
        if text in ("negative", "minus"):
            text = "-"
        elif text not in _ADDITIVE:
            return self.product()
        self.advance()
        self.enter()
        node = self.signed()
        self.leave()
        if text == "+":
            return node
        if text == "-":
            return Negate(node)
        return PlusMinus(node, 1 if text == "\\pm" else -1)

    def product(self) -> Node:
        value = self.power()
        for _ in range(MAX_TOKENS):
            token = self.token
            text = token.text
            if text == "*":
                self.advance()
                value = _times(value, self.operand(value))
            elif text == "/":
                self.advance()
                value = Divide(value, self.operand(value))
            elif text == "%":
                self.advance()
                value = _times(value, Unit("%"))
            elif text == "^" and self.at_degree():
                value = self.degrees(value)
            elif token.kind == NAME:
                longer = self.with_name(value)
                if longer is None:
                    return value
                value = longer
            elif token.kind in _TERM_KINDS:
                value = _times(value, self.power())
            elif text == "(" and (remark := self.remark()):
                self.skip(len(remark.split()) + 2)
                value = _times(value, Unit(remark))
            elif self.opens_factor():
                value = _times(value, self.power())
            elif text in words.CURRENCIES and self.peek().kind != NUMBER:
                self.advance()
                value = _times(value, Unit(words.CURRENCIES[text]))
            elif token.kind in (NUMBER, BASED) and self.previous_closes():
                value = _times(value, self.power())
            else:
                return value
        raise TooLargeError("TOKENS")

    def with_name(self, value: Node) -> Node | None:
        """``value`` with the name behind it: a unit, "over", "million" or a variable."""
        text = self.token.text
        if self.at_differential():
            return None
        if text == "over" or (text == "out" and self.peek().text == "of"):
            self.skip(1 if text == "over" else 2)
            return Divide(value, self.power())
        if text in words.SCALES:
            self.advance()
            return _times(value, Number(Fraction(words.SCALES[text])))
        if self.at_unit():
            return self.units(value)
        if text in words.JOINERS or text in words.CONDITIONS or text in ("mod", "remainder"):
            return None
        if self.at_plain_union() or self.at_plain_membership() or self.half_of_the_day():
            return None
        return _times(value, self.power()) if self.is_symbolic() else None

    def at_plain_union(self) -> bool:
        """Whether the name looked at is the U of ``(1, 2) U (3, 4)``."""
        return self.token.text == "U" and self.peek().text in ("(", "[")

    def opens_factor(self) -> bool:
        text = self.token.text
        if text == "|":
            return not self.bar_ends
        if text == "[":
            return self.peek().text not in _AFTER_AN_INTERVAL
        if text == "(" and self.peek().text in ("mod", "\\mod"):
            return False
        return text in STARTS

    def operand(self, before: Node) -> Node:
        """What follows ``*`` or ``/``: a signed power, or a unit behind a unit."""
        if self.token.text in ("+", "-"):
            sign = self.advance().text
            self.enter()
            node = self.operand(before)
            self.leave()
            return Negate(node) if sign == "-" else node
        text = self.token.text
        if self.token.kind != NAME or self.at_differential():
            return self.power()
        last = before.items[-1] if isinstance(before, Multiply) else before
        if isinstance(last, Divide):
            last = last.under
        behind_unit = isinstance(last, Unit)
        known = text in words.UNITS or text.lower() in words.UNITS
        if known and (behind_unit or self.token.upright or len(text) > 2):
            return self.unit()
        named = len(text) > 1 and (behind_unit or self.token.upright)
        return self.unit() if named else self.power()

    def previous_closes(self) -> bool:
        """Whether a number may follow as a factor: behind a bracket or factorial, not a number."""
        before = self.previous()
        return before is not None and before.text in (")", "}", "]", "!")


def _times(left: Node, right: Node) -> Node:
    """A flat product; only the left side may be one already, so brackets are kept."""
    if isinstance(left, Multiply):
        return Multiply((*left.items, right))
    return Multiply((left, right))
