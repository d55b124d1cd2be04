"""What the service is sent in its benchmark: responses as trainers have them judged, and bombs."""

import random
from collections.abc import Iterator, Sequence

from rows import Row

from assayoffice.rl import Submission

_STEPS = (
    "First we write down what is given and what is asked, and give the unknown quantity a name.",
    "Let me set up the equation: from the two conditions we get {0}a + {1}b = {2}.",
    "Subtracting the second line from the first leaves {0}a = {2}, which is easier to handle.",
    "Wait, that does not look right. Let me check the case n = {1} by hand before going on.",
    "Since {0} and {1} have no common factor, the fraction is already in lowest terms.",
    "By symmetry the other case gives the same value, so it is enough to look at this one.",
    "Substituting back: {0} * {1} = {2}, as it should be, and the condition is met.",
    "We were asked for the total, so we still have to add the {0} from the beginning.",
)
_FEWEST_STEPS, _MOST_STEPS = 4, 24


def healthy(rows: Sequence[Row], seed: int) -> Iterator[Submission]:
    """Endless submissions: the responses of ``rows`` after some reasoning, no two of them equal."""
    chance = random.Random(seed)
    number = 0
    while True:
        for row in rows:
            number += 1
            reasoning = " ".join(
                chance.choice(_STEPS).format(*(chance.randrange(2, 1000) for _ in range(3)))
                for _ in range(chance.randint(_FEWEST_STEPS, _MOST_STEPS))
            )
            yield Submission(
                id=f"{seed}-{number}",
                verifier="numeric",
                response=f"Attempt {number}. {reasoning}\n\n{row.response}",
                task={"reference": row.reference},
                prompt=row.prompt,
            )


def hostile(seed: int) -> Iterator[Submission]:
    """Endless submissions made to hang, flood or crash a verifier, no two of them equal."""
    number = 1000 * seed
    while True:
        for answer in _bombs(number + 2):
            number += 1
            yield Submission(
                id=f"hostile-{seed}-{number}",
                verifier="numeric",
                response=f"Attempt {number}, so $\\boxed{{{answer}}}$.",
                task={"reference": r"\frac{1}{2}"},
            )


def _bombs(n: int) -> list[str]:
    trigonometry = " + ".join(rf"\sin^{{{k}}}({n}x)\cos^{{{n % 7 + k}}}(y)" for k in range(2, 30))
    return [
        f"9^{{9^{{9^{{{n}}}}}}}",
        f"{n}**{n}**{n}",
        rf"(({n}!)!)!",
        rf"\binom{{10^9+{n}}}{{5\cdot 10^8}}",
        f"10^{{-10^{{10^{{{n}}}}}}}",
        r"\sqrt{1+" * 3000 + str(n) + "}" * 3000,
        "(" * 4000 + str(n) + ")" * 4000,
        str(n) * 40_000,
        "+".join(f"{n}x_{{{k}}}" for k in range(3000)),
        rf"(a+b+c+d)^{{{200 + n}}} - (a+b)^{{{n}}}",
        trigonometry,
        rf"\int_0^{{{n}}} e^{{-x^2}} \sin(x^3) \ln(1+x)\,dx",
        rf"\sum_{{k=1}}^{{\infty}} \frac{{\sin(k^{{{n}}})}}{{k^2+{n}}}",
        rf"\prod_{{k=1}}^{{10^8}} (1+\frac{{{n}}}{{k}})",
        rf"\sqrt[{n}]{{10+\sqrt[{n + 1}]{{11+\sqrt[{n + 2}]{{12}}}}}} - \sqrt[10^9]{{{n}}}",
        rf"\begin{{pmatrix}} {n} & 2 \\ 3 & 4 \end{{pmatrix}}^{{10^{{9}}}}",
        "the answer is " * 5000 + str(n),
        "{" * 3000 + str(n),
        r"\{" + ",".join(f"x^{{{k}}}-{n}" for k in range(2000)) + r"\}",
        rf"x^{{{20 + n % 9}}} - {n}x^7 + 3x^2 = {n}",
    ]
