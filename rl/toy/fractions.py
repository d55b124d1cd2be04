"""Sums, differences and products of fractions, decimals and mixed numbers, for "numeric".

An answer is right in whatever form it is written, and the forms are not equally easy: what was
worked out can be copied, while reducing it, or turning it into a mixed number or a decimal, is a
further step that can go wrong.

The numbers are those between 0 and 3 that have a numerator of at most 9 over 3, 4, 5, 6, 8 or 10,
and no integers. Of two terms the denominator of one divides that of the other, so that the work
is over the larger; factors have numerators and denominators up to 5. Each number is
written as a fraction, as a mixed number and as a decimal of at most two places, where that can be.
"""

from collections.abc import Iterator
from fractions import Fraction

from assayoffice.rl.toy.problems import Problem

DOMAIN = "toy/fractions"
_DENOMINATORS = (3, 4, 5, 6, 8, 10)
_LARGEST_NUMERATOR = 9
_LARGEST_IN_FACTORS = 5


def problems() -> list[Problem]:
    """Every problem there is, in a fixed order."""
    factors = sorted(
        {
            Fraction(n, d)
            for d in range(2, _LARGEST_IN_FACTORS + 1)
            for n in range(1, _LARGEST_IN_FACTORS + 1)
            if n % d
        }
    )
    return [
        *(
            each
            for whole in _DENOMINATORS
            for left in range(1, _LARGEST_NUMERATOR + 1)
            for right in range(1, _LARGEST_NUMERATOR + 1)
            for each in _sums(left, right, whole)
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


def _sums(left: int, right: int, whole: int) -> Iterator[Problem]:
    """Sum and difference of left/whole and right/whole in all notations, worked out over whole.

    None where one of the two is an integer, where they are equal, or where both
    have a smaller denominator, for then another ``whole`` has them.
    """
    a, b = Fraction(left, whole), Fraction(right, whole)
    if 1 in (a.denominator, b.denominator) or a == b or whole not in (a.denominator, b.denominator):
        return
    low, high = sorted((a, b))
    for sign, content, result in (
        ("+", f"{low} + {high}", left + right),
        ("-", f"{a} - {b}", left - right),
    ):
        answer = f"{result}/{whole}"
        work = f"{left}/{whole}{sign}{right}/{whole}={answer}"
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
