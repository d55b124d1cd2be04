"""The grammar of premises, what is hostile in it, and the triangle that started this."""

import time

import pytest

from assayoffice.verifiers.rewrites.premises.decide import decide
from assayoffice.verifiers.rewrites.rewrite import Domain, Premises, Unknown
from assayoffice.verifiers.rewrites.trials import State

_X = (Unknown("x"),)

#: M on AB, N on BC; the perimeters of AMC and CNA are equal, and those of ANB and CMB.
_TRIANGLE = (
    "AC < AB + BC",
    "BC < AB + AC",
    "AB < AC + BC",
    "AM < AB",
    "CN < BC",
    "AM + CM + AC == CN + AN + AC",
    "AN + (BC - CN) + AB == CM + (AB - AM) + BC",
    "CM**2 == AM**2 + AC**2 - AM*(AB**2 + AC**2 - BC**2)/AB",
    "AN**2 == CN**2 + AC**2 - CN*(BC**2 + AC**2 - AB**2)/BC",
)
_LENGTHS = tuple(
    Unknown(name, Domain.POSITIVE) for name in ("AB", "BC", "AC", "AM", "CN", "AN", "CM")
)


def test_the_triangle_with_sides_13_and_10_contradicts_itself():
    check = decide(Premises(_LENGTHS, ("AB == 13", "BC == 10", *_TRIANGLE), "AC")).check
    assert (check.state, check.reason, check.method) == (State.FAILED, "CONTRADICTORY", "exact")
    conflict = {each.text for each in check.evidence}
    assert {"AB == 13", "BC == 10", *_TRIANGLE[5:]} <= conflict
    assert "any fewer of them can" in check.explanation


def test_without_the_inequality_of_the_triangle_it_is_only_flat():
    premises = Premises(
        _LENGTHS, ("AB == 13", "BC == 10", *_TRIANGLE[3:]), "AC", ("AC == AB + BC",)
    )
    check = decide(premises).check
    assert (check.state, check.reason, check.method) == (State.FAILED, "ONLY_DEGENERATE", "exact")
    assert "AC = 23" in check.evidence[0].text
    conflict = {each.text for each in check.evidence if each.label == "conflict"}
    assert {"AB == 13", "BC == 10", "not (AC == AB + BC)"} <= conflict


def test_the_repaired_triangle_has_one_answer():
    decision = decide(Premises(_LENGTHS, ("AB == 13", "AC == 10", *_TRIANGLE), "BC"))
    check = decision.check
    assert (check.state, check.reason, check.method) == (State.PASSED, "UNIQUE", "exact")
    assert decision.answer == "13"


@pytest.mark.parametrize(
    ("constraint", "told"),
    [
        ("x = 3", "write '=='"),
        ("x + 3", "states no condition"),
        ("y == 3", "'y' is not among the unknowns"),
        ("2x == 3", "not an expression"),
        ("x == 3 +", "not an expression"),
        ("x == 1/3'", "cannot stand in a premise"),
        ("x == [1]", "cannot stand in a premise"),
        ("x(3) == 3", "no function 'x'"),
        ("foo(x) == 3", "no function 'foo'"),
        ("sqrt(x, 2) == 3", "sqrt takes 1 arguments, not 2"),
        ("sqrt == 3", "sqrt is a function"),
        ("divides(x) ", "divides takes 2 arguments"),
        ("isprime(x) == 1", "states a condition and stands by itself"),
        ("(x < 3) == 1", "a condition stands where a number is wanted"),
        ("x in x", "only == != < <= > >= compare"),
        ("x is 3", "only == != < <= > >= compare"),
        ("x == True", "not part of the grammar"),
        ("x == 0x10", "no integer or decimal"),
        ("x == 1e999", "no integer or decimal of moderate size"),
        ("x == 10_000", "no integer or decimal"),
        ("x if x else x", "states no condition"),
        ("x == (x if x else 3)", "not part of the grammar"),
        ("x == 1j", "not part of the grammar"),
        ("x == __import__(3)", "no function"),
        ("x == x.real", "not part of the grammar"),
        ("lambda x == 3", "not an expression"),
        ("", "empty"),
        ("   ", "empty"),
        ("x == " + "(" * 150 + "1" + ")" * 150, ""),
        ("x == " + "-" * 1500 + "1", ""),
        ("x == " + "sin(" * 100 + "1" + ")" * 100, "deeply nested"),
        ("x == " + "+1" * 990, ""),
        ("x == " + "9" * 1000, "moderate size"),
        ("x == 1 # comment", "cannot stand"),
        ("x == 1; x == 2", "cannot stand"),
        ("x == 1\u00b2", "cannot stand"),
        ("x == 1" + " " * 2_000, "longer than"),
    ],
)
def test_unreadable_constraints_are_named_with_a_remedy(constraint, told):
    check = decide(Premises(_X, ("x > 0", constraint), "x")).check
    if constraint.startswith("x == (((") or constraint.startswith("x == ---"):
        assert check.reason in ("UNIQUE", "UNREADABLE")
        return
    assert (check.state, check.reason) == (State.FAILED, "UNREADABLE")
    assert "constraints[1]" in check.explanation and told in check.explanation
    assert check.evidence[0].label == "constraints[1]"


