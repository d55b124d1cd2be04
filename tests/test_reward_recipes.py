"""Recipes: what they make of generations, which options they take, what their digests cover."""

import json
import math
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assayoffice.server import rewards
from assayoffice.server.rewards import recipes, wire
from assayoffice.server.rewards.generation import Generation, Judgement, Need
from assayoffice.server.rewards.recipes import KINDS, RecipeError, Recipes, total
from assayoffice.v1 import verdict_pb2

RECIPES = Recipes()
RIGHT, WRONG = Judgement(True, 1.0), Judgement(False, 0.0)
HALF_RIGHT = Judgement(False, 0.5)
THOUGHT = "<think>Well.</think> 2"

steady = settings(database=None, derandomize=True, deadline=None)


def generation(tokens=100, *, response=THOUGHT, ids=None, is_finished=True):
    ids = range(tokens) if ids is None else ids
    return Generation(response, ids, len(ids), is_finished)


def rated(recipe, judgement, *args, options=None, **kwargs):
    """Total, and value and rule of each component."""
    made = RECIPES.make(recipe, "1", options or {})
    parts = made.rate(generation(*args, **kwargs)).settle(judgement)
    return total(parts), {part.name: (part.rated.value, part.rated.rule) for part in parts}


class TestPhi4ReasoningPlus:
    @pytest.mark.parametrize(
        ("judgement", "tokens", "value"),
        [
            (RIGHT, 25_600, 0.615385),
            (RIGHT, 28_672, 0.461538),
            (RIGHT, 30_000, 0.364916),
            (RIGHT, 31_744, 0.307692),
            (WRONG, 0, -0.615385),
            (WRONG, 1_000, -0.563234),
            (WRONG, 1_851, -0.461538),
            (WRONG, 3_702, -0.307692),
            (WRONG, 31_744, -0.307692),
        ],
    )
    def test_published_totals(self, judgement, tokens, value):
        result, parts = rated("phi4_reasoning_plus", judgement, tokens)
        assert result == pytest.approx(value, abs=5e-7)
        assert parts["repetition"] == (0.0, "not_repeated")

    @pytest.mark.parametrize("judgement", [RIGHT, WRONG])
    def test_missing_end_token_overrides_the_verdict(self, judgement):
        _, parts = rated("phi4_reasoning_plus", judgement, is_finished=False)
        assert parts["length_aware_accuracy"] == (-0.5, "no_end_token")

    @pytest.mark.parametrize("judgement", [RIGHT, WRONG])
    def test_missing_think_block_overrides_the_verdict(self, judgement):
        _, parts = rated("phi4_reasoning_plus", judgement, response="2")
        assert parts["length_aware_accuracy"] == (-1.0, "no_think_block")

    def test_think_block_comes_before_the_end_token(self):
        cut_off = {"response": "<think>Well", "is_finished": False}
        _, parts = rated("phi4_reasoning_plus", WRONG, **cut_off)
        assert parts["length_aware_accuracy"] == (-1.0, "no_think_block")

    @pytest.mark.parametrize(
        ("think", "response", "rule"),
        [
            ("required", "Well.</think> 2", "no_think_block"),
            ("opened_by_prompt", "Well.</think> 2", "correct"),
            ("opened_by_prompt", THOUGHT, "no_think_block"),
            ("ignored", "2", "correct"),
        ],
    )
    def test_think_block_as_the_options_want_it(self, think, response, rule):
        options = {"think": think}
        _, parts = rated("phi4_reasoning_plus", RIGHT, response=response, options=options)
        assert parts["length_aware_accuracy"][1] == rule

    def test_part_of_the_credit_is_incorrect(self):
        _, parts = rated("phi4_reasoning_plus", HALF_RIGHT, 3_702)
        assert parts["length_aware_accuracy"] == (-0.5, "incorrect")

    def test_repetition_costs_a_thirteenth(self):
        result, parts = rated("phi4_reasoning_plus", RIGHT, ids=[7] * 20)
        assert parts["repetition"] == (-4.0, "repeated")
        assert result == pytest.approx(8 / 13 - 4 / 13)

    def test_repetition_over_words(self):
        options = {"repetition_unit": "words"}
        response = "<think>" + "so it goes on and " * 20 + "</think> 2"
        _, parts = rated("phi4_reasoning_plus", RIGHT, response=response, options=options)
        assert parts["repetition"][1] == "repeated"

    @steady
    @given(
        st.lists(st.integers(0, 2), max_size=100) | st.integers(0, 40_000).map(range),
        st.lists(st.integers(0, 2), max_size=100) | st.integers(0, 40_000).map(range),
    )
    def test_no_correct_answer_gets_less_than_a_wrong_one(self, one, other):
        correct, _ = rated("phi4_reasoning_plus", RIGHT, ids=one)
        wrong, _ = rated("phi4_reasoning_plus", WRONG, ids=other)
        assert correct > wrong

    def test_all_is_told_with_few_tokens_as_with_many(self):
        small = {"max_tokens": 62, "correct_control_tokens": 50, "incorrect_control_tokens": 8}
        _, parts = rated("phi4_reasoning_plus", RIGHT, 56, options=small)
        assert parts["length_aware_accuracy"][0] == pytest.approx(0.75)


