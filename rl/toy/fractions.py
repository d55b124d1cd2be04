"""Sums, differences and products of fractions, decimals and mixed numbers, for "numeric".

An answer is right in whatever form it is written, and the forms are not equally easy: what was
worked out over twelve can be copied, while reducing it, or turning it into a decimal, is a further
step that can go wrong.

The numbers lie between 0 and 3, without the integers. Sums and differences have denominators
that divide 12 (33 numbers); products have 2, 3 and 4 (15 numbers), so that nothing
gets longer than three digits. Each number is written as a fraction, as a mixed number and as a
decimal of at most two places, where that can be.
"""

from collections.abc import Iterator
from fractions import Fraction

from assayoffice.rl.toy.problems import Problem

DOMAIN = "toy/fractions"
_WHOLE = 8
_LIMIT = 2


def problems() -> list[Problem]:
    """Every problem there is, in a fixed order."""
    terms = [Fraction(n, _WHOLE) for n in range(1, _LIMIT * _WHOLE) if n % _WHOLE]
    factors = sorted({Fraction(n, d) for d in (2, 3, 4) for n in range(1, _LIMIT * d) if n % d})
    return [
        *(each for a in terms for b in terms if a != b for each in _sums(a, b)),
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


def _sums(a: Fraction, b: Fraction) -> Iterator[Problem]:
    """a + b and a - b in all notations; worked out over twelve."""
    left, right = int(a * _WHOLE), int(b * _WHOLE)
    low, high = sorted((a, b))
    for sign, content, result in (
        ("+", f"{low} + {high}", left + right),
        ("-", f"{a} - {b}", left - right),
    ):
        answer = f"{result}/{_WHOLE}"
        work = f"{left}/{_WHOLE}{sign}{right}/{_WHOLE}={answer}"
        yield from _notations(a, sign, b, content, work, answer)


def _products(a: Fraction, b: Fraction) -> Iterator[Problem]:
    """a * b in all notations; worked out with both as fractions."""
    low, high = sorted((a, b))
    answer = f"{a.numerator * b.numerator}/{a.denominator * b.denominator}"
    work = f"{a}*{b}={answer}"
    yield from _notations(a, "*", b, f"{low} * {high}", work, answer)


def _notations(
    a: Fraction, sign: str, b: Fraction, content: str, work: str, answer: str
) -> Iterator[Problem]:
    value = Fraction(answer)
    answers = tuple(dict.fromkeys((answer, *written(value))))
    for left in written(a):
        for right in written(b):
            question = f"Compute {left} {sign} {right}"
            if any(_repeats(question, each) for each in answers):
                continue
            yield Problem(
                domain=DOMAIN,
                verifier="numeric",
                content=content,
                question=question,
                ground_truth=str(value),
                work=work,
                answers=tuple(f"\\boxed{{{each}}}" for each in answers),
            )


def _repeats(question: str, answer: str) -> bool:
    """Whether the verifier might take an answer for an echo of the question.

    It looks without regard to spaces, so 1 1/12 seems to be in 1/6 + 11/12.
    """
    return answer.replace(" ", "") in question.replace(" ", "")
