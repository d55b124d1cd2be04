"""What is decided about premises: all verdicts, over many kinds of systems."""

import pytest

from assayoffice.verifiers.rewrites.premises.decide import Decision, decide
from assayoffice.verifiers.rewrites.rewrite import Domain, Premises, Unknown
from assayoffice.verifiers.rewrites.trials import State

R, P, N, Z, PI = "real", "positive", "natural", "integer", "positive_integer"


def decided(unknowns: str, constraints: str, asked: str, degenerate: str = "") -> Decision:
    """Unknowns as "x y:positive n:integer" (real without a domain), conditions parted by ";"."""
    listed = []
    for each in unknowns.split():
        name, _, domain = each.partition(":")
        listed.append(Unknown(name, Domain[(domain or R).upper()]))
    return decide(Premises(tuple(listed), _parts(constraints), asked, _parts(degenerate)))


def _parts(texts: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in texts.split(";") if each.strip())


@pytest.mark.parametrize(
    ("unknowns", "constraints", "asked", "answer"),
    [
        # Linear.
        ("x", "3*x - 4 == 17", "x", "7"),
        ("x y", "x + y == 10; x - y == 4", "x*y", "21"),
        ("x y z", "x + y == 3; y + z == 5; x + z == 4", "x + y + z", "6"),
        ("x y", "2*x + 3*y == 12; 4*x + 6*y == 24", "2*x + 3*y", "12"),
        ("x", "0.1*x == 0.3", "x", "3"),
        ("c:natural r:natural", "c + r == 35; 2*c + 4*r == 94", "r", "12"),
        ("m s", "m == 4*s; m + 20 == 2*(s + 20)", "m", "40"),
        ("x:positive", "x*0.2 + 5*0.5 == (x + 5)*0.3", "x", "10"),
        ("t:positive", "60*t + 80*t == 420", "t", "3"),
        ("a b c d", "a + b + c + d == 10; a == b; c == d; a == c", "d", "5/2"),
        # Quadratic and beyond.
        ("x:positive", "x**2 == 2", "x", "sqrt(2)"),
        ("x:positive", "x**2 - x - 1 == 0", "x", "(1 + sqrt(5))/2"),
        ("x y", "x + y == 5; x*y == 6", "x**2 + y**2", "13"),
        ("x y", "x + y == 5; x*y == 6; x > y", "x", "3"),
        ("a b c", "a + b + c == 0; a*b + b*c + c*a == -7; a*b*c == 6", "a**2 + b**2 + c**2", "14"),
        ("x:positive", "x + 1/x == 3", "x**2 + 1/x**2", "7"),
        ("x", "x**3 == 27", "x", "3"),
        ("x:positive", "x**4 == 16", "x", "2"),
        ("x:positive", "x**3 == 2", "x", "(2)**(1/3)"),
        ("x y", "x**2 + y**2 == 2*x*y; x + y == 6", "x", "3"),
        ("x y z", "x**2 + y**2 + z**2 == x*y + y*z + z*x; x == 5", "y", "5"),
        ("x y", "x**2 + y**2 + 2*x - 4*y + 5 == 0", "x*y", "-2"),
        ("x", "x^2 == 9; x > 0", "x", "3"),
        # Roots, absolute values, extremes: squaring must add no solution.
        ("x", "sqrt(x + 6) == x", "x", "3"),
        ("x", "sqrt(x) + sqrt(x + 5) == 5", "x", "4"),
        ("x", "cbrt(x) == -2", "x", "-8"),
        ("x", "abs(x - 3) == 2; x < 3", "x", "1"),
        ("x", "max(x, 3) == 5", "x", "5"),
        ("x", "min(x, 2*x) == -6", "x", "-3"),
        ("x", "x**(1/2) == 3", "x", "9"),
        # Geometry.
        ("c:positive", "c**2 == 3**2 + 4**2", "c", "5"),
        ("c:positive", "c**2 == 3**2 + 4**2 - 2*3*4*cos(pi/3)", "c", "sqrt(13)"),
        ("a:positive b:positive", "a + b == 14; a**2 + b**2 == 100", "a*b/2", "24"),
        ("r:positive A:positive", "2*pi*r == 10*pi; A == pi*r**2", "A", "25*pi"),
        ("s:positive", "s**2*sqrt(3)/4 == 9*sqrt(3)", "s", "6"),
        (
            "h:positive d:positive",
            "tan(pi/6) == h/d; tan(pi/4) == h/(d - 10)",
            "h",
            "5 + 5*sqrt(3)",
        ),
        ("x y", "x**2 + y**2 == 25; y == x + 1; x > 0", "y", "4"),
        ("d:positive", "d**2 == (4 - 1)**2 + (6 - 2)**2", "d", "5"),
        # Whole numbers.
        (
            "n:positive_integer",
            "mod(n, 3) == 2; mod(n, 5) == 3; mod(n, 7) == 2; n < 105",
            "n",
            "23",
        ),
        (
            "a:positive_integer b:positive_integer",
            "gcd(a, b) == 6; lcm(a, b) == 72; a < b; a > 6",
            "a + b",
            "42",
        ),
        ("p:integer", "isprime(p); 24 < p; p < 30", "p", "29"),
        ("n:natural", "factorial(n) == 5040", "n", "7"),
        ("n:natural", "binomial(n, 2) == 45", "n", "10"),
        ("d:integer", "divides(d, 12); d > 4; d < 12", "d", "6"),
        ("d:positive_integer", "divides(d, 60); divides(d, 84); d > 6", "d", "12"),
        ("n:integer", "2**n == 1024", "n", "10"),
        ("n:integer", "2**n > 1000; 2**(n - 1) <= 1000", "n", "10"),
        ("n:integer", "(1/3)**n == 1/81", "n", "4"),
        ("n:integer", "n**2 < 10; n**2 > 5; n > 0", "sqrt(n + 1)", "2"),
        ("a:natural b:natural", "10*a + b == 4*(a + b); a + b == 9; a < 10; b < 10", "a", "3"),
        ("x:positive_integer y:positive_integer", "x*y == 7; x < y", "y", "7"),
        ("n:integer", "3*n == 12 or 5*n == 20", "n", "4"),
        ("n:integer", "not (n < 5 or n > 5)", "n", "5"),
        ("x", "floor(x) == 3; 2*x == 7", "x", "7/2"),
        ("x", "ceil(x) == 4; 2*x == 7", "x", "7/2"),
        ("x", "floor(x) + 2*x == 10", "x", "7/2"),
        # Inequalities alone.
        ("x", "x >= 3; x <= 3", "x", "3"),
        ("x", "x**2 <= 0", "x", "0"),
        ("x y", "x + y >= 10; x + y <= 10", "x + y", "10"),
        ("x y", "x**4 + y**2 <= 0", "x + y", "0"),
        ("x", "64*x**2 - 97*x + 64 >= 0; x >= 9/4; x <= 9/4", "x", "9/4"),
        ("x", "-(x - 1)**2 - (x - 1)**4 >= 0", "x", "1"),
        ("x:positive y:positive", "x + y >= 2*sqrt(x*y); x*y == 9; x + y <= 6", "x", "3"),
        ("x y", "0 <= x <= 1; 0 <= y <= 1; x + y == 2", "x*y", "1"),
        # Unknowns called like constants are unknowns.
        ("e pi", "e + pi == 5; e - pi == 1", "e*pi", "6"),
    ],
)
def test_one_answer_is_found_exactly(unknowns, constraints, asked, answer):
    decision = decided(unknowns, constraints, asked)
    check = decision.check
    assert (check.state, check.reason, check.method) == (State.PASSED, "UNIQUE", "exact")
    assert decision.answer == answer
    assert check.value == 1.0


