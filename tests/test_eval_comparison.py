"""Whether a difference is one, and what is said about it."""

import random
from dataclasses import replace
from typing import Any

import pytest
from judging_answers import problem
from rich.console import Console
from test_eval_measuring import evaluated, judged

from assayoffice.rl.evaluating.comparison import Aspect, Comparison, Finding
from assayoffice.rl.evaluating.comparison import compare as _compare
from assayoffice.rl.evaluating.errors import IncomparableError
from assayoffice.rl.evaluating.evaluation import OVERALL, Evaluation
from assayoffice.rl.evaluating.measuring import evaluate
from assayoffice.rl.evaluating.sentences import conclusion, warnings
from assayoffice.rl.evaluating.tables import comparison_table
from assayoffice.rl.judging.journal import Judged
from assayoffice.rl.results import Outcome
from assayoffice.rl.statistics.intervals import Tally, paired_difference
from assayoffice.rl.statistics.paired import holm, mcnemar, sign_flip
from assayoffice.rl.statistics.power import detectable, variances

# Whoever asserts on a figure knows that there is one.
compare: Any = _compare


def model(
    rate: float, seed: int, problems: int = 60, runs: int = 5, domains: tuple[str, ...] = ("sums",)
) -> Evaluation:
    """A model that is right this often, on problems of unequal difficulty."""
    chance = random.Random(seed)
    several = []
    for n in range(problems):
        right = rate + (n % 3 - 1) * 0.15
        classes = [0 if chance.random() < right else 1 for _ in range(runs)]
        several.append(judged(f"p{n}", classes, domains[n % len(domains)]))
    return evaluated(several, model={"name": f"model {rate}"}, ks=[1])


def said(comparison: Comparison, name: str = OVERALL) -> str:
    return conclusion(comparison.domains[name], comparison.before, comparison.after)


class TestFinding:
    def test_better_and_worse(self):
        early, late = model(0.3, 1), model(0.5, 2)
        there, back = compare(early, late), compare(late, early)
        assert (there.overall.finding, back.overall.finding) == (Finding.BETTER, Finding.WORSE)
        points = 100 * there.overall.difference
        interval = there.overall.interval
        ends = f"({100 * interval.low:.1f} to {100 * interval.high:.1f})"
        assert said(there) == f"model 0.5 is better than model 0.3 by {points:.1f} points {ends}"
        assert said(back) == f"model 0.3 is worse than model 0.5 by {points:.1f} points {ends}"
        assert back.worse == (OVERALL, "sums") and there.worse == ()

    def test_not_distinguishable_says_what_could_have_been_seen(self):
        found = compare(model(0.4, 1), model(0.42, 2))
        assert found.overall.finding is Finding.NOT_DISTINGUISHABLE
        assert said(found).startswith("not distinguishable: ")
        assert f"could have seen {100 * found.overall.detectable:.1f}" in said(found)

    def test_figures_are_those_of_the_statistics(self):
        early, late = model(0.3, 3), model(0.4, 4)
        found = compare(early, late, seed=5).overall
        before = [Tally(each.correct, each.judged) for each in early.problems]
        after = [Tally(each.correct, each.judged) for each in late.problems]
        shares = [each.share for each in before], [each.share for each in after]
        differences = [b - a for a, b in zip(*shares, strict=True)]
        assert found.interval == paired_difference(*shares)
        assert found.p == sign_flip(differences, seed=5).p
        assert found.detectable == detectable(variances(before, after))
        assert found.runs == (5, 5)

    def test_the_same_model_again_is_seldom_found_to_be_another(self):
        found = [
            compare(model(0.4, 2 * n, 14), model(0.4, 2 * n + 1, 14)).overall.finding
            for n in range(30)
        ]
        assert found.count(Finding.NOT_DISTINGUISHABLE) >= 27

    def test_domains_are_corrected_for_their_number(self):
        domains = ("a", "b", "c")
        early, late = model(0.35, 1, domains=domains), model(0.5, 6, domains=domains)
        found = compare(early, late)
        assert list(found.domains) == [OVERALL, *domains]
        ps = {name: found.domains[name].p for name in domains}
        assert {name: found.domains[name].corrected for name in domains} == holm(ps)
        assert found.overall.corrected == found.overall.p

    def test_a_domain_is_found_better_only_as_corrected(self):
        def six(classes: list[int], others: int) -> Evaluation:
            several = [judged(f"a{n}", classes + [n % 2], "a") for n in range(6)]
            several += [judged(f"{d}{n}", [0, 1], f"d{d}") for d in range(others) for n in range(2)]
            return evaluated(several)

        # Of 64 choices of signs, two are as far from 0 as all six gains.
        alone = compare(six([1], 0), six([0], 0)).domains["a"]
        assert (alone.p, alone.finding) == (1 / 32, Finding.BETTER)
        among = compare(six([1], 2), six([0], 2)).domains["a"]
        assert (among.p, among.corrected) == (1 / 32, 3 / 32)
        assert among.finding is Finding.NOT_DISTINGUISHABLE

    def test_what_the_correction_takes_away_is_explained(self):
        found = compare(model(0.3, 1), model(0.5, 2)).overall
        doubtful = replace(found, p=0.03, corrected=0.09, finding=Finding.NOT_DISTINGUISHABLE)
        assert conclusion(doubtful, "a", "b").endswith(
            "(p = 0.030, 0.090 corrected for the domains)"
        )

    def test_greedy_answers_have_mcnemars_test(self):
        def greedy(rights: str) -> Evaluation:
            return evaluated(
                [
                    judged(
                        f"p{n}", [0], greedy=Outcome.CORRECT if each == "1" else Outcome.INCORRECT
                    )
                    for n, each in enumerate(rights)
                ]
            )

        found = compare(greedy("1100000000"), greedy("0111111110")).overall.greedy
        assert (found.problems, found.lost, found.won) == (10, 1, 7)
        assert found.p == mcnemar(1, 7).p
        assert compare(model(0.3, 1), model(0.3, 2)).overall.greedy is None


