"""From judgements to figures: each agrees with counting it by hand."""

import json
from statistics import fmean, stdev
from typing import Any

import pytest
from judging_answers import DIGEST, problem, shed

from assayoffice.rl.evaluating.errors import EvaluationError
from assayoffice.rl.evaluating.evaluation import (
    OVERALL,
    Evaluation,
    evaluation_as_json,
    read_evaluation,
    save_evaluation,
)
from assayoffice.rl.evaluating.measuring import evaluate as _evaluate
from assayoffice.rl.evaluating.tables import evaluation_table
from assayoffice.rl.judging.journal import Judged
from assayoffice.rl.judging.problems import JudgedProblem
from assayoffice.rl.results import Outcome
from assayoffice.rl.statistics.intervals import wilson
from assayoffice.rl.statistics.majority import counts_of
from assayoffice.rl.statistics.majority import majority_at_k as _majority_at_k
from assayoffice.rl.statistics.passing import pass_at_k

# Whoever asserts on a figure knows that there is one.
evaluate: Any = _evaluate
majority_at_k: Any = _majority_at_k
RIGHT = 0


def judged(
    id: str,
    classes: list[int | None],
    domain: str = "sums",
    greedy: Outcome | None = None,
    unknown: bool = False,
    **more: object,
) -> JudgedProblem:
    """A problem whose samples are of these classes, class 0 being right."""

    def outcome(each: int | None) -> Outcome | None:
        if unknown:
            return None
        if each is None:
            return Outcome.NO_ANSWER
        return Outcome.CORRECT if each == RIGHT else Outcome.INCORRECT

    fields: dict[str, object] = {
        "problem": id,
        "domain": domain,
        "outcomes": tuple(map(outcome, classes)),
        "classes": tuple(classes),
        "answers": tuple(map(str, range(1 + max((each or 0 for each in classes), default=0)))),
        "tokens": (10,) * len(classes),
        "cut_off": (False,) * len(classes),
        "greedy": greedy,
        "hallmark": DIGEST,
        "content": "cd" * 32,
        **more,
    }
    return JudgedProblem(**fields)  # type: ignore[arg-type]


def evaluated(several: list[JudgedProblem], **more) -> Any:
    problems = [problem(each.problem, domain=each.domain) for each in several]
    found = Judged(tuple(several), {}, domains={each.problem: each.domain for each in several})
    return evaluate(found, problems, **{"request": {"temperature": 0.8}, **more})


def shown(evaluation: Evaluation) -> str:
    from rich.console import Console

    console = Console(width=80, color_system=None)
    with console.capture() as captured:
        console.print(evaluation_table(evaluation))
    return captured.get()