@pytest.mark.parametrize(
    ("unknowns", "constraints", "asked", "answer"),
    [
        ("x", "2**(x + 1) == 5", "x", "1.3219280948873623"),
        ("x", "2**x == 8", "x", "3"),
        ("x", "exp(x) + x == 0", "x", "-0.5671432904097838"),
        ("x", "cos(x) == x", "x", "0.7390851332151606"),
        ("x", "sin(x) == 1/2; 0 <= x <= pi/2", "x", "0.5235987755982988"),
        ("r:positive", "pi*r**2 == 10", "r", "1.7841241161527711"),
        ("T:positive", "T == 2*pi*sqrt(0.6/9.81)", "T", "1.5538925691547858"),
        ("x", "log(x) + log(x + 3) == log(10)", "x", "2.000000000000000"),
        ("x", "x**2*exp(x) == 0", "x", "0"),
        ("h:positive d:positive", "tan(2*pi/9) == h/d; tan(5*pi/18) == h/(d - 10)", "h", "28.356"),
        ("A", "0 < A < pi; 5**2 == 3**2 + 4**2 - 2*3*4*cos(A)", "A*180/pi", "90.0000000000000"),
        ("k:positive t", "100*exp(-2*k) == 50; 100*exp(-k*t) == 25", "t", "4.0000000000"),
        ("x", "x == log(8, 2) + exp(1) - e", "x", "3.0000000000"),
        ("P:positive", "P*1.05**10 == exp(1)", "P*1.05**10", "2.718281828459045"),
    ],
)
def test_one_answer_is_found_with_a_proof_by_intervals(unknowns, constraints, asked, answer):
    decision = decided(unknowns, constraints, asked)
    check = decision.check
    assert (check.state, check.reason, check.method) == (State.PASSED, "UNIQUE", "rigorous")
    assert decision.answer.startswith(answer)
    assert check.value == 1.0


