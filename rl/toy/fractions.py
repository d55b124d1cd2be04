"""Sums, differences and products of fractions, decimals and mixed numbers, for "numeric".

An answer is right in whatever form it is written, and the forms are not equally easy: what was
worked out can be copied, while reducing it, or turning it into a mixed number or a decimal, is a
further step that can go wrong.

A number is one of 1 to 9 over 3 to 10, and no integer; factors are 1 to 5 over 2 to 5 or over 10.
It is written as a fraction (not always in lowest terms), as a mixed number, or, of tenths, as a
decimal. Two terms have the same denominator, which a decimal leaves unsaid: 3/10 + 0.4.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from assayoffice.rl.toy.problems import Problem

DOMAIN = "toy/fractions"
_TERM_NUMERATORS = range(1, 10)
_TERM_DENOMINATORS = range(3, 11)
_FACTOR_NUMERATORS = range(1, 6)
_FACTOR_DENOMINATORS = (2, 3, 4, 5, 10)
_TENTHS = 10


@dataclass(frozen=True, slots=True)
class _Number:
    """A fraction as it is worked with, which need not be in lowest terms."""

    above: int
    below: int

    def __str__(self) -> str:
        return f"{self.above}/{self.below}"

    @property
    def value(self) -> Fraction:
        return Fraction(self.above, self.below)

    def notations(self) -> tuple[str, ...]:
        forms = [str(self)]
        whole, rest = divmod(self.above, self.below)
        if whole:
            forms.append(f"{whole} {rest}/{self.below}")
        if self.below == _TENTHS:
            forms.append(f"{whole}.{rest}")
        return tuple(forms)


def problems() -> list[Problem]:
    """Every problem there is, in a fixed order."""
    factors = _numbers(_FACTOR_NUMERATORS, _FACTOR_DENOMINATORS)
    terms = _numbers(_TERM_NUMERATORS, _TERM_DENOMINATORS)
    return [
        *(
            each
            for a in terms
            for b in terms
            if a.below == b.below and a != b
            for each in _sums(a, b)
        ),
        *(each for a in factors for b in factors for each in _products(a, b)),
    ]


def written(number: Fraction) -> tuple[str, ...]:
    """A number as a fraction in lowest terms, as a mixed number and as a short decimal."""
    sign, size = ("-" if number < 0 else ""), abs(number)
    if size.denominator == 1:
        return (f"{sign}{size.numerator}",)
    forms = [f"{sign}{size.numerator}/{size.denominator}"]
    if size > 1:
        whole, rest = divmod(size, 1)
        forms.append(f"{sign}{whole} {rest.numerator}/{rest.denominator}")
    hundredths = size * 100
    if hundredths.denominator == 1:
        forms.append(f"{sign}{_decimal(hundredths.numerator)}")
    return tuple(forms)


def _decimal(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0")


def _numbers(numerators: range, denominators: range | tuple[int, ...]) -> list[_Number]:
    return [_Number(n, d) for d in denominators for n in numerators if n % d]


def _sums(a: _Number, b: _Number) -> Iterator[Problem]:
    yield from _problems(a, "+", b, _Number(a.above + b.above, a.below))
    yield from _problems(a, "-", b, _Number(a.above - b.above, a.below))


def _products(a: _Number, b: _Number) -> Iterator[Problem]:
    yield from _problems(a, "*", b, _Number(a.above * b.above, a.below * b.below))


def _problems(a: _Number, sign: str, b: _Number, result: _Number) -> Iterator[Problem]:
    """The problem in all notations of its numbers."""
    answers = tuple(dict.fromkeys((str(result), *written(result.value))))
    for left in a.notations():
        for right in b.notations():
            question = f"Compute {left} {sign} {right}"
            if any(_repeats(question, each) for each in answers):
                continue
            yield Problem(
                domain=DOMAIN,
                verifier="numeric",
                question=question,
                ground_truth=str(result.value),
                work=f"{a}{sign}{b}={result}",
                answers=tuple(f"\\boxed{{{each}}}" for each in answers),
            )


def _repeats(question: str, answer: str) -> bool:
    """Whether an answer stands in the question, as 2/8 does in 4/8 - 2/8: to the verifier an echo.

    Spaces are looked through, which leaves out a few that the verifier can tell apart: 11/7 does
    not stand in 1 1/7 + 3/7.
    """
    return answer.replace(" ", "") in question.replace(" ", "")
