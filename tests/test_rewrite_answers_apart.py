"""When answers are certainly different, and how they are written."""

import pytest

from assayoffice.verifiers import registry
from assayoffice.verifiers.base import VerifierError
from assayoffice.verifiers.numeric.parser import parse
from assayoffice.verifiers.numeric.reference import reference_of
from assayoffice.verifiers.numeric.render import render
from assayoffice.verifiers.numeric.task import Match, NumericTask
from assayoffice.verifiers.rewrites.answers import number_line
from assayoffice.verifiers.rewrites.answers.apart import Apart
from assayoffice.verifiers.rewrites.answers.writing import latex

EXACT = Apart(NumericTask("1"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2", "3"),
        (r"\sqrt{2}", "1.41421356237309504880"),
        ("x^2", "x^3"),
        ("2^n", "n^2"),
        ("a - b", "b - a"),
        (r"\sin 40^\circ", r"\cos 40^\circ"),
        ("(1, 2)", "(2, 1)"),
        ("(1, 2)", "(1, 2, 3)"),
        ("x = 1", "x = 2"),
        ("3.14", "3.15"),
        (r"5\text{ cm}", r"6\text{ cm}"),
        ("3 + 4i", "3 - 4i"),
    ],
)
def test_what_differs_is_told_apart(one, other):
    assert EXACT.differ(parse(one), parse(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2", "2.0"),
        (r"\sqrt{8}", r"2\sqrt{2}"),
        ("(x+1)^2", "x^2 + 2x + 1"),
        (r"\sqrt[3]{-8}", "-2"),
        (r"\sin 30^\circ", r"\frac{1}{2}"),
        (r"\sqrt{x^2}", "|x|"),
        ("1 + 10^{-200}", "1 + 10^{-200}"),
        ("3.14", r"\pi"),  # rounds to it
        ("-3.14", "-3.1415"),
        (r"\frac{1}{0}", "1"),  # has no value
        (r"\sum_{k=1}^\infty k^{-2}", "2"),  # cannot be evaluated here
    ],
)
def test_equal_or_unknown_values_are_never_told_apart(one, other):
    assert not EXACT.differ(parse(one), parse(other))


def test_a_tolerance_forgives_small_changes_only():
    tolerant = Apart(NumericTask("100", match=Match.RELATIVE, tolerance=0.05))
    near, far = parse("104"), parse("106")
    assert tolerant.differ(parse("100"), near)
    assert not tolerant.differ(parse("100"), near, fine=True)
    assert tolerant.differ(parse("100"), far, fine=True)
    # A tolerance is for numbers, in whatever unit they are.
    assert tolerant.differ(parse("100x"), parse("104x"), fine=True)
    assert not tolerant.differ(parse(r"100\text{ m}"), parse(r"104\text{ m}"), fine=True)


@pytest.mark.parametrize(
    ("one", "other", "different"),
    [
        ("[1,2)", "(1,2)", True),
        ("[1,2)", r"1 \le x < 2", False),
        (r"(-\infty,1)\cup(1,\infty)", r"x \ne 1", False),
        (r"(-\infty,1]\cup(1,2)", r"(-\infty,2)", False),
        (r"(0,2)\cup[1,3)", r"(0,2]\cup[1,3)", False),
        (r"(0,2)\cup[1,3)", "(0,3]", True),
        (r"\{x \mid x > 2\}", r"(2,\infty)", False),
        (r"\{x \mid x > 2\}", r"[2,\infty)", True),
        ("[1,2]", "[1.0,2]", False),
        (r"x < 1 \text{ or } x > 2", r"\mathbb{R} \setminus [1,2]", False),
        (r"[1,\sqrt{4}]", "[1,3]", True),
        ("(a, 2]", "[a, 2]", False),  # a could be above 2
    ],
)
def test_sets_of_numbers_differ_by_what_they_hold(one, other, different):
    assert number_line.differ(parse(one), parse(other), EXACT) is different


def test_what_is_written_reads_back_as_itself():
    numeric = registry.load()["numeric"]
    assert isinstance(numeric, registry.Loaded)
    compared = 0
    for case in numeric.cases():
        try:
            node = reference_of(case.submission.task).node
        except VerifierError:
            continue
        again = parse(render(node), thousands=False)
        if again == node:  # render writes a few kinds of words so that they read as another
            compared += 1
            assert parse(latex(node), thousands=False) == node, latex(node)
    assert compared > 60
