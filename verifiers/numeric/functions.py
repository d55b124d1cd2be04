"""Rules for constructs with arguments: fractions, roots, named functions, sums and integrals."""

from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric import notation
from assayoffice.verifiers.numeric.cursor import Cursor
from assayoffice.verifiers.numeric.expression import (
    Call,
    Constant,
    Divide,
    Multiply,
    Negate,
    Node,
    Number,
    Operator,
    Power,
    Relation,
    Sequence,
    Symbol,
    Unit,
)
from assayoffice.verifiers.numeric.tokens import CONSTANT, LETTER, NAME, NUMBER

ONE: Final = Number(Fraction(1))
TWO: Final = Number(Fraction(2))
TEN: Final = Number(Fraction(10))
_MINUS_ONE: Final = Negate(ONE)
#: What may follow the first factor of an argument without brackets: \\sin 2\\pi x.
_ARGUMENT_SIGNS: Final = frozenset(("\\frac", "\\sqrt"))
#: Marks of figures, which are named by all the letters that follow: \\angle ABC.
_FIGURES: Final = frozenset(("angle", "triangle"))
_BIG_OPERATORS: Final = {"\\sum": "sum", "\\prod": "prod", "\\int": "int", "\\lim": "lim"}


def arguments(node: Node) -> tuple[Node, ...]:
    """The members of a bare list, or the node alone."""
    return node.items if isinstance(node, Sequence) and node.kind == "list" else (node,)


def product_of(factors: list[Node]) -> Node:
    """The flat product of ``factors``."""
    flat: list[Node] = []
    for factor in factors:
        if isinstance(factor, Multiply):
            flat.extend(factor.items)
        else:
            flat.append(factor)
    return flat[0] if len(flat) == 1 else Multiply(tuple(flat))