@pytest.mark.parametrize(
    ("unknowns", "constraints", "asked", "answer"),
    [
        ("x", "cos(x) == 1; -1 < x < 1", "x", "0"),  # the curve only touches
        (
            "x y",
            "sin(x) + y == 1; x**2 + y**2 == 1; x + cos(y) == cos(1)",
            "y",
            "1",
        ),  # one too many
    ],
)
def test_what_no_proof_was_found_for_is_called_numerical(unknowns, constraints, asked, answer):
    decision = decided(unknowns, constraints, asked)
    check = decision.check
    assert (check.state, check.reason, check.method) == (State.PASSED, "UNIQUE", "numerical")
    assert decision.answer == answer
    assert check.value == 0.9
    assert "no proof" in check.explanation


@pytest.mark.parametrize(
    ("unknowns", "constraints", "asked", "values"),
    [
        ("x", "x**2 == 9", "x", {"3", "-3"}),
        ("x", "x**3 == x", "x", {"-1", "0", "1"}),
        ("x", "abs(x - 3) == 2", "x", {"1", "5"}),
        ("x y", "x + y == 5; x*y == 6", "x", {"2", "3"}),
        ("x", "x**2 == 2", "x", {"sqrt(2)", "-sqrt(2)"}),
        ("x", "(x - 1)*(x - 2)*(x - 3) == 0; x != 2", "x", {"1", "3"}),
        ("x y", "x**2 + y**2 == 25; y == x + 1", "y", {"4", "-3"}),
        (
            "a:positive_integer b:positive_integer",
            "gcd(a, b) == 6; a*b == 432; a < b",
            "a + b",
            {"78", "42"},
        ),
        (
            "x:positive_integer y:positive_integer",
            "x*y == 12",
            "x",
            {"1", "2", "3", "4", "6", "12"},
        ),
        ("n:integer", "n**2 < 3", "n", {"-1", "0", "1"}),
        ("x:natural y:natural", "2*x + 3*y == 7", "x", {"2"}),
        ("n:natural", "n == 2 or n == 5", "n", {"2", "5"}),
        ("c:positive", "3**2 == c**2 + 4**2 - 2*c*4*0.75", "c", {"3 - sqrt(2)", "3 + sqrt(2)"}),
    ],
)
def test_several_answers_are_all_listed(unknowns, constraints, asked, values):
    decision = decided(unknowns, constraints, asked)
    check = decision.check
    if len(values) == 1:
        assert (check.reason, decision.answer) == ("UNIQUE", *values)
        return
    assert (check.state, check.reason, check.method) == (State.FAILED, "SEVERAL_ANSWERS", "exact")
    assert {each.detail.partition(" = ")[2] for each in check.evidence} == values
    assert all(each.label == "solution" and not each.expected for each in check.evidence)
    assert decision.answer == "" and check.value == 0.0
    assert dict(check.figures)["answers"] == len(values)


