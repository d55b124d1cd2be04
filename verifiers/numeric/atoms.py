"""Rules for the smallest expressions, and for the exponents, subscripts and marks behind them."""

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric import literals, words
from assayoffice.verifiers.numeric.expression import (
    Add,
    Apply,
    Based,
    Call,
    Constant,
    Divide,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    Symbol,
    Unit,
)
from assayoffice.verifiers.numeric.functions import product_of
from assayoffice.verifiers.numeric.limits import MAX_DEPTH, TooLargeError
from assayoffice.verifiers.numeric.measures import Measures
from assayoffice.verifiers.numeric.tokens import (
    BASED,
    BEGIN,
    CONSTANT,
    END,
    FUNCTION,
    LETTER,
    NAME,
    NUMBER,
    Token,
)

#: Letters that name functions even within an expression, and those that do so before (x).
_FUNCTION_LETTERS: Final = frozenset("fF")
_FUNCTION_LETTERS_OF_A_VARIABLE: Final = frozenset("fFghGHpPqQTS")
_RELATIONS_AFTER_A_DEFINITION: Final = frozenset(("=", "<", ">", "<=", ">=", "!=", "~"))
_SIMPLE_ARGUMENT: Final = frozenset((NUMBER, NAME, LETTER))
_MINUS_ONE: Final = Negate(Number(Fraction(1)))


