"""What problems ask for, and whether the reference is that."""

import time

import pytest

from assayoffice.verifiers.choice import ChoiceTask
from assayoffice.verifiers.code.task import CallTest, CodeTask, StdioTest
from assayoffice.verifiers.lean.task import LeanTask
from assayoffice.verifiers.numeric.task import Match, NumericTask
from assayoffice.verifiers.rewrites import wording
from assayoffice.verifiers.rewrites.rewrite import Rewrite
from assayoffice.verifiers.rewrites.trials import CheckResult, State


def numeric(problem: str, reference: str = "13") -> CheckResult:
    return wording.check(Rewrite("numeric", NumericTask(reference), problem))


def reason(found: CheckResult) -> str:
    """The reason of a failed check; nothing if it passed."""
    assert found.state in (State.PASSED, State.FAILED)
    assert found.value == (1.0 if found.state is State.PASSED else 0.5)
    assert all(each.expected is (found.state is State.PASSED) for each in found.evidence)
    return found.reason if found.state is State.FAILED else ""


@pytest.mark.parametrize(
    ("problem", "reference"),
    [
        ("In triangle ABC, AB = 13 and AC = 10. How long is BC?", "13"),
        ("Find all real $x$ with $x^2 = 4$.", r"\pm 2"),
        ("If one third of a number is 21, then find the number?", "63"),
        ("Find $a$ and $b$ with $a+b=3$ and $a-b=1$, and report $ab$.", "2"),
        ("Find the distance between the house and the school.", "3"),
        ("How many sides has a polygon with $n$ corners?", "n"),
        ("How many such primes are there?", r"\text{infinitely many}"),
        ("Is there any answer to be seen?", r"\text{no}"),
        ("What is the length of the interval of convergence?", "5"),
        ("Find the ratio of the smallest integer to the largest integer in it.", "1/2"),
        ("On which day of the week is it? Use 1 for Monday.", "7"),
        ("Evaluate 2 + 3 * 6 - 4 with the usual order of operations.", "16"),
        ("7 + 8", "15"),
        (r"Let $a = 3$. Then $a + 4 =$", "7"),
        ("The sum of the angles of a triangle, in degrees, is ____.", "180"),
        ("Expand (k + 1)^2 and collect terms. Which polynomial results?", "k^2 + 2k + 1"),
        ("How many are there? Give your answer as a fraction in lowest terms.", "3"),
        ('Alice says "Prove that 2 is prime!" How many primes are below 10?', "4"),
        ("How can the yield improve? By how many percent does 3 of 4 exceed 2 of 4?", "50"),
        ("It is approved that they share. What is the share of each?", r"\frac{1}{3}"),
        ("Alice wants to prove that she is right. How old is she?", "12"),
        ("What are the coordinates of P? What are those of Q?", "(1, 2, 3, 4)"),
        ("How many litres does she need?", "2.5"),
        ("How many times as large is it?", r"\frac{3}{2}"),
        ("How many children does a family have on average?", "1.7"),
        ("How many solutions are there?", r"\text{infinitely many}"),
        ("What is the probability of two heads? Give m + n.", "21"),
        ("What is the area in square metres?", r"27 \text{ m}^2"),
        ("What is the average speed? Answer in km/h.", "72 km/h"),
        ("What is its length, rounded to two decimal places?", "3.14"),
        ("What is its length to the nearest tenth?", "3.1"),
        ("What is its mass to three significant digits?", "1550"),
        ("What percentage of 8 is 2?", r"25\%"),
        ("What percent of 8 is 2?", "25"),
        ("Is 7 prime?", "Yes"),
        ("Give the ordered pair (x, y) with x + y = 3 and x - y = 1.", "(2, 1)"),
        ("For which x is it negative? Answer as an interval.", "(2, 3)"),
    ],
)  # fmt: skip
def test_problems_that_ask_for_their_reference_pass(problem, reference):
    found = numeric(problem, reference)
    if problem.startswith("How can"):  # two questions, the first of which no verifier reads
        assert reason(found) == "SEVERAL_QUESTIONS"
    else:
        assert (reason(found), found.state) == ("", State.PASSED), found