class Functions(Cursor):
    __slots__ = ()

    def argument(self, *, digit: bool) -> Node:
        """What a command applies to: a group, or the next letter, command or number.

        ``digit`` says that of a number only the first digit is meant, as in ``\\frac12``.
        """
        token = self.token
        if token.text == "{":
            return self.group()
        if token.kind == NUMBER:
            if digit and len(token.text) > 1 and token.text.isdecimal():
                self.split(token.text[0], token.text[1:])
            return self.atom()
        if digit and token.kind == NAME and len(token.text) == 1 and self.peek().kind == NUMBER:
            if not self.peek().spaced and token.text not in "ei":
                self.advance()  # \frac n2 is n over 2, not a variable n_2
                return Symbol(token.text)
        if token.kind == NAME and len(token.text) > 1 and not token.upright:
            self.split(*token.text)
        return self.atom()

    def group(self) -> Node:
        """A sequence in braces that only group."""
        self.expect("{")
        self.enter()
        saved = self.bar_ends, self.colon_ends
        self.bar_ends = self.colon_ends = False
        inside = self.infix(self.sequence())
        self.bar_ends, self.colon_ends = saved
        self.leave()
        self.expect("}")
        return inside

    def infix(self, over: Node) -> Node:
        """What plain TeX writes between its arguments: ``{n \\choose k}``, ``{3 \\over 4}``."""
        if self.accept("\\choose"):
            return Call("binom", (over, self.sequence()))
        return Divide(over, self.sequence()) if self.accept("\\over") else over

    def fraction(self) -> Node:
        self.advance()
        over = self.argument(digit=True)
        return Divide(over, self.argument(digit=True))

    def binomial(self) -> Node:
        self.advance()
        over = self.argument(digit=True)
        return Call("binom", (over, self.argument(digit=True)))

    def root(self) -> Node:
        name = self.advance().text
        index: Node = Number(Fraction(3)) if name == "\\cbrt" else TWO
        if self.token.text == "[" and name == "\\sqrt":
            self.advance()
            index = self.sequence()
            self.expect("]")
        return Call("root", (self.argument(digit=False), index))

    def decoration(self) -> Node:
        name = self.advance().text[1:]
        if name in _FIGURES and self.token.kind == NAME:
            return Call(name, (Symbol(self.advance().text),))
        return Call(name, (self.argument(digit=False),))

    def function(self) -> Node:
        """A named function with its exponent, base and argument."""
        token = self.advance()
        name, exponent, base = token.text, None, None
        while self.token.text in ("^", "_"):
            if self.accept("^"):
                exponent = self.exponent()
            elif name == "log":
                self.advance()
                base = self.argument(digit=False)
            else:
                self.fail(f"{name} takes no subscript")
        following = self.token
        if name == "log" and base is None and following.kind == NUMBER and not following.spaced:
            if self.peek().text == "(":  # log2(8)
                base = self.atom()
        if exponent == _MINUS_ONE and name in notation.INVERSES:
            name, exponent = notation.INVERSES[name], None
        if self.token.text in ("(", "[", "{", "|", "\\lvert"):
            given = self.bracketed()
        elif name in notation.LISTED:
            self.fail(f"{name} needs brackets")
        else:
            given = (self.bare_argument(),)
        if name == "lg":
            name, base = "log", TEN
        if base is not None:
            given = (*given, base)
        call: Node = Call(name, given)
        return call if exponent is None else Power(call, exponent)

    def bracketed(self) -> tuple[Node, ...]:
        """The arguments in brackets of a function; ``\\sin |x|`` has one."""
        if self.token.text in ("|", "\\lvert"):
            return (self.atom(),)
        if self.token.text == "{":
            return arguments(self.group())
        closer = ")" if self.advance().text == "(" else "]"
        self.enter()
        saved = self.bar_ends, self.colon_ends
        self.bar_ends = self.colon_ends = False
        inside = arguments(self.sequence())
        self.bar_ends, self.colon_ends = saved
        self.leave()
        self.expect(closer)
        return inside

    def bare_argument(self) -> Node:
        """An argument without brackets ends at the next sign, bracket, function or word."""
        if self.token.text == "-":
            self.advance()
            self.enter()
            inside = self.bare_argument()
            self.leave()
            return Negate(inside)
        self.enter()
        factors = [self.power()]
        while True:
            token = self.token
            if self.at_degree():
                self.degree()
                factors.append(Unit("degree"))
            elif token.kind in (LETTER, CONSTANT) and token.text != "...":
                factors.append(self.power())
            elif token.kind == NAME and self.at_differential():
                break
            elif token.kind == NAME and not token.upright and self.is_symbolic():
                factors.append(self.power())
            elif token.text in _ARGUMENT_SIGNS:
                factors.append(self.power())
            else:
                break
        self.leave()
        return product_of(factors)

    def big_operator(self) -> Node:
        """A sum, product, integral or limit with its bounds and body."""
        kind = _BIG_OPERATORS[self.advance().text]
        lower: Node | None = None
        upper: Node | None = None
        variable = ""
        while self.token.text in ("_", "^"):
            if self.advance().text == "_":
                lower = self.argument(digit=False)
            else:
                upper = self.argument(digit=False)
        if isinstance(lower, Relation) and lower.operators in (("=",), ("to",)):
            name, bound = lower.terms
            if isinstance(name, Symbol) or (isinstance(name, Constant) and name.name == "i"):
                variable, lower = name.name, bound
        self.enter()
        saved = self.bound_i
        self.bound_i = saved or variable == "i"
        if kind == "int":
            self.integrals += 1
            body: Node = ONE if self.at_differential() else self.sum()
            if self.at_differential():
                variable = self.differential()
            self.integrals -= 1
        else:
            body = self.product()
        self.bound_i = saved
        self.leave()
        return Operator(kind, variable, lower, upper, body)

    def at_differential(self) -> bool:
        token = self.token
        if not self.integrals or token.kind != NAME:
            return False
        text = token.text
        if len(text) > 2 and text[-2] == "d" and not token.upright:
            self.split(*text[:-2], text[-2:])
            return self.at_differential()
        if text == "d":
            return self.peek().kind in (LETTER, NAME)
        return len(text) == 2 and text[0] == "d"

    def differential(self) -> str:
        """The variable of the ``dx`` looked at."""
        text = self.advance().text
        return self.advance().text if text == "d" else text[1]

    # Rules of the other parts of the grammar that these rules need.

    def exponent(self) -> Node:
        raise NotImplementedError

    def at_degree(self) -> bool:
        raise NotImplementedError

    def degree(self) -> None:
        raise NotImplementedError

    def is_symbolic(self) -> bool:
        """Whether the name looked at is a variable or a product of them."""
        raise NotImplementedError