class TestFigures:
    CLASSES = {"a": [0, 0, 1, None], "b": [0, 1, 1, 2], "c": [0, 0, 0, 0], "d": [1, 2, 3, 4]}

    def figures(self, **more):
        several = [judged(id, classes) for id, classes in self.CLASSES.items()]
        return evaluated(several, **more).domains[OVERALL]

    def test_pass_at_1_is_the_mean_over_problems_and_over_runs(self):
        found = self.figures()
        assert found.pass_at_1.over_problems.value == pytest.approx(7 / 16)
        assert found.runs.accuracies == pytest.approx((3 / 4, 2 / 4, 1 / 4, 1 / 4))
        assert fmean(found.runs.accuracies) == pytest.approx(7 / 16)
        assert found.runs.sd == pytest.approx(stdev([0.75, 0.5, 0.25, 0.25]))

    def test_at_k_is_the_mean_of_what_problems_have(self):
        found = {each.k: each for each in self.figures(ks=[2, 3]).at_k}
        for k in (2, 3):
            passed = [pass_at_k(4, classes.count(0), k) for classes in self.CLASSES.values()]
            won = [
                majority_at_k(counts_of(classes, [each == 0 for each in classes]), k).value
                for classes in self.CLASSES.values()
            ]
            assert found[k].passed.over_problems.value == pytest.approx(fmean(passed))
            assert found[k].majority.over_problems.value == pytest.approx(fmean(won))

    def test_powers_of_two_and_the_number_of_samples_by_default(self):
        assert [each.k for each in self.figures().at_k] == [2, 4]
        found = evaluated([judged("a", [0, 1, 0, 1, 1, 0])])
        assert [each.k for each in found.domains[OVERALL].at_k] == [2, 4, 6]
        assert evaluated([judged("a", [0])]).domains[OVERALL].at_k == ()
        many = evaluated([judged("a", [0] * 200)]).domains[OVERALL]
        assert [each.k for each in many.at_k] == [2, 4, 8, 16, 32, 64, 200]

    def test_intervals_over_runs_are_of_the_luck_of_samples_alone(self):
        # Two problems that are always right or wrong: no luck, and still two problems only.
        found = evaluated([judged("a", [0] * 8), judged("b", [1] * 8)]).domains[OVERALL]
        assert found.pass_at_1.over_runs.low == found.pass_at_1.over_runs.high == 0.5
        assert found.pass_at_1.over_problems.low < 0.2
        assert found.runs.repeatability == 0

    def test_more_runs_make_only_the_interval_over_runs_small(self):
        few = evaluated([judged(f"p{n}", [0, 1] * 2) for n in range(40)]).domains[OVERALL]
        many = evaluated([judged(f"p{n}", [0, 1] * 50) for n in range(40)], ks=[2])
        more = many.domains[OVERALL]

        def width(estimate) -> float:
            return estimate.high - estimate.low

        assert width(more.pass_at_1.over_runs) < 0.3 * width(few.pass_at_1.over_runs)
        assert few.runs.repeatability > 4 * more.runs.repeatability

    def test_greedy_answers_are_counted_by_themselves(self):
        right, wrong = Outcome.CORRECT, Outcome.NO_ANSWER
        found = evaluated(
            [
                judged("a", [1], greedy=right),
                judged("b", [1], greedy=wrong),
                judged("c", [1]),
                judged("d", [], greedy=right),
            ]
        )
        assert found.domains[OVERALL].greedy == wilson(2, 3)
        assert found.domains[OVERALL].pass_at_1.problems == 3
        assert [each.greedy for each in found.problems] == [True, False, None, True]

    def test_lengths_and_what_was_cut_off(self):
        found = evaluated(
            [
                judged("a", [0, 1], tokens=(10, 30), cut_off=(True, False)),
                judged("b", [0, 1], tokens=(0, 0)),
            ]
        ).domains[OVERALL]
        assert (found.tokens, found.cut_off) == (10, 0.25)
        assert evaluated([judged("a", [0], tokens=(0,))]).domains[OVERALL].tokens is None

    @pytest.mark.parametrize(("classes", "value"), [([0] * 4, 1.0), ([1] * 4, 0.0)])
    def test_all_right_or_all_wrong_is_no_certainty(self, classes, value):
        found = evaluated([judged(f"p{n}", classes) for n in range(10)]).domains[OVERALL]
        for each in (found.pass_at_1, found.at_k[0].passed, found.at_k[0].majority):
            assert each.over_problems.value == value
            assert each.over_problems.high - each.over_problems.low > 0.2

    def test_one_problem_and_one_run(self):
        found = evaluated([judged("a", [0])]).domains[OVERALL]
        assert found.pass_at_1.over_problems == wilson(1, 1)
        assert (found.pass_at_1.over_runs, found.runs.sd, found.runs.repeatability) == (None,) * 3

    def test_unequal_numbers_of_samples(self):
        found = evaluated([judged("a", [0, 0, 1, 1]), judged("b", [0])], ks=[1, 2, 9])
        figures = found.domains[OVERALL]
        assert figures.pass_at_1.over_problems.value == 0.75
        assert figures.runs.accuracies == (1.0,)  # Both problems have one of these.
        (at,) = figures.at_k  # And no problem has nine.
        assert (at.k, at.passed.problems) == (2, 1)

    def test_majority_is_of_answers_only(self):
        several = [judged("a", [0, 0, 1]), judged("b", [0, 1, 1])]
        problems = [problem(each.problem) for each in several]
        some = evaluate(Judged(tuple(several), {}, frozenset({"b"})), problems)
        assert some.domains[OVERALL].at_k[0].passed.problems == 2
        assert some.domains[OVERALL].at_k[0].majority.problems == 1
        none = evaluate(Judged(tuple(several), {}, frozenset({"a", "b"})), problems)
        assert none.domains[OVERALL].at_k[0].majority is None


class TestDomains:
    def test_all_come_first_and_each_has_its_own(self):
        found = evaluated([judged("a", [0], "sums"), judged("b", [1], "facts")])
        assert list(found.domains) == [OVERALL, "facts", "sums"]
        assert [each.pass_at_1.over_problems.value for each in found.domains.values()] == [
            0.5,
            0.0,
            1.0,
        ]

    def test_none_may_be_called_as_all_of_them(self):
        with pytest.raises(EvaluationError, match="'all'"):
            evaluated([judged("a", [0], OVERALL)])

    def test_no_problems_are_no_evaluation(self):
        with pytest.raises(EvaluationError, match="no problems"):
            evaluated([])


