"""The formulas of rewards: published values, and what holds for all lengths and sequences."""

import random
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assayoffice.server.rewards import markup, repetition
from assayoffice.server.rewards.formulas import (
    correct_by_length,
    incorrect_by_length,
    soft_overlong,
)
from assayoffice.server.rewards.repetition import Denominator, penalty

# Derandomized, so that a run tells about the code and not about its luck.
steady = settings(database=None, derandomize=True, deadline=None)

LENGTHS = st.integers(0, 2**32 - 1) | st.integers(0, 40_000)
PHI4_CORRECT = {"control_tokens": 25_600, "max_tokens": 31_744, "low": 0.5, "high": 1.0}
PHI4_INCORRECT = {"control_tokens": 3_702, "low": -1.0, "high": -0.5}


@st.composite
def scores(draw):
    low, high = sorted(draw(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2)))
    return {"low": low, "high": high}


@st.composite
def correct_options(draw):
    control = draw(st.integers(0, 40_000))
    longer = draw(st.integers(1, 40_000))
    return {"control_tokens": control, "max_tokens": control + longer, **draw(scores())}


class TestPhi4Accuracy:
    @pytest.mark.parametrize(
        ("tokens", "value"),
        [
            (0, 1.0),
            (25_600, 1.0),
            (28_672, 0.75),
            (30_000, 0.592988),
            (31_744, 0.5),
            (100_000, 0.5),
        ],
    )
    def test_correct_answers_get_the_published_values(self, tokens, value):
        assert correct_by_length(tokens, **PHI4_CORRECT) == pytest.approx(value, abs=5e-7)

    @pytest.mark.parametrize(
        ("tokens", "value"),
        [(0, -1.0), (1_000, -0.915255), (1_851, -0.75), (3_702, -0.5), (100_000, -0.5)],
    )
    def test_wrong_answers_get_the_published_values(self, tokens, value):
        assert incorrect_by_length(tokens, **PHI4_INCORRECT) == pytest.approx(value, abs=5e-7)

    @steady
    @given(LENGTHS, correct_options())
    def test_correct_answers_stay_in_range(self, tokens, options):
        assert options["low"] <= correct_by_length(tokens, **options) <= options["high"]

    @steady
    @given(LENGTHS, st.integers(1, 40_000), scores())
    def test_wrong_answers_stay_in_range(self, tokens, control, range):
        value = incorrect_by_length(tokens, control_tokens=control, **range)
        assert range["low"] <= value <= range["high"]

    @steady
    @given(st.lists(LENGTHS, min_size=2, max_size=2))
    def test_longer_correct_answers_never_get_more(self, lengths):
        shorter, longer = sorted(lengths)
        worth = correct_by_length(shorter, **PHI4_CORRECT)
        assert correct_by_length(longer, **PHI4_CORRECT) <= worth

    @steady
    @given(st.lists(LENGTHS, min_size=2, max_size=2))
    def test_longer_wrong_answers_never_get_less(self, lengths):
        shorter, longer = sorted(lengths)
        worth = incorrect_by_length(shorter, **PHI4_INCORRECT)
        assert incorrect_by_length(longer, **PHI4_INCORRECT) >= worth

    @steady
    @given(LENGTHS, LENGTHS)
    def test_no_correct_answer_gets_less_than_a_wrong_one(self, one, other):
        wrong = incorrect_by_length(other, **PHI4_INCORRECT)
        assert correct_by_length(one, **PHI4_CORRECT) > wrong

    def test_no_step_anywhere(self):
        # At most pi/2 times the height over the width, in one token.
        for tokens in range(25_000, 32_000):
            step = correct_by_length(tokens, **PHI4_CORRECT)
            step -= correct_by_length(tokens + 1, **PHI4_CORRECT)
            assert 0 <= step < 1.6 * 0.5 / 6_144
        for tokens in range(4_000):
            step = incorrect_by_length(tokens + 1, **PHI4_INCORRECT)
            step -= incorrect_by_length(tokens, **PHI4_INCORRECT)
            assert 0 <= step < 1.6 * 0.5 / 3_702

    @steady
    @given(st.integers(0, 31_744), st.integers(1, 1_000))
    def test_scaled_down_it_is_the_same_formula(self, tokens, factor):
        scaled = {
            **PHI4_CORRECT,
            "control_tokens": 25_600 * factor,
            "max_tokens": 31_744 * factor,
        }
        expected = correct_by_length(tokens, **PHI4_CORRECT)
        assert correct_by_length(tokens * factor, **scaled) == pytest.approx(expected, abs=1e-12)