class TestOthers:
    @pytest.mark.parametrize(
        ("judgement", "value", "rule"),
        [
            (RIGHT, 1.0, "correct"),
            (WRONG, 0.0, "incorrect"),
            (HALF_RIGHT, 0.5, "partly_correct"),
            (Judgement(True, 0.9), 0.9, "correct"),
        ],
    )
    def test_accuracy_is_the_score(self, judgement, value, rule):
        assert rated("accuracy", judgement) == (value, {"accuracy": (value, rule)})

    def test_accuracy_between_its_ends(self):
        options = {"correct": 2, "incorrect": -1}
        assert [rated("accuracy", each, options=options)[0] for each in (RIGHT, WRONG)] == [2, -1]
        assert rated("accuracy", HALF_RIGHT, options=options)[0] == 0.5
        options["partial_credit"] = False
        assert rated("accuracy", HALF_RIGHT, options=options)[0] == -1

    @pytest.mark.parametrize(
        ("judgement", "response", "value", "rule"),
        [
            (RIGHT, THOUGHT, 2.0, "well_formed"),
            (RIGHT, "2", 1.0, "no_think_block"),
            (WRONG, THOUGHT, 1.0, "well_formed"),
            (HALF_RIGHT, "2", 0.0, "no_think_block"),
        ],
    )
    def test_r1_adds_accuracy_and_format(self, judgement, response, value, rule):
        result, parts = rated("r1", judgement, response=response)
        assert (result, parts["format"][1]) == (value, rule)

    def test_r1_may_want_answer_tags(self):
        options = {"answer_tags": True}
        _, untagged = rated("r1", RIGHT, options=options)
        tagged = "<think>Well.</think> <answer>2</answer>"
        result, _ = rated("r1", RIGHT, response=tagged, options=options)
        assert (untagged["format"], result) == ((0.0, "no_answer_tags"), 2.0)

    @pytest.mark.parametrize(
        ("judgement", "tokens", "value", "rule"),
        [
            (RIGHT, 16_384, 1.0, "within_length"),
            (RIGHT, 18_432, 0.5, "long"),
            (RIGHT, 20_480, 0.0, "long"),
            (RIGHT, 30_000, 0.0, "too_long"),
            (WRONG, 16_384, -1.0, "within_length"),
            (WRONG, 18_432, -1.5, "long"),
            (HALF_RIGHT, 30_000, -2.0, "too_long"),
        ],
    )
    def test_dapo(self, judgement, tokens, value, rule):
        result, parts = rated("dapo", judgement, tokens)
        assert (result, parts["overlong"][1]) == (value, rule)

    @pytest.mark.parametrize("judgement", [RIGHT, WRONG])
    def test_weighted_can_say_what_the_other_recipes_say(self, judgement):
        phi4 = [
            {"component": "length_aware_accuracy", "weight": 8 / 13},
            {"component": "repetition", "weight": 1 / 13},
        ]
        ids = [*range(27_000), *[7] * 20]
        composed = rated("weighted", judgement, ids=ids, options={"components": phi4})
        assert composed == rated("phi4_reasoning_plus", judgement, ids=ids)

    def test_components_come_in_the_order_they_were_given(self):
        names = ["overlong", "accuracy", "format"]
        components = [{"component": name, "weight": 1} for name in names]
        _, parts = rated("weighted", RIGHT, options={"components": components})
        assert list(parts) == names


@pytest.mark.parametrize(
    ("recipe", "options", "needs"),
    [
        ("accuracy", {}, set()),
        ("r1", {}, set()),
        ("dapo", {}, {Need.LENGTH}),
        ("phi4_reasoning_plus", {}, {Need.LENGTH, Need.TOKEN_IDS, Need.FINISH_REASON}),
        (
            "phi4_reasoning_plus",
            {"repetition_unit": "words"},
            {Need.LENGTH, Need.FINISH_REASON},
        ),
    ],
)
def test_recipe_needs_no_more_than_its_options_make_it(recipe, options, needs):
    assert RECIPES.make(recipe, "1", options).needs == needs