class TestFew:
    def test_one_problem(self):
        found = compare(evaluated([judged("a", [1] * 9)]), evaluated([judged("a", [0] * 9)]))
        assert found.overall.finding is Finding.NOT_DISTINGUISHABLE
        assert "one problem cannot tell" in said(found)

    def test_all_equal(self):
        same = evaluated([judged(f"p{n}", [0, 0]) for n in range(5)])
        found = compare(same, same, claim=0.01)
        assert (found.overall.p, found.overall.detectable) == (1, None)
        assert said(found) == "not distinguishable: no difference on any of the 5 problems"
        assert not list(warnings(found))

    def test_all_lost_on_few_problems_is_no_proof(self):
        early = evaluated([judged(f"p{n}", [0, 0]) for n in range(4)])
        late = evaluated([judged(f"p{n}", [1, 1]) for n in range(4)])
        assert compare(early, late).overall.p == 1 / 8
        assert "too few problems" in said(compare(early, late))


class TestClaim:
    def test_too_few_runs_for_a_claim_are_warned_of_with_what_it_takes(self):
        early, late = model(0.4, 1), model(0.42, 2)
        found = compare(early, late, claim=0.02)
        needed = found.overall.needed
        (over_all, *_) = warnings(found)
        assert over_all.startswith("60 problems with 5 runs each are too few to see 2 points: take")
        assert f"{needed.problems:,} problems like these" in over_all
        # What is said to be enough is.
        assert compare(early, late, claim=found.overall.detectable + 0.001).overall.needed is None

    def test_no_number_of_runs_helps_uneven_models(self):
        # Half of the problems are won, and half lost.
        early = evaluated([judged(f"p{n}", [n % 2] * 3) for n in range(20)])
        late = evaluated([judged(f"p{n}", [1 - n % 2] * 3) for n in range(20)])
        (warning, *_) = warnings(compare(early, late, claim=0.05))
        assert "no number of runs of these is enough" in warning

    def test_single_runs_do_not_tell(self):
        found = compare(model(0.4, 1, runs=1), model(0.42, 2, runs=1), claim=0.02)
        (warning, *_) = warnings(found)
        assert "evaluate with 2 runs or more to know how far runs help" in warning