class TestSoftOverlong:
    @pytest.mark.parametrize(
        ("tokens", "value"),
        [
            (0, 0.0),
            (16_384, 0.0),
            (17_408, -0.25),
            (18_432, -0.5),
            (20_480, -1.0),
            (20_481, -1.0),
            (2**32 - 1, -1.0),
        ],
    )
    def test_published_setting(self, tokens, value):
        penalty = soft_overlong(tokens, max_tokens=20_480, cache_tokens=4_096)
        # Reports show what has no penalty as 0, not as -0.
        assert str(penalty) == str(value)

    @steady
    @given(LENGTHS, st.integers(1, 40_000), st.integers(0, 40_000))
    def test_penalty_stays_in_range(self, tokens, cache, rest):
        value = soft_overlong(tokens, max_tokens=cache + rest, cache_tokens=cache)
        assert -1.0 <= value <= 0.0

    @steady
    @given(st.lists(LENGTHS, min_size=2, max_size=2))
    def test_longer_generations_never_get_more(self, lengths):
        shorter, longer = (
            soft_overlong(each, max_tokens=20_480, cache_tokens=4_096) for each in sorted(lengths)
        )
        assert longer <= shorter


def phi4(units, denominator=Denominator.TYPES):
    return penalty(units, ngram=5, max_frequency=5, denominator=denominator)


SEQUENCES = st.lists(st.integers(0, 3), max_size=200) | st.lists(st.integers(0, 2**32 - 1))


class TestRepetition:
    @pytest.mark.parametrize("units", [[], [1], [1] * 9, list(range(1000)), [1, 2, 3, 4, 5] * 5])
    def test_what_does_not_repeat_itself_more_than_five_times_costs_nothing(self, units):
        assert phi4(units) == 0.0

    def test_sixth_occurrence_is_one_too_many(self):
        # Fillers differ, so that 12345 is the only n-gram that comes twice.
        sentence = [1, 2, 3, 4, 5]
        five = [unit for n in range(5) for unit in (*sentence, 100 + 9 * n, *range(200, 200 + n))]
        assert phi4(five) == 0.0
        six = [*five, *sentence]
        places = {tuple(six[at : at + 5]) for at in range(len(six) - 4)}
        assert phi4(six) == -max(1 / len(places), 6 / (len(six) / 5))

    @pytest.mark.parametrize(
        ("units", "denominator", "value"),
        [
            # 20 units: one n-gram at 16 places, over 4 n-grams side by side.
            ([7] * 20, Denominator.TYPES, -4.0),
            # 50 units, 46 places, 5 different n-grams: one occurs 10 times, the others 9.
            ([1, 2, 3, 4, 5] * 10, Denominator.TYPES, -1.0),
            # Of one n-gram at all 6 places: 6 times over 10 / 5 n-grams side by side.
            ([7] * 10, Denominator.ALL, -3.0),
            ([1, 2, 3, 4, 5] * 10, Denominator.ALL, -1.0),
        ],
    )
    def test_values_by_hand(self, units, denominator, value):
        assert phi4(units, denominator) == value

    def test_denominators_differ_where_the_first_term_decides(self):
        # 40 different units in a loop: 40 n-grams, each 9 or 10 times, in 400 places less 4.
        units = [*range(40)] * 10
        assert phi4(units, Denominator.TYPES) == -1.0
        assert phi4(units, Denominator.ALL) == -max(40 / 396, 10 / 80)

    @steady
    @given(SEQUENCES, st.sampled_from(Denominator), st.integers(1, 8), st.integers(1, 8))
    def test_penalty_stays_in_range(self, units, denominator, ngram, max_frequency):
        value = penalty(units, ngram=ngram, max_frequency=max_frequency, denominator=denominator)
        assert -ngram <= value <= 0.0

    @steady
    @given(SEQUENCES, st.sampled_from(Denominator))
    def test_it_is_the_formula_as_it_is_written(self, units, denominator):
        grams = [tuple(units[at : at + 5]) for at in range(len(units) - 4)]
        repeated = {gram: n for gram in grams if (n := grams.count(gram)) > 5}
        total = len(set(grams)) if denominator is Denominator.TYPES else len(grams)
        expected = (
            -max(len(repeated) / total, max(repeated.values()) / (len(units) / 5))
            if repeated
            else 0.0
        )
        assert phi4(units, denominator) == expected

    @pytest.mark.parametrize("length", [512 * 5 - 1, 512 * 5, 512 * 5 + 5, 10_000])
    @pytest.mark.parametrize("kinds", [2, 4])
    def test_long_sequences_are_counted_like_short_ones(self, length, kinds):
        choose = random.Random(length)
        units = [choose.randrange(kinds) for _ in range(length)]
        grams = Counter(tuple(units[at : at + 5]) for at in range(length - 4))
        repeated = [count for count in grams.values() if count > 5]
        expected = -max(len(repeated) / len(grams), max(repeated) / (length / 5))
        assert phi4(units) == expected

    @steady
    @given(SEQUENCES, st.permutations(range(4)), st.integers(0, 2**31))
    def test_only_which_units_are_equal_counts(self, units, permutation, shift):
        units = [unit % 4 for unit in units]
        renamed = [permutation[unit] + shift for unit in units]
        assert phi4(renamed) == phi4(units)

    @steady
    @given(SEQUENCES)
    def test_it_reads_the_same_backwards(self, units):
        assert phi4(units[::-1]) == phi4(units)

    @steady
    @given(SEQUENCES)
    def test_all_n_grams_never_weigh_more_than_different_ones(self, units):
        assert phi4(units, Denominator.ALL) >= phi4(units, Denominator.TYPES)

    @pytest.mark.parametrize("kinds", [1, 3, 100_000])
    def test_time_is_linear(self, kinds):
        choose = random.Random(7)
        units = [choose.randrange(kinds) for _ in range(100_000)]

        def cpu_seconds(count):
            started = time.process_time()
            phi4(units[:count])
            return time.process_time() - started

        tenth, whole = (min(cpu_seconds(count) for _ in range(5)) for count in (10_000, 100_000))
        assert whole < 40 * max(tenth, 0.001)

    @steady
    @given(st.lists(st.sampled_from(["a", "b", "c", "Ä"]), max_size=60))
    def test_words_are_units_whatever_the_space_between_them(self, words):
        numbers = {word: n for n, word in enumerate(["a", "b", "c", "Ä"])}
        expected = phi4([numbers[word] for word in words])
        assert phi4(repetition.words("\n\t ".join(words))) == expected