SCORES = st.floats(-1e6, 1e6)
WEIGHTS = st.floats(0, 1e6)
PENALTIES = [
    st.builds(dict, component=st.just("repetition"), weight=WEIGHTS),
    st.builds(dict, component=st.just("overlong"), weight=WEIGHTS),
    st.builds(dict, component=st.just("format"), weight=WEIGHTS),
]
ACCURACIES = (
    st.tuples(SCORES, SCORES)
    .map(sorted)
    .flatmap(
        lambda ends: st.builds(
            dict,
            component=st.just("accuracy"),
            weight=WEIGHTS,
            incorrect=st.just(ends[0]),
            correct=st.just(ends[1]),
        )
    )
)


@steady
@given(
    st.tuples(ACCURACIES, *PENALTIES),
    st.lists(st.integers(0, 2**32 - 1), max_size=60),
    st.text(max_size=20) | st.just(THOUGHT),
    st.booleans(),
)
def test_totals_are_finite_and_never_in_favour_of_a_wrong_answer(parts, ids, response, ended):
    options = {"components": list(parts)}
    kwargs = {"ids": ids, "response": response, "is_finished": ended, "options": options}
    wrong, half, right = (
        rated("weighted", judgement, **kwargs)[0] for judgement in (WRONG, HALF_RIGHT, RIGHT)
    )
    assert math.isfinite(wrong)
    assert wrong <= right
    assert wrong <= half <= right


@pytest.mark.parametrize("score", [math.nan, math.inf, -0.1, 1.1])
def test_verdict_without_a_proper_score_is_rewarded_with_nothing(score):
    verdict = verdict_pb2.Verdict(outcome=verdict_pb2.OUTCOME_CORRECT, score=score)
    with pytest.raises(ValueError, match="not in"):
        wire.judgement(verdict)


@pytest.mark.parametrize("outcome", [verdict_pb2.OUTCOME_UNSPECIFIED, 77])
def test_verdict_without_an_outcome_is_rewarded_with_nothing(outcome):
    with pytest.raises(ValueError, match=f"outcome is {outcome}"):
        wire.judgement(verdict_pb2.Verdict(outcome=outcome, score=0.0))


@pytest.mark.parametrize("ends", [(0.1, 0.1), (-0.3, 0.7), (0.7, 0.7)])
def test_part_of_the_credit_never_gets_more_than_all_of_it(ends):
    options = dict(zip(("incorrect", "correct"), ends, strict=True))
    for percent in range(101):
        value, _ = rated("accuracy", Judgement(False, percent / 100), options=options)
        assert ends[0] <= value <= ends[1]


