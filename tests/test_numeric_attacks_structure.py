"""What attacks on the numeric verifier's structures found, class by class."""

import pytest

from assayoffice.verifiers import Effort, Outcome, Submission
from assayoffice.verifiers.numeric import Extraction, NumericTask, NumericVerifier

VERIFIER = NumericVerifier()


def outcome(reference: str, answer: str) -> Outcome:
    task = NumericTask(reference, extraction=Extraction.WHOLE)
    return VERIFIER.verify(Submission(answer, task), Effort.QUICK).outcome


WRONG = {
    "conditions on several variables": [
        ("x<5, y>3", "x>3, y<5"),
        ("(3,5)", "x<5, y>3"),
        ("x>0,y>0", "x>0"),
        (r"\{x : x>3\}", r"\{x : y>3\}"),
    ],
    "conditions that never hold": [
        ("x<1, x>5", "x<2, x>3"),
        (r"x<1 \text{ and } x>5", r"\emptyset"),
    ],
    "lists for a number": [
        ("3,500", r"\{3,500\}"),
        ("1200", r"\{1,200\}"),
    ],
    "domains": [
        ("5", r"5 \text{ for all x except}"),
    ],
    "ends": [("(1,1)", "(2,2]"), ("(1,1)", "(1,1]")],
    "ratios with a zero": [("12:00", "15:00"), ("12:00", "72:00")],
    "captured variables": [("f(x)=2x", "f(y)=2x")],
    "false chains": [
        ("3", r"3 \approx 7"),
        ("3", r"3 \approx 3.5"),
        ("1024", r"1024 \approx 1100"),
        (r"5 \text{ km}", r"5 \text{ m} = 5 \text{ km}"),
    ],
    "nested brackets": [(r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "[[1,3],[2,4]]")],
}

RIGHT = {
    "conditions on several variables": [("x<5, y>3", "y>3, x<5"), ("x<5, x>3", "3<x<5")],
    "conditions that never hold": [(r"(-\infty,1)\cup(5,\infty)", "x<1, x>5")],
    "lists for a number": [("1,200", "1200"), ("1,200", "1, 200"), ("70,110", "x = 70, 110")],
    "domains": [
        (r"x=k\pi", r"x=k\pi, k\in\mathbb{Z}"),
        (r"k\pi, k\in\mathbb{Z}", r"n\pi, n\in\mathbb{Z}"),
        ("x>3", r"x>3, x\in\mathbb{R}"),
        ("f(x)=5", r"f(x)=5 \text{ for all } x"),
    ],
    "ends": [("[1,1]", "[1,1]"), (r"[0,\infty)", r"x\ge 0")],
    "captured variables": [("f(x)=2x", "f(y)=2y")],
    "false chains": [
        (r"\frac23", r"\frac23 \approx 0.667"),
        (r"\frac23", r"\frac23 \approx 0.66"),
        ("1024", r"1024 \approx 1000"),
        (r"5 \text{ km}", r"5000 \text{ m} = 5 \text{ km}"),
    ],
    "nested brackets": [(r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "[[1,2],[3,4]]")],
}


@pytest.mark.parametrize(
    ("reference", "answer"), [pair for pairs in WRONG.values() for pair in pairs]
)
def test_what_passed_for_the_reference_once_is_refused(reference: str, answer: str) -> None:
    assert outcome(reference, answer) is not Outcome.CORRECT


@pytest.mark.parametrize(
    ("reference", "answer"), [pair for pairs in RIGHT.values() for pair in pairs]
)
def test_what_resembles_it_and_is_right_is_accepted(reference: str, answer: str) -> None:
    assert outcome(reference, answer) is Outcome.CORRECT
