"""The functions that answers use, on FLINT's complex balls."""

from collections.abc import Callable
from typing import Final

from flint import acb, arb, fmpq

from assayoffice.verifiers.numeric.finding import NotScalarError, UndefinedError


def power(base: acb, exponent: fmpq) -> acb:
    if exponent.q == 1:
        return base**exponent.p
    if exponent == fmpq(1, 2):
        return base.sqrt()
    if exponent.q % 2 and base.imag.is_zero() and base.real < 0:
        magnitude = (-base) ** acb(arb(exponent))
        return -magnitude if exponent.p % 2 else magnitude
    return base ** acb(arb(exponent))


def _real(function: Callable[..., arb]) -> Callable[..., acb]:
    """``function`` of real arguments only."""

    def of_real(*arguments: acb) -> acb:
        if not all(argument.imag.is_zero() for argument in arguments):
            raise NotScalarError("complex")
        return acb(function(*(argument.real for argument in arguments)))

    return of_real


def _of_integers(function: Callable[..., fmpq | None]) -> Callable[..., acb]:
    def of_integers(*arguments: acb) -> acb:
        found = (argument.unique_fmpz() for argument in arguments)
        integers = [fmpq(each) for each in found if each is not None]
        value = function(*integers) if len(integers) == len(arguments) else None
        if value is None:
            raise NotScalarError("not integers")
        return acb(arb(value))

    return of_integers


def _logarithm(argument: acb, base: acb | None = None) -> acb:
    if argument.is_zero():
        raise UndefinedError
    return argument.log() if base is None else argument.log() / base.log()


def _binomial(of: acb, choose: acb) -> acb:
    return (of + 1).gamma() * (choose + 1).rgamma() * (of - choose + 1).rgamma()


def _gamma(argument: acb) -> acb:
    # Stirling's series would be summed with as many bits as the exponent of the result has.
    if argument.real.mid() > arb(2) ** 64:
        raise NotScalarError("factorial")
    return argument.gamma()


#: Functions without branch cuts, which can be integrated rigorously.
MEROMORPHIC: Final = frozenset("sin cos tan cot sec csc sinh cosh tanh coth sech csch exp".split())
FUNCTIONS: Final[dict[str, Callable[..., acb]]] = {
    **{name: getattr(acb, name) for name in MEROMORPHIC},
    "arcsin": acb.asin,
    "arccos": acb.acos,
    "arctan": acb.atan,
    "arccot": lambda z: acb.pi() / 2 - z.atan(),
    "arcsec": lambda z: (1 / z).acos(),
    "arccsc": lambda z: (1 / z).asin(),
    "arcsinh": acb.asinh,
    "arccosh": acb.acosh,
    "arctanh": acb.atanh,
    "ln": _logarithm,
    "log": _logarithm,
    "lg": lambda z: _logarithm(z, acb(10)),
    "factorial": lambda z: _gamma(z + 1),
    "binom": _binomial,
    "abs": lambda z: acb(abs(z)),
    "Re": lambda z: acb(z.real),
    "Im": lambda z: acb(z.imag),
    "conjugate": lambda z: z.conjugate(),
    "arg": lambda z: acb(z.arg()),
    "floor": _real(arb.floor),
    "ceil": _real(arb.ceil),
    "sgn": _real(arb.sgn),
    "max": _real(lambda first, *rest: _fold(arb.max, first, rest)),
    "min": _real(lambda first, *rest: _fold(arb.min, first, rest)),
}


def _fold(function: Callable[[arb, arb], arb], first: arb, rest: tuple[arb, ...]) -> arb:
    for each in rest:
        first = function(first, each)
    return first