class TestRefusals:
    @pytest.mark.parametrize(
        ("recipe", "options", "field", "said"),
        [
            ("phi4_reasoning_plus", {"max_token": 1}, "options.max_token", "mean 'max_tokens'?"),
            ("r1", {"zeal": 1}, "options.zeal", "there are think, answer_tags"),
            ("dapo", {"max_tokens": "9"}, "options.max_tokens", "integer, not '9'"),
            ("dapo", {"max_tokens": 9.5}, "options.max_tokens", "integer, not 9.5"),
            ("dapo", {"max_tokens": True}, "options.max_tokens", "integer, not True"),
            ("dapo", {"max_tokens": None}, "options.max_tokens", "integer, not None"),
            ("dapo", {"max_tokens": 2**32}, "options.max_tokens", "less than or equal to"),
            ("dapo", {"cache_tokens": 0}, "options.cache_tokens", "greater than or equal to 1"),
            ("dapo", {"cache_tokens": 30_000}, "options.cache_tokens", "at most max_tokens, 20480"),
            ("dapo", {"overlong_weight": -1}, "options.overlong_weight", "equal to 0, not -1"),
            ("accuracy", {"correct": -1}, "options.correct", "at least incorrect, 0"),
            ("accuracy", {"correct": 1e400}, "options.correct", "finite"),
            ("accuracy", {"correct": math.nan}, "options.correct", "finite"),
            ("accuracy", {"correct": 1e9}, "options.correct", "less than or equal to 1000000"),
            ("r1", {"think": "ignored"}, "options.think", "'required' or 'opened_by_prompt'"),
            (
                "phi4_reasoning_plus",
                {"max_tokens": 100},
                "options.correct_control_tokens",
                "below max_tokens, 100",
            ),
            (
                "phi4_reasoning_plus",
                {"incorrect_max": 0.75},
                "options.correct_min",
                "at least incorrect_max, 0.75",
            ),
            ("weighted", {}, "options.components", "must be given"),
            ("weighted", {"components": {}}, "options.components", "array"),
            ("weighted", {"components": []}, "options.components", "at least 1 items, not 0"),
            ("weighted", {"components": [7]}, "options.components[0]", "object, not 7"),
        ],
    )
    def test_option_is_named_with_the_remedy(self, recipe, options, field, said):
        with pytest.raises(RecipeError) as caught:
            RECIPES.make(recipe, "1", options)
        [violation] = caught.value.violations
        assert violation.field == field
        assert said in violation.description

    @pytest.mark.parametrize(
        ("component", "field", "said"),
        [
            ({"component": "repetition"}, "[1].weight", "must be given"),
            ({"weight": 1}, "[1].component", "must be given"),
            ({"component": "repetiton", "weight": 1}, "[1].component", "mean 'repetition'?"),
            ({"component": "accuracy", "weight": 1}, "[1].component", "once"),
            ({"component": "format", "weight": -1}, "[1].weight", "equal to 0, not -1"),
            ({"component": "format", "weight": 1, "ngram": 3}, "[1].ngram", "no such option"),
            (
                {"component": "overlong", "weight": 1, "max_tokens": 9},
                "[1].cache_tokens",
                "at most max_tokens, 9",
            ),
        ],
    )
    def test_option_of_a_component_is_named(self, component, field, said):
        components = [{"component": "accuracy", "weight": 1}, component]
        with pytest.raises(RecipeError) as caught:
            RECIPES.make("weighted", "1", {"components": components})
        [violation] = caught.value.violations
        assert violation.field == f"options.components{field}"
        assert said in violation.description

    def test_many_components_are_refused_by_their_number(self):
        components = [{"component": "format", "weight": 1}] * 17
        with pytest.raises(RecipeError, match="at most 16 items, not 17"):
            RECIPES.make("weighted", "1", {"components": components})

    @pytest.mark.parametrize(
        ("recipe", "options"),
        [
            ("weighted", {"components": [None] * 20_000}),
            ("dapo", {f"o{n}": None for n in range(6_000)}),
        ],
    )
    def test_ten_thousand_mistakes_take_no_longer_than_some(self, recipe, options):
        started = time.process_time()
        with pytest.raises(RecipeError) as caught:
            RECIPES.make(recipe, "1", options)
        assert time.process_time() - started < 1
        assert len(caught.value.violations) < 100

    def test_unknown_recipe_and_version(self):
        with pytest.raises(RecipeError, match="name: .*did you mean 'phi4_reasoning_plus'?"):
            RECIPES.make("phi4_reasoning", "1", {})
        with pytest.raises(RecipeError, match="version: 'r1' is served in version '1', not in '7'"):
            RECIPES.make("r1", "7", {})


class TestDigests:
    def test_defaults_that_are_written_out_change_nothing(self):
        plain = RECIPES.make("dapo", "1", {})
        written_out = RECIPES.make("dapo", "1", json.loads(plain.options))
        assert written_out == plain
        assert list(json.loads(plain.options)) == sorted(json.loads(plain.options))
        assert RECIPES.make("dapo", "1", {"overlong_weight": 1.0}).digest == plain.digest

    def test_each_recipe_and_each_option_has_a_digest_of_its_own(self):
        digests = {RECIPES.default_digest(kind) for kind in KINDS.values()} - {""}
        digests.add(RECIPES.make("dapo", "1", {"max_tokens": 10_000}).digest)
        digests.add(RECIPES.make("dapo", "1", {"cache_tokens": 4_000}).digest)
        assert len(digests) == len(KINDS) + 1
        assert all(len(digest) == 64 for digest in digests)

    def test_digest_covers_the_code_of_every_formula(self, tmp_path, monkeypatch):
        kind, before = KINDS["dapo"], RECIPES.default_digest(KINDS["dapo"])
        ours = Path(rewards.__file__).parent
        shutil.copytree(ours, tmp_path / "copy")
        monkeypatch.setattr(recipes.importlib.resources, "files", lambda _: tmp_path / "copy")
        assert Recipes().default_digest(kind) == before
        for name in ("formulas.py", "repetition.py", "markup.py", "components.py", "wire.py"):
            file = tmp_path / "copy" / name
            code = file.read_text()
            file.write_text(code + "\n")
            assert Recipes().default_digest(kind) != before
            file.write_text(code)
        assert Recipes().default_digest(kind) == before


class TestSchemas:
    @pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
    def test_every_option_is_described(self, kind):
        schema = kind.options.model_json_schema()
        described = [schema, *schema.get("$defs", {}).values()]
        for name, option in [
            (name, option)
            for each in described
            for name, option in each.get("properties", {}).items()
        ]:
            assert option.get("description") or name in ("component", "components"), name

    @pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
    def test_recipe_is_in_the_manual_with_its_options(self, kind):
        manual = Path(__file__).parents[1].joinpath("docs/rewards.md").read_text()
        assert f"`{kind.name}@{kind.version}`" in manual
        for option in kind.options.model_fields:
            assert f"`{option}`" in manual