@pytest.mark.parametrize(
    ("problem", "reference", "expected"),
    [
        ("", "13", "EMPTY"),
        (" \n...!", "13", "EMPTY"),
        ("A triangle has the sides 3, 4 and 5.", "6", "NO_QUESTION"),
        ("Prove that the triangle ABC is isosceles.", "13", "ASKS_FOR_PROOF"),
        ("Let n be odd. Show that n^2 - 1 is divisible by 8.", "8", "ASKS_FOR_PROOF"),
        ("Find the least n, and prove that it is the least.", "8", "ASKS_FOR_PROOF"),
        ("Prove or disprove: 91 is prime.", r"\text{false}", "ASKS_FOR_PROOF"),
        ("What is its perimeter? What is its area?", "45", "SEVERAL_QUESTIONS"),
        ("What is its perimeter and what is its area?", "45", "SEVERAL_QUESTIONS"),
        ("Find its perimeter. Find its area.", "45", "SEVERAL_QUESTIONS"),
        ("Find the perimeter and the area of the square.", "12", "SEVERAL_QUESTIONS"),
        ("Determine $x$ and $y$ such that $x+y=3$ and $x-y=1$.", "2", "SEVERAL_QUESTIONS"),
        ("Take n = 3.\n(a) Find n^2.\n(b) Find n^3.", "9", "SEVERAL_QUESTIONS"),
        ("How many buses does the school need?", r"\frac{13}{4}", "OTHER_KIND"),
        ("How many children are there?", "-2", "OTHER_KIND"),
        ("What is the probability of two heads?", "4", "OTHER_KIND"),
        ("What percentage of 8 is 2?", "0.25", "OTHER_KIND"),
        ("Is 91 a prime number?", "13", "OTHER_KIND"),
        ("Who is the oldest?", "13", "OTHER_KIND"),
        ("What is the largest of them?", r"\text{see the solution}", "OTHER_KIND"),
        ("What is the largest of them?", r"\text{any real number}", "OTHER_KIND"),
        ("What is the largest of them?", "Answers may vary", "OTHER_KIND"),
        ("How many cows are there?", "n", "OTHER_KIND"),
        ("How many cows are there?", r"\text{brown}", "OTHER_KIND"),
        ("On which day of the week is it?", "7", "OTHER_KIND"),
        ("What is the smallest integer above it?", "7/2", "OTHER_KIND"),
        ("Find the interval of convergence.", "5", "OTHER_KIND"),
        ("What changes?", "The quotient does not change but the rest grows by 3.", "OTHER_KIND"),
        ("Explain why the sum of two odd numbers is even.", "2", "OTHER_KIND"),
        ("Why is the sky blue?", "2", "OTHER_KIND"),
        ("Find the ordered pair (x, y).", "3", "OTHER_KIND"),
        ("Which of these is prime?\nA) 1\nB) 2\nC) 4", "2", "OTHER_KIND"),
        ("How many kilometres does it cover?", "60 min", "OTHER_KIND"),
        ("What is its area in square metres?", r"27\text{ m}", "OTHER_KIND"),
        ("How long is it in cm?", r"5 \text{ m}", "UNIT"),
        ("What is its length to two decimal places?", r"\sqrt{2}", "ROUNDING"),
        ("What is its length to 2 decimal places?", "1.414", "ROUNDING"),
        ("What is its mass, to the nearest integer?", "1.5", "ROUNDING"),
        ("What is its mass to three significant figures?", "1.5512", "ROUNDING"),
    ],
)
def test_problems_that_ask_for_something_else_fail(problem, reference, expected):
    found = numeric(problem, reference)
    assert reason(found) == expected
    assert found.explanation


def test_a_tolerance_takes_any_rounding():
    task = NumericTask("1.41421", match=Match.RELATIVE, tolerance=0.01)
    assert reason(wording.check(Rewrite("numeric", task, "How long is it to two decimals?"))) == ""
    digits = NumericTask("1.55", match=Match.SIGNIFICANT, significant_digits=3)
    asked = "What is the period? Round to {} significant digits."
    assert reason(wording.check(Rewrite("numeric", digits, asked.format("three")))) == ""
    assert reason(wording.check(Rewrite("numeric", digits, asked.format("2")))) == "ROUNDING"


@pytest.mark.parametrize(
    "problem",
    [
        "已知等差数列的前 n 项和为 5, 求公差.",
        "Wie lang ist die dritte Seite eines Dreiecks mit Seiten 3 und 4?",
    ],
)
def test_other_languages_are_left_undecided(problem):
    found = numeric(problem)
    assert (found.state, found.reason) == (State.UNDECIDED, "NOT_ENGLISH")


def test_multiple_choice_must_show_its_options():
    task = ChoiceTask("B", ("Paris", "London"))

    def check(problem: str) -> str:
        return reason(wording.check(Rewrite("choice", task, problem)))

    assert check("Which city is larger?\nA) Paris\nB) London") == ""
    assert check("Which city is larger, Paris or London?") == ""
    assert check("Which city is larger?") == "NO_OPTIONS"
    single = Rewrite("choice", ChoiceTask("A", ("Paris",)), "Which city is large?\nA) Paris")
    assert reason(wording.check(single)) == "NO_OPTIONS"
    twice = ChoiceTask("A", ("Paris", "Rome", " paris "))
    shown = "Which city is large?\nA) Paris\nB) Rome\nC) paris"
    assert reason(wording.check(Rewrite("choice", twice, shown))) == "NO_OPTIONS"
    assert check("Prove that one is larger.\nA) Paris\nB) London") == "ASKS_FOR_PROOF"


def test_programs_must_be_told_what_is_called_or_that_they_print():
    calls = CodeTask(calls=(CallTest("[1]", "1"),), entry_point="Solution.first")
    printed = CodeTask(stdio=(StdioTest("1", "1"),))

    def check(task: CodeTask, problem: str) -> str:
        return reason(wording.check(Rewrite("code", task, problem)))

    assert check(calls, "Write a class Solution with a method first(n).") == ""
    assert check(calls, "Return the leading digit of n.") == "NO_ENTRY_POINT"
    assert check(printed, "Read n from standard input and print it.") == ""
    assert check(printed, "Compute n.") == "NO_OUTPUT"
    assert check(printed, "") == "EMPTY"


def test_theorems_and_verifiers_of_others_are_hardly_read():
    lean = LeanTask(": 1 + 1 = 2")
    assert reason(wording.check(Rewrite("lean", lean, "Prove that 1 + 1 = 2."))) == ""
    other = wording.check(Rewrite("poems", object(), "Write a poem."))
    assert other.state is State.NOT_APPLICABLE


@pytest.mark.parametrize(
    "piece",
    [
        *("find ", "$", "\\(", "\\[", "[asy]", "how many ", "\\begin{align}", '"', "is ", "(a) "),
        *("? ", "the ", "what is the "),
    ],
)
def test_hostile_problems_take_linear_time(piece):
    before = time.process_time()
    numeric(piece * (400_000 // len(piece)))
    # A search that is quadratic in the text would take minutes.
    assert time.process_time() - before < 5
