"""Problems that give their own answers away, and those that only mention them."""

import time

import pytest

from assayoffice.verifiers.choice import ChoiceTask
from assayoffice.verifiers.code.task import CallTest, CodeTask, StdioTest
from assayoffice.verifiers.lean.task import LeanTask
from assayoffice.verifiers.numeric.task import NumericTask
from assayoffice.verifiers.rewrites import leak
from assayoffice.verifiers.rewrites.rewrite import Rewrite
from assayoffice.verifiers.rewrites.trials import CheckResult, State

TRIANGLE = (
    "In triangle ABC, M is a point inside side AB and N a point inside side BC. Triangles AMC and "
    "CNA have equal perimeters, and so do triangles ANB and CMB. Given AB = 13 and AC = 10, how "
    "long is BC?"
)
OPTIONS = "Which is prime?\nA) 1\nB) 2\nC) 4"


def numeric(problem: str, reference: str) -> CheckResult:
    return leak.check(Rewrite("numeric", NumericTask(reference), problem))


def choice(problem: str, reference: str) -> CheckResult:
    return leak.check(Rewrite("choice", ChoiceTask(reference), problem))


def labels(found: CheckResult) -> set[str]:
    assert (found.state is State.FAILED) == (found.reason == "REFERENCE_IN_PROBLEM")
    assert found.value == (0.0 if found.evidence else 1.0)
    return {each.label for each in found.evidence}


@pytest.mark.parametrize(
    ("problem", "reference"),
    [
        (TRIANGLE, "13"),
        (TRIANGLE, "10"),
        ("A rod is 5 m long. How long are two of them less one?", r"5 \text{ m}"),
        ("The answer is a whole number. What is 6 * 7?", "42"),
        ("The answer is not 42. What is 6 * 8?", "42"),
        ("The answer is 425 in another base. What is it in base ten?", "42"),
        ("The answer is 42.5 when rounded up. What is it rounded down?", "42"),
        ("Let x = 3 and y = 5. Find z, if z = x + y - 5.", "3"),
        ("Find x if 2x = 13 + x.", "13"),
        ("Solve on the interval [0, 2\\pi]. What is the period?", r"2\pi"),
        (
            "Is $\\frac{1}{2}$ of $1$ larger than a third? What is one half as a fraction?",
            r"\frac12",
        ),
        ("What is the derivative of x^2?", "2x"),
        ("Enter the answer as \\boxed{}. What is 1 + 1?", "2"),
        ("What is the year after 2025?", "2026"),
        ("Is the sum odd or even?", r"\text{even}"),
        ("", "13"),
    ],
)
def test_a_number_that_is_also_given_is_no_leak(problem, reference):
    assert labels(numeric(problem, reference)) == set()


@pytest.mark.parametrize(
    ("problem", "reference"),
    [
        ("What is $x$ if $x + 3 = 10$? Hint: it is 7.", "7"),
        ("What is $x$ if $x + 3 = 10$? ANS = seven", "7"),
        ("What is $x$ if $2x + 3 = 10$? The final result equals $\\frac{7}{2}$.", "3.5"),
        ("What is $x$ if $2x + 3 = 10$? (Solution: x = 7/2)", "3.5"),
        ("What is $x$ if $2x + 3 = 10$? The correct value is $3.5$.", r"\frac72"),
        ("What is $x$ if $2x + 3 = 10$? You should get 3.5.", "3.5"),
        ("How many apples are left? Respond with 12.", "12"),
        ("How many apples are left? Correct answer → 12", "12"),
        ("How many apples are left? Remember to write 12 as your answer.", "12"),
        ("How many apples are left? Reference: 12", "12"),
        ("Find the roots. The roots are $2$ and $3$.", "2, 3"),
        ("Find all solutions. The solutions are x = 2 or x = 3.", "2, 3"),
    ],
)
def test_an_answer_is_found_however_it_is_announced(problem, reference):
    assert labels(numeric(problem, reference)) == {"announced"}


@pytest.mark.parametrize(
    ("problem", "reference"),
    [
        ("Find $b$ such that there is more than one solution: $4x + 6 = bx - 9$.", "4"),
        ("The roots are $2$ and $3$. What is the larger one?", "3"),
        ("You should get the same as for seven dwarfs. How many thieves are there?", "7"),
        ("Paul gives 12 as an example of an answer. What is one more?", "13"),
    ],
)
def test_what_only_looks_like_an_announcement_is_no_leak(problem, reference):
    assert labels(numeric(problem, reference)) == set()