@pytest.mark.parametrize(
    ("unknowns", "constraints", "asked"),
    [
        ("x y", "x + y == 4", "x"),
        ("x", "", "x"),
        ("x", "x > 3", "x"),
        ("x:positive y:positive", "x*y == 12", "x + y"),
        ("a:positive b:positive", "a**2 + b**2 == 100", "a + b"),
        ("x y z", "x + y + z == 6; x - y == 1", "z"),
        ("n:positive_integer", "mod(n, 3) == 2; mod(n, 5) == 3; mod(n, 7) == 2", "n"),
        ("x:integer y:integer", "2*x + 3*y == 7", "x"),
        ("x", "sin(x) == 1/2", "x"),
        ("x", "floor(x) == 3", "x"),
        ("x y", "sin(x) == y", "y"),
        ("x y", "x < y", "y - x"),
        ("n:integer", "divides(3, n)", "n"),
        ("x", "x/x == 1", "x"),
    ],
)
def test_what_is_left_open_is_shown_by_two_solutions(unknowns, constraints, asked):
    check = decided(unknowns, constraints, asked).check
    assert (check.state, check.reason) == (State.FAILED, "UNDER_DETERMINED")
    first, second = check.evidence
    assert first.label == second.label == "solution"
    assert first.detail != second.detail and first.text != second.text


@pytest.mark.parametrize(
    ("unknowns", "constraints", "conflict"),
    [
        ("x", "x > 3; x < 3", {"x > 3", "x < 3"}),
        ("x y", "x + y == 4; x - y == 2; x == 4; y < 100", {"x + y == 4", "x - y == 2", "x == 4"}),
        ("x:positive", "x + 5 == 2", {"x > 0", "x + 5 == 2"}),
        ("x", "x**2 == -1", {"x**2 == -1"}),
        (
            "x:natural y:natural",
            "x + y == 4; x - y == 1",
            {"y is a whole number", "x + y == 4", "x - y == 1"},
        ),
        ("x", "sqrt(x) == -1; x < 100", {"sqrt(x) == -1"}),
        ("x", "exp(x) == -1", {"exp(x) == -1"}),
        ("x", "abs(x) + 1 == 0", {"abs(x) + 1 == 0"}),
        ("x y", "x**2 + y**2 == -1; x == y", {"x**2 + y**2 == -1"}),
        ("x", "1/x == 0", {"1/x == 0"}),
        ("n:integer", "mod(n, 4) == 5", {"mod(n, 4) == 5"}),
        ("n:integer", "n**2 == 2; n < 5", {"n is a whole number", "n**2 == 2"}),
        ("p:integer", "isprime(p); 24 <= p; p <= 28", {"isprime(p)", "24 <= p", "p <= 28"}),
        ("x y", "y == exp(x); y > 5; x < 1", {"y == exp(x)", "y > 5", "x < 1"}),
        ("x", "floor(x) + x == 7.5", {"floor(x) + x == 7.5"}),
        ("a:positive b:positive", "a + b == 5; a*b == 10", {"a + b == 5", "a*b == 10"}),
        ("x", "sin(x) == 2", {"sin(x) == 2"}),
        ("x", "x == 1 or x == 2; x > 3", {"x == 1 or x == 2", "x > 3"}),
        ("x", "exp(x) == x + 1/2", {"exp(x) == x + 1/2"}),
        ("x", "1 == 2", {"1 == 2"}),
    ],
)
def test_contradictions_are_reduced_to_what_contradicts(unknowns, constraints, conflict):
    check = decided(unknowns, constraints, unknowns.split()[0].partition(":")[0]).check
    assert (check.state, check.reason) == (State.FAILED, "CONTRADICTORY")
    assert check.method in ("exact", "rigorous")
    assert {each.text for each in check.evidence} == conflict
    assert {each.label for each in check.evidence} == {"conflict"}
    assert not any(each.expected for each in check.evidence)


