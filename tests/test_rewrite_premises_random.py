"""Premises made by chance, compared with trying all values of a small box."""

import itertools
import random
from fractions import Fraction

import pytest

from assayoffice.verifiers.rewrites.premises import parsing, rationals
from assayoffice.verifiers.rewrites.premises.decide import Decision, decide
from assayoffice.verifiers.rewrites.premises.expression import Formula
from assayoffice.verifiers.rewrites.rewrite import Domain, Premises, Unknown

_BOX = range(-6, 7)
_NAMES = ("x", "y", "z")
_CONDITIONS = (
    "{a} + {b} == {n}",
    "{a} - 2*{b} == {n}",
    "{a}*{b} == {n}",
    "{a}**2 + {b}**2 == {m}",
    "{a}**2 == {m}",
    "abs({a} - {b}) == {m}",
    "max({a}, {b}) == {n}",
    "mod({a}, 3) == 1",
    "divides({p}, {a})",
    "gcd({a}, {b}) == {p}",
    "isprime({a})",
    "{a} < {b}",
    "{a} + {b} >= {n}",
    "{a} != {n}",
    "{a} == {n} or {b} == {n}",
    "not ({a} < {n} and {b} < {n})",
    "floor({a}/2) == {n}",
    "sqrt({a}) == {b}",
    "{a}/{b} == 2",
    "binomial({a}, 2) == {m}",
)
_ASKED = ("x", "x + {last}", "x*{last}", "x**2", "abs(x)", "x/{last}")


def _system(source: random.Random, count: int) -> tuple[list[str], list[str], str]:
    names: list[str] = list(_NAMES[:count])
    conditions: list[str] = []
    for _ in range(source.randint(1, count + 2)):
        a, b = source.choice(names), source.choice(names)
        text = source.choice(_CONDITIONS)
        values = {
            "n": source.randint(-4, 6),
            "m": source.randint(0, 20),
            "p": source.choice((2, 3)),
        }
        conditions.append(text.format(a=a, b=b, **values))
    return names, conditions, source.choice(_ASKED).format(last=names[-1])


def _answers(names: list[str], conditions: list[str], asked: str) -> set[Fraction] | None:
    """All values of what is asked in the box; None if nothing holds anywhere in it."""
    known = frozenset(names)
    formulas = [parsing.condition(each, known) for each in conditions]
    term = parsing.term(asked, known)
    found: set[Fraction] = set()
    satisfied = False
    for values in itertools.product(_BOX, repeat=len(names)):
        point = {name: Fraction(value) for name, value in zip(names, values, strict=True)}
        if all(_holds(each, point) for each in formulas):
            satisfied = True
            try:
                found.add(rationals.value(term, point))
            except rationals.UndefinedError:
                pass
    return found if satisfied else None


def _holds(formula: Formula, point: dict[str, Fraction]) -> bool:
    try:
        return rationals.holds(formula, point)
    except rationals.InexactError:
        return False  # an irrational root is not equal to a whole number


def _decided(names: list[str], conditions: list[str], asked: str, domain: Domain) -> Decision:
    unknowns = tuple(Unknown(name, domain) for name in names)
    return decide(Premises(unknowns, tuple(conditions), asked))


@pytest.mark.parametrize("seed", range(6))
def test_whole_numbers_in_a_box_are_decided_as_by_trying_all(seed):
    source = random.Random(seed)
    for _ in range(8):
        names, conditions, asked = _system(source, source.randint(1, 3))
        bounds = [f"{_BOX[0]} <= {name} <= {_BOX[-1]}" for name in names]
        answers = _answers(names, conditions, asked)
        decision = _decided(names, [*conditions, *bounds], asked, Domain.INTEGER)
        reason = decision.check.reason
        told = (names, conditions, asked, decision.check.explanation)
        if answers is None:
            assert reason == "CONTRADICTORY", told
        elif not answers:
            assert reason == "ONLY_DEGENERATE", told
        elif len(answers) == 1 and "whatever the constraints say" in decision.check.explanation:
            # Nothing to decide: also without the conditions there is no other value.
            assert _answers(names, [], asked) == answers, told
        elif len(answers) == 1:
            assert (reason, decision.answer) == ("UNIQUE", str(*answers)), told
        else:
            assert reason == "SEVERAL_ANSWERS" or len(answers) > 24, told
            shown = {each.detail.partition(" = ")[2] for each in decision.check.evidence}
            if len(answers) <= 24:
                assert shown == {str(each) for each in answers}, told


