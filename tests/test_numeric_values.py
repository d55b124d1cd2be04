"""The tiers that tell whether two expressions have the same value."""

import pytest

from assayoffice.verifiers.base import Effort
from assayoffice.verifiers.numeric import symbolic
from assayoffice.verifiers.numeric.finding import Equality, Finding, Method, UndefinedError
from assayoffice.verifiers.numeric.limits import Budget, TooLargeError
from assayoffice.verifiers.numeric.parser import parse
from assayoffice.verifiers.numeric.values import Values


def same(left: str, right: str, effort: Effort = Effort.QUICK) -> Finding:
    values = Values(b"a seed", Budget(), effort)
    return values.same(parse(left), parse(right))


@pytest.mark.parametrize(
    ("left", "right", "method"),
    [
        ("2/4", "1/2", Method.EXACT),
        ("(2/3)^{-2}", "2.25", Method.EXACT),
        (r"\sqrt[3]{-27}", "-3", Method.EXACT),
        (r"8^{2/3}", "4", Method.EXACT),
        (r"\binom{9}{4}", "126", Method.EXACT),
        (r"0.1666...", "1/6", Method.EXACT),
        ("(x+y)^{200}", "(y+x)^{200}", Method.MODULAR),
        ("(x+1)^3", "x^3+3x^2+3x+1", Method.MODULAR),
        ("1/(1+i)", "(1-i)/2", Method.MODULAR),
        (r"\pi(r+1)^2", r"\pi r^2+2\pi r+\pi", Method.MODULAR),
        ("f(x+x)", "f(2x)", Method.MODULAR),
        (r"\sum_{k=1}^{n} a_k", r"\sum_{k=1}^{n} a_k", Method.MODULAR),
        (r"\sum_{j=1}^{\infty} \frac{1}{j^3}", r"\sum_{k=1}^{\infty} k^{-3}", Method.MODULAR),
        (r"\sqrt{8}", r"2\sqrt{2}", Method.BALLS),
        (r"\sqrt{5+2\sqrt{6}}", r"\sqrt{2}+\sqrt{3}", Method.BALLS),
        (r"\sin^2 x", r"1-\cos^2 x", Method.BALLS),
        (r"\frac{1}{\sqrt{n}}", r"\sqrt{1/n}", Method.BALLS),
        (r"e^{i\pi/3}", r"\frac{1+\sqrt{3}i}{2}", Method.BALLS),
        (r"n\cdot(n-1)!", "n!", Method.BALLS),
        (r"\int_0^{\pi} \sin t\,dt", "2", Method.BALLS),
    ],
)
def test_equal_values_are_found_by_the_cheapest_tier_that_can(
    left: str, right: str, method: Method
) -> None:
    finding = same(left, right)
    assert (finding.equality, finding.method) == (Equality.EQUAL, method)
    assert same(right, left).equal


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("2^{100}", "2^{100}+1"),
        (r"\frac{1}{2^{99}}", r"\frac{1}{2^{98}}"),
        ("10^{-20}", "0"),
        (r"\frac{1}{2004!}", r"\frac{1}{2006!}"),
        ("(w+x+y+z)^{200}", "(w+x+y+z)^{200}+1"),
        ("1+10^{-10^{10}}", "1"),
        ("e^{-10^{6}}", "0"),
        (r"\cos 10^{-200}", "1"),
        (r"\sqrt{2}+10^{-300}", r"\sqrt{2}"),
        ("e^{2000}+1", "e^{2000}"),
        (r"\sqrt{2}", "1.41421356237309504880168872420969807856967187537694"),
        ("x", "|x|"),
        ("x", r"\sqrt{x^2}"),
        ("x", r"\lfloor x \rfloor"),
        ("3+4i", "3-4i"),
        (r"\pi^2", "10"),
        ("f(x)", "f(y)"),
        ("f(x)", "g(x)"),
    ],
)
def test_different_values_are_different_however_close(left: str, right: str) -> None:
    assert same(left, right).different
    assert same(right, left).different


def test_integers_are_assumed_only_where_the_expression_is_made_for_them() -> None:
    finding = same(r"\lceil n/2 \rceil", r"\lfloor (n+1)/2 \rfloor")
    assert finding.equal
    assert finding.flags == {"INTEGER_ASSUMED"}
    assert same(r"\lceil x/2 \rceil", r"\lfloor (x+1)/2 \rfloor").different


@pytest.mark.parametrize("text", ["1/0", "0/0", r"\frac{x}{x-x}", "0^{-1}", r"\ln 0"])
def test_what_has_no_value_is_undefined(text: str) -> None:
    with pytest.raises(UndefinedError):
        same(text, r"\sqrt{2}")


def test_work_is_limited_by_a_count_of_steps() -> None:
    values = Values(b"a seed", Budget(10), Effort.QUICK)
    with pytest.raises(TooLargeError, match="OPERATION_BUDGET"):
        values.same(parse("(a+b)(c+d)(e+f)(g+h)(k+l)"), parse("a+b+c+d+g+h+k+l+m+n+o+p+q+r"))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (r"\sum_{k=1}^{\infty} \frac{1}{k^2}", r"\frac{\pi^2}{6}"),
        (r"\int_0^{\infty} e^{-x^2}\,dx", r"\frac{\sqrt{\pi}}{2}"),
        (r"\lim_{x \to 0} \frac{\sin 3x}{x}", "3"),
    ],
)
def test_sympy_decides_what_is_beyond_arithmetic_and_only_with_full_effort(
    left: str, right: str
) -> None:
    quick = same(left, right)
    assert (quick.equality, quick.method) == (Equality.UNDECIDED, Method.SYMPY)
    full = same(left, right, Effort.FULL)
    assert (full.equality, full.method) == (Equality.EQUAL, Method.SYMPY)


def test_a_symbolic_acceptance_that_numbers_contradict_is_disputed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sympy

    monkeypatch.setattr(sympy, "simplify", lambda residue: sympy.Integer(0))
    finding = same(r"\sum_{k=0}^{\infty} 2^{-k}", "3", Effort.FULL)
    assert (finding.equality, finding.reason) == (Equality.DIFFERENT, "DISPUTED")


def test_towers_never_reach_sympy() -> None:
    finding = same(r"\sum_{k=1}^{\infty} 2^{-9^{9^{9}}k}", "0")
    assert finding.method is not Method.SYMPY


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("2x+4y-6", "x+2y-3", True),
        ("x-y", "y-x", True),
        (r"\sin x-y", r"3\sin x-3y", True),
        ("x+y", "x-y", False),
        ("3^x-x^2", "3^x-x", False),
        ("x-x", "x-y", False),
    ],
)
def test_proportional_means_up_to_a_constant_other_than_zero(
    left: str, right: str, expected: bool
) -> None:
    values = Values(b"a seed", Budget(), Effort.QUICK)
    assert values.proportional(parse(left), parse(right)).equal is expected


def test_a_negative_factor_turns_an_inequality_around() -> None:
    values = Values(b"a seed", Budget(), Effort.QUICK)
    assert not values.proportional(parse("x-y"), parse("y-x"), positively=True).equal
    assert values.proportional(parse("x-y"), parse("5x-5y"), positively=True).equal


def test_memory_that_runs_out_in_sympy_is_not_taken_for_an_open_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(symbolic, "_built", exhausted)
    with pytest.raises(MemoryError):
        symbolic.decide(parse("x"), parse("x"), [], Budget())