class TestThinkBlock:
    @pytest.mark.parametrize(
        ("response", "answer"),
        [
            ("<think>so</think>2", "2"),
            ("<think>\nso\n</think>\n\nIt is 2.\n", "It is 2."),
            ("  \n<think></think> 2", "2"),
            ("<think>a < b > c</think>x", "x"),
        ],
    )
    def test_answer_follows_the_block(self, response, answer):
        assert markup.answer_after_thoughts(response, opened_by_prompt=False) == answer

    @pytest.mark.parametrize(
        "response",
        [
            "",
            "2",
            "<think>so",
            "<think>so</think>",
            "<think>so</think> \n",
            "so</think>2",
            "Well. <think>so</think>2",
            "<think>so<think>so</think>2",
            "<think>so</think>2</think>3",
            "<think>so</think>2<think>so</think>3",
            "</think>2<think>",
            "</think><think>2",
            "<THINK>so</THINK>2",
            "<think >so</think>2",
        ],
    )
    def test_no_correct_block(self, response):
        assert markup.answer_after_thoughts(response, opened_by_prompt=False) is None

    @pytest.mark.parametrize(
        ("response", "answer"),
        [
            ("so</think>2", "2"),
            ("\n</think> 2", "2"),
            ("<think>so</think>2", None),
            ("so</think>", None),
            ("so</think>2</think>3", None),
            ("so", None),
        ],
    )
    def test_block_that_the_prompt_opened(self, response, answer):
        assert markup.answer_after_thoughts(response, opened_by_prompt=True) == answer

    @pytest.mark.parametrize(
        ("answer", "tagged"),
        [
            ("<answer>2</answer>", True),
            ("<answer>\n2\n</answer>", True),
            ("2", False),
            ("<answer>2", False),
            ("<answer> </answer>", False),
            ("<answer>2</answer> or so", False),
            ("So <answer>2</answer>", False),
            ("<answer>2</answer><answer>3</answer>", False),
            ("</answer>2<answer>", False),
        ],
    )
    def test_answer_tags_enclose_all_of_it(self, answer, tagged):
        assert markup.is_in_answer_tags(answer) is tagged

    @steady
    @given(st.lists(st.sampled_from(["<think>", "</think>", " ", "\n", "a"]), max_size=8))
    def test_opening_in_the_prompt_is_the_same_as_in_the_response(self, pieces):
        response = "".join(pieces)
        opened = markup.answer_after_thoughts(response, opened_by_prompt=True)
        assert opened == markup.answer_after_thoughts("<think>" + response, opened_by_prompt=False)