class Atoms(Measures):
    __slots__ = ()

    def atom(self) -> Node:
        token = self.token
        kind = token.kind
        if kind == NUMBER:
            return self.number()
        if kind == NAME:
            return self.name()
        if kind == LETTER:
            self.advance()
            return self.symbol(token.text)
        if kind == FUNCTION:
            self.enter()
            node = self.function()
            self.leave()
            return node
        if kind == CONSTANT:
            self.advance()
            return Constant(token.text)
        if kind == BASED:
            return self.based()
        if kind == BEGIN:
            return self.environment()
        rule = _RULES.get(token.text) if kind != END else None
        if rule is None:
            self.fail("expected a value")
        self.enter()
        node = rule(self)
        self.leave()
        return node

    def fraction(self) -> Node:
        over, under = self.peek(2), self.peek(5)
        if self.peek(3).text == "}" and _is_differential(over, under) and self.peek(6).text == "}":
            self.skip(7)
            return Call("derivative", (Symbol(over.text[1]), Symbol(under.text[1])))
        return super().fraction()

    def number(self) -> Node:
        """A literal; with a fraction behind it a mixed number, with an ellipsis a cut-off one."""
        token = self.advance()
        node = literals.number(token.text)
        following = self.token
        if not isinstance(node, Number):
            return node
        if following.kind == CONSTANT and following.text == "..." and not following.spaced:
            if node.places > 0:
                self.advance()
                return literals.truncated(node)
        if node.places < 0 and following.kind == NUMBER and following.spaced:
            slash, under = self.peek(), self.peek(2)
            if slash.text == "/" and under.kind == NUMBER and not slash.spaced:
                part = literals.number(following.text), literals.number(under.text)
                if _is_proper(*part):
                    self.skip(3)
                    return Add((node, Divide(*part)))
        if node.places < 0 and following.text == "\\frac" and node.value:
            fraction = self.fraction()
            if isinstance(fraction, Divide) and _is_proper(fraction.over, fraction.under):
                if self.token.text != "^":
                    return Add((node, fraction))
            return Multiply((node, self.raised(fraction)))
        return node

    def based(self) -> Node:
        """Digits with a base, or a coefficient before a variable with a subscript: ``2A_3``."""
        token = self.token
        node = literals.based(token.text, token.position)
        if node is None:
            self.fail("digits do not suit the base")
        self.advance()
        return node

    def name(self) -> Node:
        token = self.token
        text = token.text
        dotted = self.peek().text == "."
        if text in words.CURRENCY_NAMES and self.peek(2 if dotted else 1).kind == NUMBER:
            self.advance()
            self.accept(".")
            return Multiply((self.number(), Unit(text)))
        if len(text) == 1:
            self.advance()
            return self.letter(text)
        if self.peek().text == "/" and _is_differential(token, self.peek(2)):
            self.advance()
            self.advance()
            return Call("derivative", (Symbol(text[1]), Symbol(self.advance().text[1])))
        if not self.is_symbolic():
            self.fail("a word")
        self.split(*text)
        self.advance()
        return self.letter(text[0])

    def is_symbolic(self) -> bool:
        token = self.token
        text = token.text
        if len(text) == 1:
            return True
        if token.upright or text in words.JOINERS or text in words.CONDITIONS:
            return False
        if not words.is_word(text):
            return True
        before = self.previous()
        glued = before is not None and before.kind == NUMBER and not token.spaced
        return glued and len(text) <= 3 and text.isascii()

    def letter(self, text: str) -> Node:
        if text == "e" and self.token.text != "_":
            return Constant("e")
        if text == "i" and self.token.text != "_" and not self.bound_i:
            return Constant("i")
        following = self.token
        if following.kind == NUMBER and not following.spaced and following.text.isdecimal():
            self.advance()
            return self.symbol(f"{text}_{following.text}")
        return self.symbol(text)

    def symbol(self, name: str) -> Node:
        """A variable with its primes and subscript, applied if brackets make it a function."""
        node = self.marked(name)
        if self.token.text == "(" and self.applies(name):
            given = self.bracketed()
            if name == "C" and len(given) == 2 and all(isinstance(x, Number) for x in given):
                return Call("binom", given)
            return Apply(node.name, given)
        return node

    def marked(self, name: str) -> Symbol:
        while True:
            if self.token.text == "'":
                self.advance()
                name += "'"
            elif self.token.text == "_":
                if "_" in name:
                    self.fail("a second subscript")
                self.advance()
                name = f"{name}_{self.subscript()}"
            elif self.token.text == "^" and self.peek().text == "'":
                self.advance()
            elif self.token.text == "^" and self.peek(2).text == "'" and self.peek(3).text == "}":
                self.skip(4)
                name += "'"
            else:
                return Symbol(name)

    def subscript(self) -> str:
        """The subscript looked at, as it is written, in braces if it is no single word."""
        if self.token.kind in (NUMBER, NAME, LETTER, FUNCTION, CONSTANT):
            return self.advance().text
        if self.token.text != "{":
            self.fail("expected a subscript")
        parts: list[str] = []
        depth = 0
        while True:
            token = self.advance()
            if token.kind == END:
                self.fail("a brace is not closed")
            depth += (token.text == "{") - (token.text == "}")
            if depth == 0:
                break
            parts.append(token.text)
        text = "".join(parts[1:])
        if not text:
            self.fail("an empty subscript")
        return text if text.isalnum() else f"{{{text}}}"

    def applies(self, name: str) -> bool:
        """Whether the opening bracket looked at holds the argument of the function ``name``."""
        if self.token.spaced:
            return False
        if name in _FUNCTION_LETTERS:
            return True
        close = 2
        while self.peek(close).text == "," and close < 8:
            close += 2
        simple = all(self.peek(place).kind in _SIMPLE_ARGUMENT for place in range(1, close, 2))
        if not simple or self.peek(close).text != ")":
            return False
        if close > 2 and name.isupper():
            return True
        argument = self.peek()
        if name in _FUNCTION_LETTERS_OF_A_VARIABLE and close == 2:
            return argument.kind != NUMBER or self.peek(3).text in _RELATIONS_AFTER_A_DEFINITION
        start = self.index - 2
        leads = start < 0 or self.tokens[start].text in (",", ";", "and", "or", "(")
        return leads and self.peek(3).text in _RELATIONS_AFTER_A_DEFINITION

    def money(self) -> Node:
        sign = words.CURRENCIES[self.advance().text]
        negative = self.accept("-")
        if self.token.kind != NUMBER:
            self.fail("expected an amount")
        node = Multiply((self.number(), Unit(sign)))
        return Negate(node) if negative else node

    def named_set(self) -> Node:
        """``\\mathbb{R}`` with what narrows it down: ``\\mathbb{Q}_{>0}``."""
        self.advance()
        braced = self.accept("{")
        token = self.advance()
        if token.kind != NAME or len(token.text) != 1:
            self.fail("expected the letter of a set")
        if braced:
            self.expect("}")
        name = token.text
        while self.token.text in ("^", "_"):
            mark = self.advance().text
            if self.token.text in ("+", "-", "*"):
                name += mark + self.advance().text
            else:
                name += mark + self.subscript()
        return Constant(name)

    def power(self) -> Node:
        return self.raised(self.atom())

    def raised(self, node: Node) -> Node:
        """``node`` with the exponents, factorials and subscripts that follow it."""
        links = 0
        while True:
            text = self.token.text
            if text == "^":
                if self.at_degree():
                    return node
                ordinal = self.ordinal()
                if ordinal is not None:
                    node = product_of([node, ordinal])
                    continue
                self.advance()
                exponent = self.exponent()
                if self.token.text == "(" and exponent == _MINUS_ONE and node == Symbol("f"):
                    return Apply("f^-1", self.bracketed())
                if isinstance(node, Symbol) and self.token.text == "_":
                    self.advance()
                    node = Symbol(f"{node.name}_{self.subscript()}")
                node = Power(node, exponent)
            elif text == "!":
                self.advance()
                if self.token.text == "!":
                    self.advance()
                    node = Call("factorial2", (node,))
                else:
                    node = Call("factorial", (node,))
            elif text == "!=" and not self.token.spaced and self.after_operand():
                self.split("!", "=")
                continue
            elif text == "_":
                node = self.base(node)
            else:
                return node
            links += 1
            if links > MAX_DEPTH:
                raise TooLargeError("DEPTH")

    def after_operand(self) -> bool:
        """Whether ``!=`` belongs to a factorial, as in ``5!=120``, and does not deny an equality.

        Only behind a number that stands alone, and only spelled with these two characters.
        """
        before = self.previous()
        spelled_out = self.peek().position == self.token.position + len("!=")
        return before is not None and before.kind == NUMBER and not before.position and spelled_out

    def base(self, node: Node) -> Node:
        """A number in brackets or braces with its base, as in ``(1011)_2``."""
        before = self.previous()
        self.advance()
        base = self.argument(digit=False)
        if isinstance(node, Number) and node.places < 0 and isinstance(base, Number):
            if before is not None and before.text in (")", "}", "]"):
                based = literals.based(f"{node.value}_{base.value}", self.token.position)
                if isinstance(based, Based):
                    return based
        if isinstance(node, Number) and isinstance(base, Symbol):
            return Call("base", (node, base))
        self.fail("a subscript has no place here")

    def exponent(self) -> Node:
        """What follows ``^``: a group, a signed number, or one atom with its own exponent."""
        text = self.token.text
        if text in ("-", "+"):
            self.advance()
            self.enter()
            inside = self.exponent()
            self.leave()
            return Negate(inside) if text == "-" else inside
        if text == "{":
            return self.group()
        if self.token.kind == NAME and len(self.token.text) > 1 and self.is_symbolic():
            self.split(*self.token.text)
        self.enter()
        node = self.atom()
        if self.token.text == "^" and not self.at_degree():
            self.advance()
            node = Power(node, self.exponent())
        self.leave()
        return node

    def ordinal(self) -> Node | None:
        """Pass over ``^{th}``, or leave everything as it is."""
        braced = self.peek().text == "{"
        mark = self.peek(2 if braced else 1)
        if mark.kind != NAME or mark.text not in words.ORDINALS:
            return None
        self.skip(4 if braced else 2)
        return Unit("th")