class TestTable:
    def shown(self, comparison: Comparison) -> str:
        console = Console(width=80, color_system=None)
        with console.capture() as captured:
            console.print(comparison_table(comparison))
        return captured.get()

    def test_nothing_is_cut_on_a_terminal_of_80_columns(self):
        domains = ("mathematics/long", "b", "c")
        early = model(0.99, 1, 600, domains=domains)
        late = model(0.01, 2, 600, domains=domains)
        said = self.shown(compare(early, late))
        assert "…" not in said and said.count("worse") == 5

    def test_a_single_domain_is_told_and_warned_of_once(self):
        found = compare(model(0.4, 1), model(0.42, 2), claim=0.02)
        said = self.shown(found)
        assert " all " not in said and said.count("too few to see") == 1
        assert "undecided" in said and "corrected" not in said

    def test_models_of_one_name_are_the_first_and_the_second(self):
        found = compare(model(0.3, 1), replace(model(0.5, 2), model={"name": "model 0.3"}))
        assert "the second is better than the first by" in self.shown(found)


class TestOthers:
    def test_other_problems_are_refused_and_if_allowed_the_common_ones_are_compared(self):
        early, late = model(0.3, 1, problems=20), model(0.5, 2, problems=30)
        with pytest.raises(
            IncomparableError, match="different problems; allow it with --allow pro"
        ):
            compare(early, late)
        found = compare(early, late, allowed=[Aspect.PROBLEMS])
        assert (found.overall.problems, found.left_out) == (20, 10)
        assert any("10 problems are left out" in each for each in warnings(found))

    def test_a_problem_that_was_changed_is_not_the_same(self):
        several = [judged("a", [0, 1]), judged("b", [0, 1])]
        asked = [problem("a"), problem("b")]
        changed = [problem("a"), problem("b", reference="8")]
        early, late = (evaluate(Judged(tuple(several), {}), each) for each in (asked, changed))
        assert compare(early, late, allowed=[Aspect.PROBLEMS]).overall.problems == 1

    def test_nothing_in_common(self):
        early, late = evaluated([judged("a", [0])]), evaluated([judged("b", [0])])
        with pytest.raises(IncomparableError, match="no problem has judged samples in both"):
            compare(early, late, allowed=[Aspect.PROBLEMS])

    def test_other_hallmarks_are_refused(self):
        early = replace(model(0.3, 1), hallmarks={"numeric": "ab" * 32, "code": "ab" * 32})
        late = replace(model(0.3, 2), hallmarks={"numeric": "cd" * 32})
        with pytest.raises(IncomparableError, match="numeric judged under .*abab.*cdcd.*hallmarks"):
            compare(early, late)
        found = compare(early, late, allowed=[Aspect.HALLMARKS])
        assert any(each.startswith("compared all the same: numeric") for each in warnings(found))

    def test_other_sampling_is_refused_but_not_other_amounts(self):
        request = {"samples": 5, "seed": 1, "greedy": False, "temperature": 0.8, "max_tokens": 9}
        early = replace(model(0.3, 1), request=request)
        amounts = {**request, "samples": 6, "seed": 2, "greedy": True}
        compare(early, replace(model(0.3, 2, runs=6), request=amounts))
        late = replace(model(0.3, 2), request={**request, "temperature": 1.0})
        with pytest.raises(IncomparableError, match="temperature 0.8 before and 1.0 after"):
            compare(early, late)
        assert compare(early, late, allowed=[Aspect.SAMPLING]).differing

    def test_what_is_not_recorded_is_said(self):
        unknown = replace(model(0.3, 2), request={})
        assert "not recorded" in next(warnings(compare(model(0.3, 1), unknown)))