@pytest.mark.parametrize(
    ("premises", "field"),
    [
        (Premises(_X, (), "x == 3"), "asked"),
        (Premises(_X, (), ""), "asked"),
        (Premises(_X, (), "y"), "asked"),
        (Premises(_X, (), "13"), "asked"),
        (Premises(_X, ("x == 13",), "2 + 11"), "asked"),
        (Premises(_X, (), "x", ("x",)), "degenerate[0]"),
        (Premises((), (), "3"), "unknowns"),
        (Premises((Unknown("in"),), (), "3"), "unknowns[0]"),
        (Premises((Unknown("gcd"),), (), "3"), "unknowns[0]"),
        (Premises((Unknown("_x"),), (), "3"), "unknowns[0]"),
        (Premises((*_X, *_X), (), "x"), "unknowns[1]"),
        (Premises(tuple(Unknown(f"x{i}") for i in range(65)), (), "x1"), "unknowns"),
        (Premises(_X, ("x > 0",) * 129, "x"), "constraints"),
    ],
)
def test_unreadable_parts_are_named(premises, field):
    check = decide(premises).check
    assert check.reason == "UNREADABLE"
    assert f"{field}: " in check.explanation


@pytest.mark.parametrize(
    ("constraints", "able"),
    [
        (("x == 10**10**10**10",), {"UNDECIDED"}),
        (("x == factorial(10**9)",), {"UNDECIDED"}),
        (("x == 9**9**9", "x < 0"), {"UNDECIDED", "CONTRADICTORY"}),
        (("x == binomial(10**30, 10**15)",), {"UNDECIDED"}),
        (("x == 2**(2**(2**(2**(2**x))))",), {"UNDECIDED", "CONTRADICTORY"}),
        (("(x + 1)**48 == 2**48", "x > 0"), {"UNIQUE", "UNDECIDED"}),
        (("(x**40 + x + 1)**40 == 7",), {"UNDECIDED", "SEVERAL_ANSWERS", "UNDER_DETERMINED"}),
        (("x == 1e300*1e300*1e300",), {"UNIQUE", "UNDECIDED"}),
        (("x**2 == 1e300", "x > 0"), {"UNIQUE"}),
        (("x == 1/(10**300)",), {"UNIQUE"}),
        (("x == tan(pi/2)",), {"CONTRADICTORY", "UNDECIDED"}),
        (("x == log(0)",), {"CONTRADICTORY", "UNDECIDED"}),
        (("x == 1/0",), {"CONTRADICTORY"}),
        (("x == sin(10**100)",), {"UNIQUE", "UNDECIDED"}),
        (("x == exp(exp(exp(100)))",), {"UNDECIDED"}),
        (tuple(f"x == {i} or x == {i + 1}" for i in range(60)), {"CONTRADICTORY", "UNDECIDED"}),
        (
            (" + ".join(f"x**{i}" for i in range(1, 90)) + " == 89",),
            {"UNIQUE", "UNDECIDED", "SEVERAL_ANSWERS"},
        ),
        (("floor(exp(x)) == floor(x)**floor(x)",), {"UNDECIDED", "UNDER_DETERMINED"}),
    ],
)
def test_what_is_huge_ends_soon_and_claims_nothing_wrong(constraints, able):
    before = time.process_time()
    check = decide(Premises(_X, constraints, "x")).check
    assert check.reason in able, check.explanation
    assert time.process_time() - before < 15


def test_sixty_four_unknowns_are_decided():
    unknowns = tuple(Unknown(f"x{i}") for i in range(64))
    chain = tuple(f"x{i + 1} == x{i} + 1" for i in range(63))
    decision = decide(Premises(unknowns, ("x0 == 1", *chain), "x63"))
    assert (decision.check.reason, decision.answer) == ("UNIQUE", "64")
    assert decide(Premises(unknowns, chain, "x63")).check.reason == "UNDER_DETERMINED"
    assert decide(Premises(unknowns, chain, "x63 - x0")).answer == "63"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("x == -2**2", "x == -4"),
        ("x == 2*3^2", "x == 18"),
        ("x == 2**3**2", "x == 512"),
        ("x == 10 - 3 - 2", "x == 5"),
        ("x == 12/3/2", "x == 2"),
        ("x == 2 - 3*4 + 5", "x == -5"),
        ("x == (2 + 3)*4", "x == 20"),
        ("x == 1.50e1", "x == 15"),
        ("x == mod(-1, 3)", "x == 2"),
        ("x == floor(-1/2)", "x == -1"),
        ("x == +3", "x == 3"),
        ("x == 2**-1", "x == 1/2"),
        ("x == log(8, 2)", "x == 3"),
        ("x == cos(2*pi/3)", "x == -1/2"),
        ("x == max(1, 2, 3) - min(1, 2)", "x == 2"),
        ("x == 8**(1/3) and 1 < x <= 2", "x == 2"),
    ],
)
def test_terms_mean_what_they_mean_in_mathematics(text, same):
    first, second = (decide(Premises(_X, (each,), "x")) for each in (text, same))
    assert first.check.reason == "UNIQUE"
    assert first.answer == second.answer
