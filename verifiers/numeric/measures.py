"""Rules for units, count nouns, currencies, degrees and percent written behind a value."""

from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric import words
from assayoffice.verifiers.numeric.brackets import Brackets
from assayoffice.verifiers.numeric.expression import (
    Add,
    Divide,
    Multiply,
    Node,
    Number,
    Power,
    Unit,
)
from assayoffice.verifiers.numeric.functions import product_of
from assayoffice.verifiers.numeric.tokens import END, FUNCTION, NAME, NUMBER

_MAX_NOUN_WORDS: Final = 6
_NEVER_A_REMARK: Final = words.JOINERS | words.CONDITIONS | {"mod"}
_SETS: Final = frozenset(("[", "(", "\\{", "{", "\\mathbb", "]"))
_NOT_UNITS: Final = frozenset(("remainder", "over", "out", "mod", "U"))
_BEFORE_A_MEASURE: Final = frozenset(("", "=", "~", ",", ";", "(", "\\$", "<", ">", "<=", ">="))
_AFTER_A_MEASURE: Final = frozenset(("", ",", ";", "/", ")", "}", "\\}", "]", "and", "or", "*"))


class Measures(Brackets):
    __slots__ = ()

    def at_unit(self) -> bool:
        """Whether the name looked at, behind a factor, is a unit or noun and not a variable."""
        token = self.token
        text = token.text
        if token.kind != NAME or text in words.JOINERS or text in words.CONDITIONS:
            return False
        before = self.previous()
        after_number = before is not None and before.kind == NUMBER
        if text in _NOT_UNITS or self.half_of_the_day():
            return False
        if not after_number and self.at_plain_membership():
            return False
        if len(text) == 1:
            if not text.isascii():  # a count noun of Chinese or Japanese
                return after_number
            if text not in words.UNIT_LETTERS:
                return False
            return token.upright or (token.spaced and after_number and self.closes_measure())
        if token.upright:
            return True
        if not token.spaced:
            glued = text in words.GLUED_UNITS or (after_number and len(text) > 3)
            return glued or (after_number and text in words.ORDINALS)
        if text in words.UNITS or text.lower() in words.UNITS:
            return True
        return words.is_word(text)

    def at_plain_membership(self) -> bool:
        """Whether the name looked at is the "in" of ``x in [1, 2]``."""
        return self.token.text == "in" and self.peek().text in _SETS

    def half_of_the_day(self) -> str:
        """``am`` or ``pm`` if that is what the name looked at begins, dotted or not."""
        text = self.token.text.lower()
        if text in ("am", "pm"):
            return text
        if text in ("a", "p") and self.peek().text == "." and self.peek(2).text.lower() == "m":
            return text + "m"
        return ""

    def closes_measure(self) -> bool:
        """Whether the letter looked at ends ``20 m`` or begins ``3 m/s`` and no sum of terms."""
        start = self.index - 2
        before = self.tokens[start].text if start >= 0 else ""
        if before == "-" and start == 0:
            before = ""
        if before == "^" and self.peek().text != "/":  # 3 \times 10^8 m/s
            return False
        after = self.peek()
        if after.text == "/":
            denominator = self.peek(2)
            return denominator.kind == NAME and denominator.text in words.UNITS
        if after.text == "^" and self.peek(2).kind == NUMBER and self.peek(3).kind == END:
            return before in _BEFORE_A_MEASURE and self.token.text == "m"
        return before in _BEFORE_A_MEASURE and after.text in _AFTER_A_MEASURE and after.text != "*"

    def units(self, value: Node) -> Node:
        """``value`` times the run of units and nouns looked at."""
        factors: list[Node] = [value]
        while self.token.kind == NAME and self.at_unit():
            if self.token.text == "per" or (self.token.text == "a" and len(factors) > 1):
                self.advance()
                factors = [Divide(product_of(factors), self.unit())]
            else:
                factors.append(self.unit())
        node = product_of(factors)
        if self.token.kind == NUMBER and self.token.spaced:  # 5 feet 3 inches
            self.enter()
            rest = self.product()
            self.leave()
            if not isinstance(rest, Multiply) or not isinstance(rest.items[-1], Unit):
                self.fail("a second number")
            return Add((node, rest))
        return node

    def remark(self) -> str:
        """Words in brackets behind a value, as in ``$40 (labor cost)``, or nothing."""
        ahead = 1
        found: list[str] = []
        while (token := self.peek(ahead)).kind == NAME:
            if not token.upright and not words.is_word(token.text) and not found:
                return ""
            if token.text.lower() in words.SENTENCE or token.text in _NEVER_A_REMARK:
                return ""
            found.append(token.text)
            ahead += 1
        if found and found[-1].lower() in words.ALTERING_LAST:
            return ""
        return " ".join(found) if token.text == ")" else ""

    def unit(self) -> Node:
        """One unit with its power, or one noun phrase."""
        token = self.token
        if token.kind != NAME or token.text in words.JOINERS or token.text in words.CONDITIONS:
            self.fail("expected a unit")
        text = token.text
        following = self.peek(2) if self.peek().text == "." else self.peek()
        if text.lower() in words.SECOND_POWERS and following.kind == NAME:
            self.advance()
            self.abbreviation()
            exponent = words.SECOND_POWERS[text.lower()]
            return Power(self.unit(), Number(Fraction(exponent)))
        if text in words.ORDINALS:
            self.advance()
            return Unit("th")
        if len(text) == 1 and text.isascii() and text not in words.UNIT_LETTERS:
            self.fail("a unit")
        known = text in words.UNITS or text.lower() in words.UNITS or len(text) == 1
        if known:
            self.advance()
            self.abbreviation()
        else:
            text = self.noun()
        following = self.token
        if following.text == "^" and not self.at_degree():
            self.advance()
            return Power(Unit(text), self.exponent())
        if following.kind == NUMBER and not following.spaced and following.text in ("2", "3"):
            return Power(Unit(text), self.atom())
        if following.text in ("squared", "cubed"):
            self.advance()
            return Power(Unit(text), Number(Fraction(words.SECOND_POWERS[following.text])))
        return Unit(text)

    def abbreviation(self) -> None:
        """Pass over the full stop of ``sq.`` or ``ft.``."""
        if self.token.text == "." and not self.token.spaced:
            self.advance()

    def noun(self) -> str:
        """The noun phrase looked at, such as ``small buttons``."""
        phrase: list[str] = []
        while self.token.kind in (NAME, FUNCTION) and self.token.text not in words.JOINERS:
            text = self.token.text
            if (
                text in words.CONDITIONS
                or text == "per"
                or (phrase and text in words.UNITS and text not in ("a", "in"))
            ):
                break
            if text.lower() in words.SENTENCE or len(phrase) == _MAX_NOUN_WORDS:
                self.fail("a sentence")
            phrase.append(self.advance().text)
        if phrase and phrase[-1].lower() in words.ALTERING_LAST:
            self.fail("no noun")
        return " ".join(phrase)

    def at_degree(self) -> bool:
        if self.token.text != "^":
            return False
        following = self.peek()
        return following.text == "\\circ" or (
            following.text == "{" and self.peek(2).text == "\\circ" and self.peek(3).text == "}"
        )

    def degree(self) -> None:
        """Pass over ``^\\circ``."""
        self.advance()
        if self.advance().text == "{":
            self.advance()
            self.advance()

    def degrees(self, value: Node) -> Node:
        """``value`` in degrees, of temperature if a scale follows, with minutes and seconds."""
        self.degree()
        token = self.token
        if token.text in ("C", "F") and token.kind == NAME:
            self.advance()
            return product_of([value, Unit("deg" + token.text)])
        parts = [product_of([value, Unit("degree")])]
        for name, mark in (("arcminute", "'"), ("arcsecond", '"')):
            if self.token.kind != NUMBER or self.peek().text != "'":
                break
            amount = self.atom()
            self.advance()
            if mark == '"':
                self.expect("'")
            parts.append(Multiply((amount, Unit(name))))
        return parts[0] if len(parts) == 1 else Add(tuple(parts))