def test_a_conflict_is_only_called_minimal_where_that_is_proved():
    linear = decided("b c", "-6 <= b <= 2; 3 <= c <= 13; c + 4 - b < c - 11", "b").check
    assert [each.text for each in linear.evidence] == ["-6 <= b <= 2", "c + 4 - b < c - 11"]
    assert "any fewer of them can" in linear.explanation
    # That the first holds somewhere is known from a search alone.
    searched = decided("x", "exp(x - sqrt(2)) == 1 + x - sqrt(2); x**2 == 5", "x").check
    assert searched.reason == "CONTRADICTORY"
    assert "whether fewer can is open" in searched.explanation


def test_leaving_conditions_out_of_a_conflict_ends_soon():
    """Each time much is left open, and values are tried for each of the unknowns."""
    check = decided(
        "a:integer b:integer c:integer",
        "-7 <= a <= 0; -6 <= b <= 2; 3 <= c <= 13; not divides(12, mod(c, b)); c + 4 - b < c - 11;"
        "isprime(abs(5)); abs(b) == c + 3",
        "a",
    ).check
    assert check.reason == "CONTRADICTORY"


def test_a_unique_answer_names_what_follows_from_the_rest():
    check = decided("x y", "x + y == 4; x - y == 2; 2*x == 6; y > 0", "x").check
    assert check.reason == "UNIQUE"
    redundant = [each.text for each in check.evidence if each.label == "redundant"]
    assert redundant == ["x + y == 4", "x - y == 2", "2*x == 6", "y > 0"]
    independent = decided("x y", "x + y == 4; x - y == 2", "x").check
    assert [each.label for each in independent.evidence] == ["solution"]


def test_degenerate_solutions_are_named_and_do_not_count():
    decision = decided("x", "x**2 == 2*x", "x", "x == 0")
    assert (decision.check.reason, decision.answer) == ("UNIQUE", "2")
    (degenerate,) = [e for e in decision.check.evidence if e.label == "degenerate"]
    assert degenerate.text == "x = 0" and "x == 0" in degenerate.detail
    assert decided("x", "x**2 == 2*x", "x").check.reason == "SEVERAL_ANSWERS"


def test_only_degenerate_solutions_are_a_finding_of_their_own():
    check = decided(
        "a:positive b:positive c:positive", "a == 3; b == 4; c == 7", "c", "a + b == c"
    ).check
    assert (check.state, check.reason) == (State.FAILED, "ONLY_DEGENERATE")
    assert check.evidence[0].label == "degenerate"
    assert check.evidence[0].text == "a = 3, b = 4, c = 7"
    conflict = {each.text for each in check.evidence if each.label == "conflict"}
    assert conflict == {"a == 3", "b == 4", "c == 7", "not (a + b == c)"}


def test_what_has_no_value_in_any_solution_is_no_answer():
    check = decided("x", "x == 0", "1/x").check
    assert (check.state, check.reason) == (State.FAILED, "ONLY_DEGENERATE")
    assert "has no value" in check.explanation


def test_a_solution_where_what_is_asked_is_undefined_does_not_count():
    decision = decided("x", "x**2 == x", "1/x")
    assert (decision.check.reason, decision.answer) == ("UNIQUE", "1")


def test_the_answer_may_be_unique_where_the_solution_is_not():
    decision = decided("a b c", "a + b == 3; a*b == 2; c*(a - b)**2 == 4", "c")
    assert (decision.check.reason, decision.answer) == ("UNIQUE", "4")
    assert decided("x y", "x*y == 6; x > 0", "x*y**2/y").answer == "6"
    assert decided("x y z", "x == 2*y; z == 3*y; y > 0", "z/x").answer == "3/2"