@pytest.mark.parametrize("seed", range(6))
def test_no_claim_about_real_numbers_is_refuted_by_whole_ones(seed):
    source = random.Random(1000 + seed)
    for _ in range(8):
        names, conditions, asked = _system(source, source.randint(1, 3))
        answers = _answers(names, conditions, asked)
        decision = _decided(names, conditions, asked, Domain.REAL)
        reason = decision.check.reason
        told = (names, conditions, asked, decision.check.explanation)
        if answers is not None:
            assert reason != "CONTRADICTORY", told
        if answers:
            assert reason != "ONLY_DEGENERATE", told
            if reason == "UNIQUE":
                assert {str(each) for each in answers} == {decision.answer}, told
            if reason == "SEVERAL_ANSWERS" and len(decision.check.evidence) < 24:
                shown = {each.detail.partition(" = ")[2] for each in decision.check.evidence}
                assert {str(each) for each in answers} <= shown, told


@pytest.mark.parametrize("seed", range(8))
def test_planted_solutions_of_linear_systems_are_found(seed):
    source = random.Random(2000 + seed)
    for _ in range(8):
        count = source.randint(1, 5)
        names = [f"v{position}" for position in range(count)]
        planted = [Fraction(source.randint(-9, 9), source.randint(1, 4)) for _ in names]
        rows = [[source.randint(-5, 5) for _ in names] for _ in names]
        conditions = []
        for row in rows:
            total = sum(c * v for c, v in zip(row, planted, strict=True))
            terms = " + ".join(f"({c})*{name}" for c, name in zip(row, names, strict=True))
            conditions.append(f"{terms} == {total}")
        decision = _decided(names, conditions, names[0], Domain.REAL)
        if decision.check.reason == "UNIQUE":
            assert decision.answer == str(planted[0]), conditions
        else:
            assert decision.check.reason == "UNDER_DETERMINED", conditions
            assert _determinant(rows) == 0, conditions


@pytest.mark.parametrize("seed", range(6))
def test_planted_points_on_circles_and_lines_are_found(seed):
    source = random.Random(3000 + seed)
    for _ in range(6):
        x, y, a, b = (Fraction(source.randint(-9, 9), source.randint(1, 3)) for _ in range(4))
        squared = (x - a) ** 2 + (y - b) ** 2
        conditions = [f"(x - ({a}))**2 + (y - ({b}))**2 == {squared}", f"x + 2*y == {x + 2 * y}"]
        decision = _decided(["x", "y"], conditions, "x", Domain.REAL)
        shown = {each.detail.partition(" = ")[2] for each in decision.check.evidence}
        assert str(x) in shown, conditions
        assert decision.check.reason in ("UNIQUE", "SEVERAL_ANSWERS")
        assert decision.check.method == "exact"


@pytest.mark.parametrize("seed", range(6))
def test_conflicts_are_minimal_by_trying_all(seed):
    source = random.Random(4000 + seed)
    tried = 0
    while tried < 4:
        names, conditions, asked = _system(source, 2)
        bounds = [f"{name} >= {_BOX[0]} and {name} <= {_BOX[-1]}" for name in names]
        if _answers(names, conditions, asked) is not None:
            continue
        tried += 1
        conditions += bounds
        check = _decided(names, conditions, asked, Domain.INTEGER).check
        conflict = [each.text for each in check.evidence if each.label == "conflict"]
        whole = {f"{name} is a whole number" for name in names}
        assert set(conflict) <= whole | set(conditions)
        if set(bounds) | whole <= set(conflict):
            # Then trying all values of the box decides about subsets, too.
            kept = [each for each in conflict if each not in whole]
            assert _answers(names, kept, asked) is None
            for each in kept:
                if each not in bounds:
                    rest = [other for other in kept if other != each]
                    assert _answers(names, rest, asked) is not None, (conflict, each)


def _determinant(rows: list[list[int]]) -> int:
    if len(rows) == 1:
        return rows[0][0]
    total = 0
    for column, value in enumerate(rows[0]):
        minor = [row[:column] + row[column + 1 :] for row in rows[1:]]
        total += (-1) ** column * value * _determinant(minor)
    return total
