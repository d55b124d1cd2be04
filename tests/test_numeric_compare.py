"""What answers what: every kind of answer against its equals and its near misses."""

import pytest

from assayoffice.verifiers.base import Effort, Outcome, Submission
from assayoffice.verifiers.extract import Extraction
from assayoffice.verifiers.numeric import NumericTask, NumericVerifier

VERIFIER = NumericVerifier()

#: Both directions must be accepted.
SAME = [
    ("120", r"\frac{10!}{3!7!}"),
    (r"\lfloor n/2 \rfloor", r"\lfloor\frac n2\rfloor"),
    (r"\frac{x}{2}", r"\frac x2"),
    ("3.7", r"3.7 \approx 4"),
    ("5", r"\text{Minimum}: 5"),
    ("12:00", "12:00"),
    ("|x|", r"\bigl|x\bigr|"),
    ("|x|", r"\Big|x\Big|"),
    ("x<5, y>3", "y>3, x<5"),
    (r"(-\infty,-1)\cup(1,\infty)", "x<-1, x>1"),
    ("1,200", "1, 200"),
    ("5!=120", "5! = 120"),
    ("(-2,1)", "x = -2, y = 1"),
    ("(3,5)", "r = 3, h = 5"),
    ("3, -8", "x_1 = -8, x_2 = 3"),
    ("32349", r"32,\! 349"),
    (r"45^\circ", r"45\degree"),
    (r"45^\circ", r"45^{\degree}"),
    (r"n \equiv 3 \pmod 7", r"n \equiv 10 \pmod{7}"),
    (r"n \equiv 3 \pmod 7", r"n \equiv -4 \pmod{7}"),
    # names
    ("x=3", "3"),
    ("f(n)=2n+7", "f(m)=2m+7"),
    ("f(m)=2m+7", "2n+7"),
    ("y=2x+1", "f(x)=2x+1"),
    ("AB=5", "5"),
    (r"m\angle ABC = 45", "45"),
    (r"(x,y)=(1,2)", "(1,2)"),
    (r"\frac{1+\sqrt{2}}{2} \approx 1.21", r"\frac{\sqrt{2}+1}{2}"),
    # intervals, inequalities, set builders
    ("[1,2)", r"1 \le x < 2"),
    ("(1,2)", "1 < x < 2"),
    (r"x>1", r"(1,\infty)"),
    (r"x \ne 1", r"(-\infty,1)\cup(1,\infty)"),
    (r"x \ne 1", r"\mathbb{R}\setminus\{1\}"),
    (r"\{x \mid x^2+x>2\}", r"\{x \mid x+x^2>2\}"),
    (r"\mathbb{Z}\cup\{\frac{1}{2}\}", r"\{0.5\}\cup\mathbb{Z}"),
    (r"-x \ge -1", r"x \le 1"),
    (r"3-2x<7", r"(-2,\infty)"),
    (r"|x-1|<3", "(-2,4)"),
    (r"|x|\ge 3", r"(-\infty,-3]\cup[3,\infty)"),
    ("(0,2)\\cup[2,5)", "(0,5)"),
    ("(0,5)\\cap(3,9)", "(3,5)"),
    (r"x<1 \text{ or } x>4", r"(-\infty,1)\cup(4,\infty)"),
    ("a<2b", "2b>a"),
    (r"f(2)<f(1)<f(4)", r"f(4)>f(1)>f(2)"),
    ("(-\\sqrt{a},\\sqrt{a})", "-\\sqrt{a}<x<\\sqrt{a}"),
    # several values
    ("1,2", r"\{2,1\}"),
    ("1,2", r"x=2 \text{ or } x=1"),
    (r"2\pm\sqrt{3}", r"2-\sqrt{3}, 2+\sqrt{3}"),
    (r"(\pm 1, \pm 2)", "(1,2),(1,-2),(-1,2),(-1,-2)"),
    ("(1,2),(3,4)", "(3,4),(1,2)"),
    ("(1,2),(3,4)", "(3,4),(1,2),(1,2)"),
    (r"\{1,1,2\}", r"\{1,2\}"),
    ("a=1,b=2", "b=2,a=1"),
    ("(1,2)", "y=2,x=1"),
    ("70,110", "110, 70"),
    ("(312,123,231)", "(312, 123, 231)"),
    (r"\{5\}", "5"),
    # matrices
    (r"\begin{pmatrix}1\\2\end{pmatrix}", "(1,2)"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\left[\begin{array}{cc}1&2\\3&4\end{array}\right]"),
    (r"\frac{1}{2}\begin{pmatrix}1\\3\end{pmatrix}", r"\begin{pmatrix}1/2\\3/2\end{pmatrix}"),
    # equations
    ("2x+3y=6", "4x+6y=12"),
    ("x^2+y^2=4", "y^2=4-x^2"),
    ("y=2x+1", "2x-y+1=0"),
    ("F_n = F_{n-1}+F_{n-2}", "F_n=F_{n-2}+F_{n-1}"),
    # quantities
    (r"5\text{ m}", r"500\text{ cm}"),
    (r"60\text{ min}", r"1\text{ hour}"),
    (r"36\text{ km/h}", r"10\text{ m/s}"),
    (r"90\text{ minutes}", "1 hour and 30 minutes"),
    (r"\$0.50", "50 cents"),
    ("3 red apples", "3 apples"),
    ("5 ft 6 in", "66 inches"),
    ("12 sq ft", r"12\text{ ft}^2"),
    (r"90^\circ", r"\frac{\pi}{2}"),
    (r"12\text{ cm}^2", "12"),
    ("30\\%", "0.3"),
    # colons, bases, conditions, words
    ("2:4:6", "1:2:3"),
    ("7:30 am", "7:30 a.m."),
    (r"x=k\pi, k\in\mathbb{Z}", r"x=n\pi, n\in\mathbb{Z}"),
    (r"f(x)=1", r"f(x)=1 \text{ for all } x\in\mathbb{R}"),
    (r"\text{The Circle}", "circle."),
    (r"\emptyset", r"\{\}"),
]  # fmt: skip

#: Neither direction may be accepted.
DIFFERENT = [
    ("x=3", "y=3"),
    ("f(x)=x", "g(x)=x"),
    ("x=3", r"x \ne 3"),
    ("x=3", "x>3"),
    ("x=2", r"x\in\{2,3\}"),
    ("7", "8=7"),
    ("7", "3+5=7"),
    ("(1,2)", "[1,2]"),
    ("(1,2)", "(2,1)"),
    ("(1,2)", r"\{1,2\}"),
    ("[1,2)", "[1,2]"),
    (r"(1,\infty)", r"[1,\infty)"),
    ("2<x<5", "2<x<6"),
    ("2<x<5", "2<y<5"),
    (r"(-\infty,1)\cup(1,\infty)", r"(-\infty,\infty)"),
    (r"(-5,-\infty)", r"(-\infty,-5)"),
    ("x<y", "x>y"),
    ("3", r"3 \text{ or } 4"),
    ("3", r"\pm 3"),
    ("3", "3,3"),
    ("1,2", "1,2,3"),
    ("1,1", "1"),
    ("a=1,b=2", "a=2,b=1"),
    ("a=1,b=2", "2,1"),
    ("(1,2),(3,4)", "(1,4),(3,2)"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&3\\2&4\end{pmatrix}"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1\\2\\0\end{pmatrix}"),
    ("y=2x+1", "y=y"),
    ("y=2x+1", "0=0"),
    ("y=2x+1", "y=2x-1"),
    ("x+2y=0", "x+2y"),
    (r"5\text{ m}", r"5\text{ cm}"),
    (r"5\text{ m}", r"5\text{ kg}"),
    (r"12\text{ cm}^2", r"12\text{ cm}"),
    (r"\$5", "5 cents"),
    ("5 apples", "5 pears"),
    (r"25^\circ C", r"77^\circ F"),
    (r"1^\circ C", r"33.8^\circ F"),
    (r"90^\circ", r"\pi"),
    ("1:2", "2:1"),
    ("7:30 am", "7:30 pm"),
    ("1011_2", "1011_3"),
    (r"3 \pmod 7", r"3 \pmod 5"),
    (r"\emptyset", r"\{\emptyset\}"),
    ("5", r"\text{not}: 5"),
    ("5", r"\text{The answer is not}: 5"),
    ("5", r"\text{twice the answer} = 5"),
    ("5", r"\text{less than}: 5"),
    ("42", r"\text{the reciprocal of 42}"),
    ("42", r"\text{anything besides 42}"),
    ("42", r"\text{some divisor of 42}"),
    ("42", r"\text{a number exceeding 42}"),
    ("42", r"\text{42 is excluded}"),
    ("5", r"5 \text{ thousands}"),
    ("7", r"7 \text{ eight}"),
    ("f(x)=2x", "f(y)=2x"),
    ("12:00", "15:00"),
    ("5", r"5 \text{ for all x except}"),
    ("x+y-1=0", r"x+y-1\ne 0"),
    ("z-1=0", "z-1!=0"),
    ("z-1=0", r"z-1\ne0"),
    ("x<5, y>3", "x>3, y<5"),
    ("(3,5)", "x<5, y>3"),
    ("x>0, y>0", "x>0"),
    ("x<1, x>5", "x<2, x>3"),
    (r"x<1 \text{ and } x>5", r"\emptyset"),
    ("(-2,1)", "y = -2, x = 1"),
    (r"n \equiv 3 \pmod 7", r"n \equiv 3 \pmod 5"),
    (r"n \equiv 3 \pmod 7", r"n \equiv 4 \pmod 7"),
    ("1011_2", "11"),
    ("101_2", "12_3"),
    ("|x-10|", "10-x"),
    ("|x+2|", "x+2"),
    (r"\max(x, -5)", "x"),
    (r"\lceil x\rceil", r"\lfloor x\rfloor + 1"),
    ("1", r"\tanh(999)"),
    (r"\frac{\pi}{2}", r"\arctan(10^{300})"),
    (r"400\ln 10", r"\ln(10^{400}+1)"),
    (r"5 \text{ mW}", r"5 \text{ MW}"),
    (r"5 \text{ MB}", r"5 \text{ Mb}"),
    (r"10000 \text{ cats}", r"1 \text{ hat}"),
    ("x=3", r"x=3 \text{ if } x>0"),
    ("15 remainder 3", "15 remainder 7"),
    ("15 remainder 3", "15"),
    ("increases by 1", "decreases by 1"),
    (r"\text{even}", r"\text{odd}"),
    ("0", r"\emptyset"),
    ("5", "5x"),
    ("5", "5+x-x"),
]  # fmt: skip


def outcome(reference: str, answer: str) -> Outcome:
    task = NumericTask(reference, extraction=Extraction.WHOLE)
    return VERIFIER.verify(Submission(answer, task), Effort.QUICK).outcome


@pytest.mark.parametrize(("one", "other"), SAME)
def test_answers_that_say_the_same_are_accepted_both_ways(one: str, other: str) -> None:
    assert outcome(one, other) is Outcome.CORRECT
    assert outcome(other, one) is Outcome.CORRECT


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_near_misses_are_refused_both_ways(one: str, other: str) -> None:
    assert outcome(one, other) is Outcome.INCORRECT
    # Some near misses are no reference at all: a false statement, a trivial one.
    if other not in ("8=7", "3+5=7", "y=y", "0=0") and one != r"(-5,-\infty)":
        assert outcome(other, one) is Outcome.INCORRECT
