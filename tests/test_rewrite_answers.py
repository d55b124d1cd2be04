"""Right and wrong answers made from a numeric reference, and what they find out about judges."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from assayoffice.verifiers.base import (
    Effort,
    InvalidTaskError,
    Outcome,
    Submission,
    UnscorableReferenceError,
)
from assayoffice.verifiers.extract import Extraction
from assayoffice.verifiers.numeric import NumericVerifier
from assayoffice.verifiers.numeric.task import (
    Match,
    NumericTask,
    Order,
    Percent,
    Unevaluated,
    Units,
)
from assayoffice.verifiers.rewrites.numeric_trials import trials
from assayoffice.verifiers.rewrites.trials import Part, Trial

Judge = Callable[[Trial, NumericTask], bool]

REFERENCES = (
    *("13", "0", "-7", "144", "2026", "48{,}250", "123456789", "1.5e3"),
    *(r"\frac{7}{8}", r"-\frac{2}{3}", r"2\frac13", "0.875", "9.81", "-0.05", r"0.\overline{45}"),
    *(r"5\sqrt{3}", r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{3}}", r"25\pi", r"1+\sqrt{5}", "e^2"),
    *(r"\log_2 5 - 1", r"\binom{n}{2}", "7!", r"\sin 40^\circ", "3+4i", "2^{100}"),
    *("3k^2 + 3k + 1", "(x-1)(x+2)", r"\frac{x+1}{x-1}", "-(a+b)", "(a+b)^2", r"\sqrt{x^2+1}"),
    *(r"50\%", r"60^\circ", r"5 \text{ cm}", r"36\text{ cm}^2", "72 km/h", r"\$5", "17 apples"),
    *(r"\frac{1}{2}\text{ m}", "4 m/s^2", "1 hour and 31 minutes"),
    *("(1, 2)", "(3,1,2)", "1, 2", r"\{1,2,3\}", r"\pm 3", r"1\pm\sqrt2", r"x=1, y=2"),
    *("x = 2 or x = 5", "(1,2),(3,4)", r"2, \frac{1}{2}", "5, 5"),
    *("[1,2)", "[1, 2]", r"(-\infty, 3]", r"(-\infty,1)\cup[2,3]", "x > 3", r"1 \le x < 2"),
    *(r"x \ne 2", r"\{x \mid x > 2\}", r"x \in (1,2)", r"x < 1 \text{ or } x > 2", r"\emptyset"),
    *("x = 3", "y = 2x + 1", "f(x) = 2x", "x^2 + y^2 = 4", "y > 2x", "2 + 3 = 5", "3, -1, n"),
    *("2:3", "1011_2", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "Yes", r"\text{Monday}", "B"),
    *(r"\text{increasing}", "a^2 + b^2 - 2ab", r"\text{line segment, circle}"),
    r"2\pi k, k \in \mathbb{Z}",
)  # fmt: skip


def judged(trial: Trial, task: NumericTask, prompt: str = "") -> bool:
    verdict = NumericVerifier().verify(Submission(trial.response, task, prompt), Effort.QUICK)
    return verdict.outcome is Outcome.CORRECT


def survivors(task: NumericTask, judge: Judge) -> set[str]:
    """Labels of the mutants that a judge accepts."""
    made = trials(task, "", ())
    return {each.label for each in made if each.part is Part.MUTANT and judge(each, task)}


def misjudged(task: NumericTask) -> list[Trial]:
    return [each for each in trials(task, "", ()) if judged(each, task) is not each.accepted]


@pytest.mark.parametrize("reference", REFERENCES)
def test_the_verifier_tells_right_from_wrong(reference):
    task = NumericTask(reference)
    assert misjudged(task) == []
    parts = [each.part for each in trials(task, "", ())]
    assert parts.count(Part.RENDERING) >= 1
    assert parts.count(Part.MUTANT) >= 3


@pytest.mark.parametrize(
    "options",
    [
        {"match": Match.RELATIVE, "tolerance": 0.001},
        {"match": Match.ABSOLUTE, "tolerance": 1e-6},
        {"match": Match.SIGNIFICANT, "significant_digits": 4},
        {"units": Units.REQUIRED, "percent": Percent.STRICT},
        {"order": Order.ORDERED},
        {"unevaluated": Unevaluated.SIMPLIFIED},
        {"unevaluated": Unevaluated.ANY},
        {"min_decimal_digits": 18},
        {"extraction": Extraction.WHOLE},
        {"extraction": Extraction.BOXED, "reasoning_end": ""},
    ],
)
def test_options_decide_what_is_right_and_wrong(options):
    for reference in REFERENCES[::2]:
        assert misjudged(NumericTask(reference, **options)) == [], reference


def test_the_usual_renderings_of_a_fraction():
    made = trials(NumericTask(r"\frac{7}{8}"), "", ())
    shown = {each.text for each in made if each.accepted}
    assert {r"\frac{7}{8}", r"\dfrac{7}{8}", "7/8", "0.875", r"x = \frac{7}{8}"} <= shown
    assert {r"\frac{14}{16}", r"87.5\%"} <= shown


def test_what_a_count_is_mistaken_for():
    made = trials(NumericTask("13"), "", ())
    wrong = {each.label: each.text for each in made if each.part is Part.MUTANT}
    assert {"sign", "off_by_one", "transposed_digits", "factor_2", "factor_10", "hedged"} <= set(
        wrong
    )
    assert wrong["sign"] == "-13" and wrong["transposed_digits"] == "31"


@pytest.mark.parametrize(
    ("reference", "label", "text"),
    [
        (r"5 \text{ cm}", "converted_unit", r"0.05\text{ m}"),
        (r"5 \text{ cm}", "wrong_unit", r"5\text{ m}"),
        (r"5 \text{ cm}", "wrong_dimension", r"5\text{ kg}"),
        (r"60^\circ", "radians_for_degrees", r"60\text{ rad}"),
        (r"25\pi", "dropped_pi", "25"),
        (r"\frac{x+1}{x-1}", "reciprocal", r"\frac{x - 1}{x + 1}"),
        ("(3,1,2)", "swapped_entries", "(1, 3, 2)"),
        (r"\{1,2,3\}", "subset", r"\{2, 3\}"),
        (r"\{1,2,3\}", "superset", r"\{1, 2, 3, 4\}"),
        ("[1,2)", "end_point", "(1, 2)"),
        ("[1,2)", "inequality", r"1 \le x < 2"),
        ("x > 3", "reversed", "x < 3"),
        ("x = 3", "other_name", "y = 3"),
        ("3x", "renamed_variable", "3w"),
        ("a - b", "swapped_variables", "b - a"),
        ("13", "hedged", "13 or 14"),
        (r"\frac{1}{\sqrt{3}}", "rationalised", r"\frac{\sqrt{3}}{3}"),
        ("1, 2", "reordered", "2, 1"),
        (r"\text{increasing}", "opposite", r"\text{decreasing}"),
    ],
)
def test_changes_are_made_where_they_belong(reference, label, text):
    made = [(each.label, each.text) for each in trials(NumericTask(reference), "", ())]
    assert (label, text) in made


# Judges that are too generous; each is a fake that stands for a defect of a verifier.


def fake_that_accepts_within_one_percent(trial: Trial, task: NumericTask) -> bool:
    return judged(trial, replace(task, match=Match.RELATIVE, tolerance=0.01))


def fake_that_ignores_signs(trial: Trial, task: NumericTask) -> bool:
    bare = replace(trial, response=trial.response.replace("-", ""))
    return judged(bare, replace(task, reference=task.reference.replace("-", "")))


def fake_that_ignores_units(trial: Trial, task: NumericTask) -> bool:
    number = trial.response.partition(r"\text")[0] + "}$"
    return judged(replace(trial, response=number), task)


def fake_that_ignores_order(trial: Trial, task: NumericTask) -> bool:
    unordered = trial.response.replace("(", "").replace(")", "")
    return judged(replace(trial, response=unordered), replace(task, reference="3, 1, 2"))


def fake_that_takes_any_box(trial: Trial, task: NumericTask) -> bool:
    first = trial.response.partition(" or $")[0]
    return judged(trial, task) or judged(replace(trial, response=first), task)


@pytest.mark.parametrize(
    ("judge", "reference", "caught"),
    [
        (fake_that_accepts_within_one_percent, "2026", {"off_by_one", "neighbour"}),
        (fake_that_accepts_within_one_percent, "9.81", {"off_by_one", "coarse"}),
        (fake_that_accepts_within_one_percent, r"\frac{999}{1000}", {"neighbour", "off_by_one"}),
        (fake_that_ignores_signs, "-7", {"sign"}),
        (fake_that_ignores_units, r"5 \text{ cm}", {"wrong_unit", "wrong_dimension"}),
        (fake_that_ignores_order, "(3, 1, 2)", {"swapped_entries", "reversed_entries"}),
        (fake_that_takes_any_box, "13", {"hedged"}),
    ],
)
def test_defects_of_a_judge_show(judge, reference, caught):
    task = NumericTask(reference)
    assert survivors(task, judged) == set()
    assert caught <= survivors(task, judge)


def test_a_tolerance_that_covers_the_neighbours_of_a_count_shows():
    assert survivors(NumericTask("20", match=Match.RELATIVE, tolerance=0.1), judged) >= {
        "off_by_one"
    }
    assert survivors(NumericTask("20", match=Match.RELATIVE, tolerance=0.01), judged) == set()


def test_a_tolerance_forgives_the_last_digits_of_a_measurement_but_not_the_first():
    tolerant = {"match": Match.RELATIVE, "tolerance": 0.02}
    assert survivors(NumericTask("9.81", **tolerant), judged) == set()
    assert survivors(NumericTask("5000", **tolerant), judged) == set()
    coarse = {"match": Match.RELATIVE, "tolerance": 0.3}
    assert "first_digit" in survivors(NumericTask("9.81", **coarse), judged)


def test_an_answer_of_one_digit_is_none_for_what_never_ends():
    assert survivors(NumericTask(r"\frac{1}{3}", min_decimal_digits=1), judged) == {"coarse"}


def test_equal_tasks_get_equal_trials_and_no_text_twice():
    task = NumericTask(r"\frac{x^2-1}{3}")
    made = trials(task, "", ())
    assert made == trials(task, "", ())
    texts = [(each.part, each.text) for each in made]
    assert len(texts) == len(set(texts))
    assert len(made) <= 48


def test_known_wrong_answers_are_tried_as_they_are():
    made = trials(NumericTask("13"), "", ("10", "23", "10"))
    given = [each for each in made if each.part is Part.WRONG_ANSWER]
    assert [each.text for each in given] == ["10", "23"]
    assert not any(each.accepted for each in given)


def test_responses_are_written_where_the_task_looks():
    boxed = trials(NumericTask("13", reasoning_end="<|done|>"), "", ())[0]
    assert boxed.response == "<|done|>\n\nThe answer is $\\boxed{13}$."
    whole = trials(NumericTask("13", extraction=Extraction.WHOLE, reasoning_end=""), "", ())[0]
    assert whole.response == "13"


def test_right_answers_that_repeat_the_question_are_left_out():
    task = NumericTask("(x-1)(x+1)")
    problem = "Factor the polynomial $x \\cdot x + x - x - 1$."
    before = {each.text for each in trials(task, "", ())}
    after = {each.text for each in trials(task, problem, ())}
    assert before - after
    assert all(judged(each, task, problem) is each.accepted for each in trials(task, problem, ()))


@pytest.mark.parametrize("reference", ["", r"\frac{10}{\sqrt{2", r"\frac{1}{0}", "((((" * 40 + "1"])
def test_a_reference_that_cannot_be_judged_against_is_the_verifiers_to_refuse(reference):
    with pytest.raises(UnscorableReferenceError):
        trials(NumericTask(reference), "", ())


def test_options_that_contradict_each_other_are_the_verifiers_to_refuse():
    with pytest.raises(InvalidTaskError):
        trials(NumericTask("1", tolerance=0.1), "", ())


@pytest.mark.parametrize(
    "reference",
    [
        "9" * 3000,
        "0." + "7" * 2000,
        f"{'1' * 900}/{'3' * 900}",
        r"\frac{1}{2004!}",
        "10^{10^{6}}",
        " + ".join(f"x^{{{power}}}" for power in range(150)),
        ", ".join(map(str, range(40))),
        r"\sqrt{" * 25 + "2" + "}" * 25,
        "1/" * 40 + "3",
        "2^{3^{4}}",
    ],
)
def test_what_hostile_references_cost_is_bounded(reference):
    made = trials(NumericTask(reference), "", ())
    assert 2 <= len(made) <= 48
    assert max(len(each.text) for each in made) < 20_000


@pytest.mark.parametrize(
    ("reference", "options"),
    [
        ("1234", {"match": Match.RELATIVE, "tolerance": 0.3}),
        ("3.14159", {"match": Match.ABSOLUTE, "tolerance": 0.5}),
        ("1234567", {"match": Match.SIGNIFICANT, "significant_digits": 1}),
        (r"1 + \sqrt{2}", {"match": Match.RELATIVE, "tolerance": 0.3}),
        (r"25\pi", {"match": Match.RELATIVE, "tolerance": 0.15}),
    ],
)
def test_a_tolerance_that_takes_a_tenth_for_nothing_is_found(reference, options):
    assert "off_by_a_tenth" in survivors(NumericTask(reference, **options), judged)


@pytest.mark.parametrize(
    ("reference", "options"),
    [
        ("84", {"match": Match.RELATIVE, "tolerance": 0.01}),
        ("9.81", {"match": Match.RELATIVE, "tolerance": 0.05}),
        ("1234567", {"match": Match.SIGNIFICANT, "significant_digits": 2}),
        (r"1 + \sqrt{2}", {"match": Match.RELATIVE, "tolerance": 0.05}),
    ],
)
def test_a_tolerance_for_measurements_is_none_of_that(reference, options):
    assert survivors(NumericTask(reference, **options), judged) == set()
