"""Real constants that polynomials treat as letters: pi, sin(40 degrees), log(2).

Polynomials in pi alone that are not zero have no zero value, as pi is transcendental. Of others,
enclosures must show it.
"""

from typing import Final

from flint import arb, fmpq_mpoly

from assayoffice.verifiers.numeric.balls import working_precision
from assayoffice.verifiers.rewrites.premises import balls
from assayoffice.verifiers.rewrites.premises.expression import Apply, Constant, Name, Node
from assayoffice.verifiers.rewrites.premises.outcomes import TooMuchError

PI: Final = Constant("pi")
_BITS: Final = (64, 256, 1024, 4096)


class Constants:
    """Letters for positive constants; a negative one is the opposite of such."""

    def __init__(self) -> None:
        self._terms: dict[Node, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._terms.values())

    @property
    def transcendental(self) -> bool:
        """Whether polynomials in them are zero only if all coefficients are."""
        return all(term == PI for term in self._terms)

    def letter(self, term: Node) -> Node:
        """A constant ``term`` by its letter. Raises TooMuchError if its sign is not certain."""
        for bits in _BITS:
            with working_precision(bits):
                ball = balls.ball(term, {})
            if ball > 0:
                name = "pi_" if term == PI else f"c{len(self._terms)}_"
                return Name(self._terms.setdefault(term, f"_{name}"))
            if ball < 0:
                return Apply("neg", (self.letter(Apply("neg", (term,))),))
        raise TooMuchError

    def ball(self, poly: fmpq_mpoly, bits: int) -> arb:
        """An enclosure of a ``poly`` in the letters alone, which come last in its ring in order."""
        with working_precision(bits):
            values = [balls.ball(term, {}) for term in self._terms]
            total = arb(0)
            for exponents, coefficient in poly.to_dict().items():
                term = arb(coefficient)
                powers = exponents[len(exponents) - len(values) :]
                for value, power in zip(values, powers, strict=True):
                    term = term * value ** int(power)
                total = total + term
            return total

    def sign(self, poly: fmpq_mpoly) -> int:
        """The sign of such a ``poly``. Raises TooMuchError."""
        if poly.is_zero():
            return 0
        for bits in _BITS:
            ball = self.ball(poly, bits)
            if ball > 0:
                return 1
            if ball < 0:
                return -1
        raise TooMuchError
