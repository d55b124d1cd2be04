"""What answers are read as, what is refused, and that reading and writing undo each other."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    walk,
)
from assayoffice.verifiers.numeric.limits import TooLargeError
from assayoffice.verifiers.numeric.parser import UnreadableError, parse
from assayoffice.verifiers.numeric.render import render


def integer(value: int) -> Number:
    return Number(Fraction(value))


ONE, TWO, THREE, FIVE = (integer(value) for value in (1, 2, 3, 5))
X, Y = Symbol("x"), Symbol("y")
PI, INFINITY = Constant("pi"), Constant("oo")

READINGS: list[tuple[str, Node]] = [
    # Numbers.
    ("42", integer(42)),
    ("-7", Negate(integer(7))),
    ("3.50", Number(Fraction(7, 2), 2, 3)),
    (".5", Number(Fraction(1, 2), 1, 1)),
    ("1.5E3", Number(Fraction(1500), 0, 2)),
    ("1e-5", Number(Fraction(1, 100_000), 5, 1)),
    (r"0.1\overline{6}", Number(Fraction(1, 6))),
    ("0.333...", Call("truncated", (Number(Fraction(333, 1000), 3, 3),))),
    ("1{,}234", integer(1234)),
    (r"50,\!625", integer(50_625)),
    ("1 000 000", integer(1_000_000)),
    ("1\u2009000", integer(1000)),
    ("12,345", integer(12_345)),
    ("12,5,123", Sequence("list", (integer(12), FIVE, integer(123)))),
    (r"2\frac{1}{3}", Add((TWO, Divide(ONE, THREE)))),
    ("2 1/3", Add((TWO, Divide(ONE, THREE)))),
    (r"2\frac{5}{3}", Multiply((TWO, Divide(FIVE, THREE)))),
    ("1011_2", Based(11, 2)),
    ("2B3_{16}", Based(0x2B3, 16)),
    ("2A_3", Multiply((TWO, Symbol("A_3")))),
    (r"1.2 \times 10^5", Multiply((Number(Fraction(6, 5), 1, 2), Power(integer(10), FIVE)))),
    # Expressions.
    (r"\frac12", Divide(ONE, TWO)),
    (r"\frac{1}2x", Multiply((Divide(ONE, TWO), X))),
    ("1/2x", Multiply((Divide(ONE, TWO), X))),
    ("2xy", Multiply((TWO, X, Y))),
    ("-x^2", Negate(Power(X, TWO))),
    ("x^-1", Power(X, Negate(ONE))),
    ("2^10y", Multiply((Power(TWO, integer(10)), Y))),
    ("x^2^3", Power(X, Power(TWO, THREE))),
    (r"\sqrt2", Call("root", (TWO, TWO))),
    (r"\sqrt[3]{x}", Call("root", (X, THREE))),
    ("3!", Call("factorial", (THREE,))),
    ("x!!", Call("factorial2", (X,))),
    ("5!=120", Relation((Call("factorial", (FIVE,)), integer(120)), ("=",))),
    ("x!=3", Relation((X, THREE), ("!=",))),
    (r"\log_2 x", Call("log", (X, TWO))),
    (r"\log x", Call("log", (X,))),
    (r"\sin^2 x", Power(Call("sin", (X,)), TWO)),
    (r"\sin^{-1} x", Call("arcsin", (X,))),
    (r"\sin 2x \cos y", Multiply((Call("sin", (Multiply((TWO, X)),)), Call("cos", (Y,))))),
    (r"|x||y|", Multiply((Call("abs", (X,)), Call("abs", (Y,))))),
    (r"e^{i\pi}", Power(Constant("e"), Multiply((Constant("i"), PI)))),
    (r"1 \pm x", Add((ONE, PlusMinus(X, 1)))),
    (r"\int_0^1 x\,dx", Operator("int", "x", integer(0), ONE, X)),
    (r"\sum_{i=1}^n i", Operator("sum", "i", ONE, Symbol("n"), Symbol("i"))),
    (r"\lim_{x\to 1} y", Operator("lim", "x", ONE, None, Y)),
    (r"\frac{dy}{dx}", Call("derivative", (Y, X))),
    ("f(x)", Apply("f", (X,))),
    ("x(t) = 2", Relation((Apply("x", (Symbol("t"),)), TWO), ("=",))),
    ("x(y+1)", Multiply((X, Add((Y, ONE))))),
    (r"x_{\text{max}}", Symbol("x_max")),
    # Collections and statements.
    ("(1,2)", Sequence("tuple", (ONE, TWO))),
    ("[1,2]", Sequence("bracket", (ONE, TWO))),
    ("[1,2)", Interval(ONE, TWO, False, True)),
    ("]1,2[", Interval(ONE, TWO, True, True)),
    (r"\{1, 2\}", Sequence("set", (ONE, TWO))),
    (r"\{\}", Constant("emptyset")),
    ("1, 2, and 3", Sequence("list", (ONE, TWO, THREE), "and")),
    (r"1 \text{ or } 2", Sequence("list", (ONE, TWO), "or")),
    (r"[1,2) \cup \{3\}",
     SetOperation("union", Interval(ONE, TWO, False, True), Sequence("set", (THREE,)))),
    (r"\{x \mid x > 1\}", Builder(X, Relation((X, ONE), (">",)))),
    (r"1 < x \leqslant 3", Relation((ONE, X, THREE), ("<", "<="))),
    ("x in [1, 2]", Relation((X, Sequence("bracket", (ONE, TWO))), ("in",))),
    (r"x \in \mathbb{R}", Relation((X, Constant("R")), ("in",))),
    (r"\begin{pmatrix}1&2\\3&5\end{pmatrix}", Matrix(((ONE, TWO), (THREE, FIVE)))),
    (r"\begin{cases} 1 & x>0 \\ 2 & \text{otherwise} \end{cases}",
     Call("cases", (Where(ONE, Relation((X, integer(0)), (">",))), Where(TWO, Text("otherwise"))))),
    (r"x = 1 \text{ for all } y", Where(Relation((X, ONE), ("=",)), Y)),
    ("1:2:3", Ratio((ONE, TWO, THREE))),
    # Measured values.
    ("5 cm", Multiply((FIVE, Unit("cm")))),
    (r"5\text{ cm}^2", Multiply((FIVE, Power(Unit("cm"), TWO)))),
    ("5 square cm", Multiply((FIVE, Power(Unit("cm"), TWO)))),
    ("5 km/h", Divide(Multiply((FIVE, Unit("km"))), Unit("h"))),
    ("5 miles per hour", Divide(Multiply((FIVE, Unit("miles"))), Unit("hour"))),
    ("5 m", Multiply((FIVE, Unit("m")))),
    ("5m", Multiply((FIVE, Symbol("m")))),
    ("5 m + 2", Add((Multiply((FIVE, Symbol("m"))), TWO))),
    ("2 million dollars", Multiply((TWO, integer(10**6), Unit("dollars")))),
    ("negative 5", Negate(FIVE)),
    ("2 weeks", Multiply((TWO, Unit("weeks")))),
    ("3 small buttons", Multiply((THREE, Unit("small buttons")))),
    ("5 feet 3 inches", Add((Multiply((FIVE, Unit("feet"))), Multiply((THREE, Unit("inches")))))),
    ("$5", Multiply((FIVE, Unit("$")))),
    (r"-\$5", Negate(Multiply((FIVE, Unit("$"))))),
    ("5%", Multiply((FIVE, Unit("%")))),
    (r"5^\circ", Multiply((FIVE, Unit("degree")))),
    ("2:05 p.m.", Multiply((Ratio((TWO, FIVE)), Unit("pm")))),
    (r"5^{\text{th}}", Multiply((FIVE, Unit("th")))),
    # Words.
    (r"\text{no solution}", Text("no solution")),
    ("Minimum: 3", Labelled("Minimum", THREE)),
    ("B) 5", Labelled("B", FIVE)),
    ("The book has 5 pages.", Labelled("The book has _ pages", FIVE)),
    (r"5 \text{ (I am sure)}", Labelled("_ (I am sure)", FIVE)),
]  # fmt: skip

SAME: list[tuple[str, str]] = [
    (r"\dfrac{1}{2}", r"\frac12"),
    (r"{1 \over 2}", r"\frac12"),
    ("½", r"\frac12"),
    ("2½", r"2\frac12"),
    ("x²", "x^2"),
    ("log₂5", r"\log_2 5"),
    ("log2(5)", r"\log_2(5)"),
    ("√2", r"\sqrt{2}"),
    ("sqrt(2)", r"\sqrt{2}"),
    ("2**3", "2^3"),
    ("2*x", r"2 \cdot x"),
    ("pi/2", r"\pi / 2"),
    ("−３", "-3"),
    ("٣٤", "34"),
    ("𝑥", "x"),
    ("x ≤ 2", r"x \leq 2"),
    ("x ≠ 2", r"x \not= 2"),
    ("(-∞, 2) ∪ (3, inf)", r"\left(-\infty, 2\right) \cup \bigl(3, \infty\bigr)"),
    (r"$x$", "x"),
    (r"\(x\)", "x"),
    ("$1$, $2$", "1, 2"),
    ("**73**", "73"),
    ("x.", "x"),
    (r"\mathbf{x}", "x"),
    (r"1 + \mathrm{e}", "1 + e"),
    (r"f^{\prime}(x)", "f'(x)"),
    (r"\left| x \right|", "|x|"),
    (r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
    (r"\$5", "$5"),
    ("5°", r"5^{\circ}"),
    ("3<sup>x</sup>", "3^x"),
    ("-2 或 2", r"-2 \text{ or } 2"),
]

#: Sentences that commit to no number: several, hedged, or taken back.
ONLY_TEXT = [
    "I considered 3 and then chose 4 instead",
    "The answer is 5 or 6",
    "less than 5 N",
    "It is not 5",
    "5 is wrong",
    "Three of the 5 are red",
    "The function f(2) is unknown",
    "The square root of 5",
    "5 squared",
    "2 thirds",
    "the negative of 5",
]

UNREADABLE = [
    *("", "$", "x +", "(1, 2", "1)", "{", r"\frac{1}", r"\begin{pmatrix} 1", "2 3", r"\unknown{2}"),
    *("1__2", "x_1_2", "1\x00", "1\u202e2", "\ud800", "12_2", r"\sqrt", "1..2", "5%^2"),
]

HOSTILE = {
    "digits": "9" * 5_000,
    "grouped digits": "1,000" + ",000" * 3_000,
    "scientific": "1e999999999",
    "minus": "-" * 5_000,
    "brackets": "(" * 1_400 + ")" * 90,
    "fractions": "\\frac" * 1_400,
    "roots": "\\sqrt" * 1_400,
    "functions": "\\sin " * 1_400,
    "tower": "x^" * 700 + "x",
    "chain of fractions": "1/" * 700 + "1",
    "factorials": "5" + "!" * 1_400,
    "unions": "A\\cup " * 700 + "A",
    "integrals": "\\int" * 700,
    "labels": "abcde:" * 700 + "1",
    "bars": "|" * 1_400,
    "units": "5" + " per km" * 700,
    "words": "abcde " * 3_000,
    "length": "x" * 30_000,
}


@pytest.mark.parametrize(("text", "node"), READINGS, ids=[text for text, _ in READINGS])
def test_reads_what_is_written(text: str, node: Node) -> None:
    assert parse(text) == node


@pytest.mark.parametrize(("text", "node"), READINGS, ids=[text for text, _ in READINGS])
def test_what_is_written_from_a_tree_reads_as_that_tree(text: str, node: Node) -> None:
    assert parse(render(node)) == node


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_answer_read_the_same(one: str, other: str) -> None:
    assert parse(one) == parse(other)


def test_thousands_separators_can_be_read_as_list_commas() -> None:
    assert parse("12,345") == integer(12_345)
    assert parse("12,345", thousands=False) == Sequence("list", (integer(12), integer(345)))
    assert parse("12{,}345", thousands=False) == integer(12_345)


@pytest.mark.parametrize("text", ONLY_TEXT)
def test_a_sentence_without_exactly_one_committed_number_stays_text(text: str) -> None:
    assert parse(text) == Text(text)


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_cannot_be_read_without_loss_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        parse(text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_oversized_text_is_turned_away(text: str) -> None:
    with pytest.raises(TooLargeError):
        parse(text)


def test_code_is_text_and_nothing_is_run() -> None:
    assert isinstance(parse("__import__('os').system('true')"), Text)


_PIECES = st.sampled_from(
    r"""\frac \sqrt { } ( ) [ ] | \{ \} , ; and or + - * / ^ _ ! ' = < \le \in \cup \pm 1 2 10 0.5
    1,234 \frac12 2\frac{1}{3} x y f(x) e i \pi \infty \sin \log_2 \cos^2 \binom{n}{k} \int_0^1 dx
    \sum_{k=1}^{n} \lim_{x\to0} \text{cm} \text{and} cm m apples % ^\circ $ € \cdot \left( \right)
    \lfloor \rfloor \begin{pmatrix} \end{pmatrix} \begin{cases} \end{cases} & \\ : x_1 \ldots
    \overline{3} \mathbb{R} \forall for if over remainder even The is 12^{th} ~ 1e-3 \alpha mod U
    A B) 2:00 pm per square \angle abc dy/dx 1011_2 \to \approx ½ ² √ ∞ －""".split()
    + [" ", "\\, "]
)
_ANSWERS = st.lists(_PIECES, max_size=12).flatmap(
    lambda pieces: st.sampled_from([" ".join(pieces), "".join(pieces)])
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.one_of(_ANSWERS, st.text(max_size=60)))
def test_any_text_is_read_or_refused_and_reads_back(text: str) -> None:
    try:
        node = parse(text)
    except (UnreadableError, TooLargeError):
        return
    # Words are compared as words; what they spell in TeX is not promised to read back.
    if not any(isinstance(part, Text | Labelled) for part in walk(node)):
        assert parse(render(node)) == node


@pytest.mark.parametrize(
    "text",
    [
        r"\text{wrong answer}: 5",
        r"\text{anything but} = 5",
        r"\text{at most}: 5",
        r"\text{the successor of 42}",
        r"\text{I doubt 42}",
        r"\text{42 halved}",
        r"5 \text{ negative}",
        r"5 \text{ crore}",
    ],
)
def test_words_that_deny_or_alter_a_number_make_it_text(text: str) -> None:
    assert isinstance(parse(text), Text)


def test_negative_before_a_noun_alters_nothing() -> None:
    assert not isinstance(parse(r"5 \text{ negative roots}"), Text)