@pytest.mark.parametrize(
    ("problem", "reference", "label"),
    [
        ("A garden measures 7 m by 8 m (the answer is 56). What is its area?", "56", "announced"),
        ("What is 7 * 8? (Answer: 56)", "56", "announced"),
        ("What is 7 * 8? **Answer:** $56$.", "56", "announced"),
        ("What is 7 * 8?\nSolution: 56", "56", "announced"),
        (r"What is 7 * 8? Write it as \boxed{56}.", "56", "announced"),
        (r"What is half of one? The answer is $\dfrac{1}{2}$.", r"\frac{1}{2}", "announced"),
        ("What is half of one? The answer is 0.5.", r"\frac{1}{2}", "announced"),
        ("What is it? The correct answer is x = 4", "4", "announced"),
        ("#### 72\nHow many clips?", "72", "announced"),
        (TRIANGLE.replace("AC = 10", "AC = 10, BC = 13"), "13", "asked"),
        ("The side BC is 13. Find the length of BC.", "13", "asked"),
        (r"We know that $x_1 = \frac{3}{4}$. What is the value of $x_1$?", "0.75", "asked"),
        ("The sum comes to 1234567. What is the sum?", "1234567", "distinctive"),
        ("It has the root $1+\\sqrt{5}$. Which one is it?", r"1 + \sqrt{5}", "distinctive"),
        ("Factor, e.g. as (x - 1)(x + 2), the polynomial.", "(x-1)(x+2)", "distinctive"),
    ],
)  # fmt: skip
def test_an_answer_that_is_said_to_be_one_is_a_leak(problem, reference, label):
    found = numeric(problem, reference)
    assert label in labels(found)
    evidence = found.evidence[0]
    assert not evidence.expected
    assert evidence.detail.startswith("at character ")


def test_the_evidence_says_where():
    problem = "x" * 50_000 + " The answer is 56. What is 7 * 8?"
    evidence = numeric(problem, "56").evidence[0]
    assert evidence.detail == "at character 50005"
    assert "The answer is 56" in evidence.text


@pytest.mark.parametrize(
    "problem",
    [
        OPTIONS + "\nAnswer: B",
        OPTIONS + "\nThe correct option is (B).",
        OPTIONS.replace("B) 2", "B) 2 (correct)"),
        OPTIONS.replace("B) 2", "*B) 2"),
        OPTIONS.replace("B) 2", "B) 2 ✓"),
        "Which is prime? (A) 1 (B) 2 [correct] (C) 4",
    ],
)
def test_an_option_that_is_marked_is_a_leak(problem):
    assert labels(choice(problem, "B")) == {"marked"}
    assert labels(choice(problem, "C")) == set()


@pytest.mark.parametrize(
    "problem", [OPTIONS, "Which is the correct answer? (A) 1 (B) 2", "Answer: A, B or C?"]
)
def test_options_are_no_leak(problem):
    assert labels(choice(problem, "B")) == set()


SOLUTION = (
    "```python\ndef clamp(value, low, high):\n    if value < low:\n        return low\n"
    "    return min(value, high)\n```"
)


def test_the_text_of_a_solution_is_a_leak():
    task = CodeTask(calls=(CallTest("[5, 0, 9]", "5"),), entry_point="clamp")
    hint = "Write clamp.\n\n    if value < low:\n        return low\n    return min(value, high)\n"
    shown = leak.check(Rewrite("code", task, hint, reference_solution=SOLUTION))
    assert labels(shown) == {"solution"}
    signature = "Write def clamp(value, low, high): so that it keeps values in a range."
    assert (
        labels(leak.check(Rewrite("code", task, signature, reference_solution=SOLUTION))) == set()
    )


def test_a_program_whose_tests_all_stand_in_the_problem_can_be_a_table():
    calls = (CallTest("[5, 0, 9]", "5"), CallTest("[-5, 0, 9]", "0"))
    shown = "Write clamp. clamp(5, 0, 9) is 5, and clamp(-5, 0, 9) is 0."
    assert labels(leak.check(Rewrite("code", CodeTask(calls=calls), shown))) == {"tests"}
    more = CodeTask(calls=(*calls, CallTest("[12, 0, 9]", "9")))
    assert labels(leak.check(Rewrite("code", more, shown))) == set()
    printed = CodeTask(stdio=(StdioTest("1 2\n", "3\n"),))
    assert labels(leak.check(Rewrite("code", printed, "Add. Input: 1 2 Output: 3"))) == {"tests"}


def test_a_proof_in_the_problem_is_a_leak():
    proof = "by\n  induction n with\n  | zero => rfl\n  | succ n ih => rw [Nat.add_succ, ih]"
    task = LeanTask("(n : Nat) : 0 + n = n")
    rewrite = Rewrite("lean", task, f"Prove it. Hint:\n{proof}", reference_solution=proof)
    assert labels(leak.check(rewrite)) == {"solution"}
    assert leak.check(Rewrite("lean", task, "Prove it.")).state is State.NOT_APPLICABLE


@pytest.mark.parametrize("reference", [r"\frac{1}{0}", "((", "", "9" * 4000])
def test_references_that_cannot_be_judged_are_looked_for_all_the_same(reference):
    assert labels(numeric("What is it?", reference)) == set()


@pytest.mark.parametrize(
    "piece", ["answer is ", "\\boxed{", "find x", "$", "A) ", "(", "x = 5 ", "the answer: ", "*B "]
)
def test_hostile_problems_take_linear_time(piece):
    problem = piece * (400_000 // len(piece))
    before = time.process_time()
    numeric(problem, "123456")
    choice(problem, "B")
    # A quadratic search of this would take minutes.
    assert time.process_time() - before < 5