@pytest.mark.parametrize(
    ("constraints", "asked"),
    [
        ("cbrt(y) == cbrt(-1/2); 2**y + exp(y) == 2**(-1/2) + exp(-1/2)", "x**2"),
        ("log(x**2 + 1) == log(5); exp(y) == exp(3); sqrt(x**2 + 1) + y + x == sqrt(5) + 5", "z"),
        ("sin(x + z) == x + z; exp(x + z) == 1; cos(y) == exp(y); x**2 + y**2 < 90", "z"),
    ],
)
def test_what_nothing_fixes_has_no_answer_even_numerically(constraints, asked):
    assert decided("x y z", constraints, asked).check.reason in ("UNDECIDED", "UNDER_DETERMINED")


@pytest.mark.parametrize(
    ("constraints", "asked", "answer"),
    [
        ("exp(x) + sqrt(x**2 + 1) == 2; y + x == -3", "x + y", "-3"),
        (
            "y/(x**2 + 1) == 64/97; atan(y) + sqrt(x**2 + 1) == atan(4) + sqrt(97)/4; x >= 9/4",
            "x",
            "9/4",
        ),
    ],
)
def test_algebra_concludes_nothing_from_values_it_chose_itself(constraints, asked, answer):
    """Conditions that are no polynomials speak of unknowns that were eliminated, too."""
    decision = decided("x y", constraints, asked)
    assert decision.check.reason in ("UNIQUE", "UNDECIDED")
    assert decision.answer in (answer, "")


@pytest.mark.parametrize(
    ("constraints", "answer"),
    [
        # Multiple zeros: Newton's method ends near them, on either side.
        ("sin(x) == x; x >= 0", "0"),
        ("exp(x) == 1 + x + x**2/2", "0"),
        ("cos(x) == 1 - x**2/2", "0"),
        # Far out the difference is smaller than any residual, and never zero.
        ("exp(-x) == exp(-2*x)", "0"),
        ("(x - 3)*exp(-x) + (x - 3)*exp(-2*x) == 0", "3"),
    ],
)
def test_searching_takes_what_is_near_a_zero_for_that_zero(constraints, answer):
    decision = decided("x", constraints, "x")
    assert decision.check.reason in ("UNIQUE", "UNDECIDED")
    assert decision.answer in (answer, "")


@pytest.mark.parametrize(
    "constraints",
    [
        "exp(1/x) == 1",
        "tan(x)*cos(x) == sin(x); cos(x) == 0; 0 < x < pi",
        "sin(x)/x == 1",
        "(1 - cos(x))/x == 0; -1 < x < 1",
        "x*log(x**2) == 0; -0.5 < x < 0.5",
    ],
)
def test_where_a_term_has_no_value_is_no_solution_however_near_one_comes(constraints):
    decision = decided("x", constraints, "x")
    assert decision.check.reason in ("UNDECIDED", "CONTRADICTORY")


def test_powers_of_powers_end_soon():
    """Trial points may be 2^(2^60): that is never written out."""
    assert decided("x", "4**x - 3*2**x - 4 == 0", "x").answer == "2"


def test_what_nothing_decides_is_undecided():
    check = decided(
        "x y", "sin(x*y) + exp(x)*y == cos(x + y); floor(sin(x)*9) == mod(y, 2)", "x"
    ).check
    assert (check.state, check.reason, check.value) == (State.UNDECIDED, "UNDECIDED", 0.5)
    assert "could not be decided" in check.explanation


def test_digits_that_nobody_computed_are_no_answer():
    decision = decided("x", "mod(7**(10**9), 13) == x", "x")
    assert (decision.check.reason, decision.answer) == ("UNDECIDED", "")


@pytest.mark.parametrize("asked", ["x - x + 13", "x/x + 12", "0*x + 13", "max(13, min(x, 13))"])
def test_what_is_asked_must_be_for_the_constraints_to_decide(asked):
    check = decided("x", "2*x > 3; x < 8", asked).check
    assert (check.state, check.reason) == (State.FAILED, "UNREADABLE")
    assert "asked: has the same value whatever the constraints say" in check.explanation


def test_decisions_are_the_same_each_time():
    for _ in range(2):
        first = decided("x y", "exp(x) + y == 3; x + exp(y) == 3", "x + y")
        assert first == decided("x y", "exp(x) + y == 3; x + exp(y) == 3", "x + y")