class TestUnjudged:
    def test_what_has_no_verdict_counts_neither_as_right_nor_as_wrong(self):
        problems = [problem(each) for each in "abcd"]
        found = evaluate(
            Judged(
                (judged("a", [0, 1]), judged("c", [0, 0], unknown=True)),
                {"b": shed("b")},
                domains={"a": "sums", "b": "sums", "c": "sums"},
            ),
            problems,
        )
        assert {each.problem: each.reason for each in found.unjudged} == {
            "b": "OVERLOADED",
            "c": "NO_REFERENCE",
            "d": "NOT_JUDGED",
        }
        figures = found.domains[OVERALL]
        assert (figures.problems, figures.unjudged) == (4, 3)
        assert figures.pass_at_1.over_problems.value == 0.5
        assert "3 problems without a verdict, not counted as wrong" in shown(found)

    def test_a_domain_without_verdicts_has_no_figures(self):
        problems = [problem("a"), problem("b", domain="facts")]
        found = evaluate(
            Judged((judged("a", [0]),), {"b": shed("b")}, domains={"b": "facts"}), problems
        )
        facts = found.domains["facts"]
        assert (facts.pass_at_1, facts.runs, facts.at_k, facts.greedy) == (None, None, (), None)
        lines = [each.split() for each in shown(found).splitlines()]
        assert ["facts", "1", "-", "-", "-", "-"] in lines
        assert ["facts", "-", "-", "-", "-", "1"] in lines


class TestFile:
    def test_what_is_written_is_read(self, tmp_path):
        found = evaluated(
            [judged("a", [0, 1, None], greedy=Outcome.CORRECT), judged("b", [1, 1, 1], "facts")],
            model={"name": "m", "files": "ab"},
            request={"samples": 3, "template": {}},
        )
        save_evaluation(found, tmp_path / "evaluation.json")
        assert read_evaluation(tmp_path) == read_evaluation(tmp_path / "evaluation.json") == found
        assert found.name == "m"

    def test_the_same_judgements_give_the_same_bytes(self):
        several = [judged(f"p{n}", [0, n % 2, n % 3, None]) for n in range(30)]
        one, other = (json.dumps(evaluation_as_json(evaluated(several))) for _ in range(2))
        assert one == other

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"assay": "answers"}, "assay: Input should be 'evaluation'"),
            ({"format": 2}, "format"),
            ({"problems": [{"problem": "a"}]}, r"problems\.0\."),
            ({"domains": 3}, "domains"),
        ],
    )
    def test_what_is_no_evaluation_is_named(self, tmp_path, change, said):
        path = tmp_path / "evaluation.json"
        save_evaluation(evaluated([judged("a", [0])]), path)
        path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
        with pytest.raises(EvaluationError, match=said):
            read_evaluation(tmp_path)

    def test_other_files(self, tmp_path):
        with pytest.raises(EvaluationError, match="no such file; `assay eval run`"):
            read_evaluation(tmp_path)
        (tmp_path / "evaluation.json").write_text("half of {")
        with pytest.raises(EvaluationError, match="not an evaluation"):
            read_evaluation(tmp_path)


class TestTable:
    def test_luck_is_told_in_plain_words(self):
        said = shown(evaluated([judged(f"p{n}", [0, 1, 0, 1, 1]) for n in range(30)]))
        assert "with 5 other runs: expect up to" in said
        assert "by luck alone" in said

    def test_one_run_is_said_to_be_too_few(self):
        assert "take --runs 5 or more" in shown(evaluated([judged("a", [0])]))

    def test_names_do_not_paint(self):
        said = shown(evaluated([judged("a", [0, 1], "\x1b[31m[bold]")]))
        assert "\x1b" not in said and "[bold]" in said

    def test_nothing_is_cut_on_a_terminal_of_80_columns(self):
        several = [
            judged(f"p{n}", [0] * 5, f"mathematics/{n % 3:04}", greedy=Outcome.CORRECT)
            for n in range(3000)
        ]
        assert "…" not in shown(evaluated(several, ks=[4]))

    def test_a_single_domain_is_told_once(self):
        said = shown(evaluated([judged("a", [0, 1])]))
        assert "sums" in said and " all " not in said
        both = shown(evaluated([judged("a", [0, 1]), judged("b", [0, 1], "facts")]))
        assert " all " in both