def _is_differential(*tokens: Token) -> bool:
    """Whether each token reads ``dx`` for some letter x."""
    return all(
        token.kind == NAME and len(token.text) == 2 and token.text[0] == "d" for token in tokens
    )


def _is_proper(over: Node, under: Node) -> bool:
    """Whether two literals make the fraction of a mixed number."""
    return (
        isinstance(over, Number)
        and isinstance(under, Number)
        and over.places < 0
        and under.places < 0
        and 0 < over.value < under.value
    )


_RULES: Final[dict[str, Callable[[Atoms], Node]]] = {
    "(": Atoms.bracket, "[": Atoms.bracket, "]": Atoms.bracket, "\\langle": Atoms.angles,
    "\\{": Atoms.set, "{": Atoms.set, "|": Atoms.bars, "\\lvert": Atoms.bars, "\\|": Atoms.norm,
    "\\lfloor": Atoms.rounding, "\\lceil": Atoms.rounding, "\\frac": Atoms.fraction,
    "\\binom": Atoms.binomial, "\\sqrt": Atoms.root, "\\cbrt": Atoms.root,
    "\\overline": Atoms.decoration, "\\vec": Atoms.decoration, "\\hat": Atoms.decoration,
    "\\tilde": Atoms.decoration, "\\dot": Atoms.decoration, "\\ddot": Atoms.decoration,
    "\\angle": Atoms.decoration, "\\triangle": Atoms.decoration, "\\sum": Atoms.big_operator,
    "\\prod": Atoms.big_operator, "\\int": Atoms.big_operator, "\\lim": Atoms.big_operator,
    "\\mathbb": Atoms.named_set, "\\$": Atoms.money, "$": Atoms.money, "€": Atoms.money,
    "£": Atoms.money, "¥": Atoms.money, "₹": Atoms.money,
}  # fmt: skip
#: Signs that continue a product when they follow a factor.
STARTS: Final = frozenset(_RULES) - {"]", "\\|", "|", "\\$", "$", "€", "£", "¥", "₹", "["}
