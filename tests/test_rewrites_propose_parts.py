"""What proposals are made with: prompts, what is read of answers, what is known, what is kept."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from rewrite_rows import rewrite_row

from assayoffice.rl.rewrites.policy import SetPolicy
from assayoffice.rl.rewrites.propose.answers import UnreadableAnswerError, object_in
from assayoffice.rl.rewrites.propose.evidence import has_evidence
from assayoffice.rl.rewrites.propose.journal import Journal, JournalError
from assayoffice.rl.rewrites.propose.known import KnownProblems
from assayoffice.rl.rewrites.propose.lineage import Source, digest_of
from assayoffice.rl.rewrites.propose.prompts import PromptName, prompt
from assayoffice.rl.rewrites.propose.values import changed_values
from assayoffice.rl.rewrites.rewrite import Key, Premises, Rewrite, Unknown
from assayoffice.rl.submissions import Submission

_SUBMISSION = Submission("a", "numeric", "", {"reference": "17"})
SPEED = "A train covers 180 km in two and a half hours. What is its average speed in km/h?"


@pytest.mark.parametrize("name", list(PromptName))
def test_a_prompt_is_whole_and_names_its_version(name: PromptName) -> None:
    found = prompt(name)
    asked = found.asked("PROBLEM", "REFERENCE", 3)
    assert str(found) == f"{name.value}@1"
    assert "PROBLEM" in asked and "{{" not in asked
    assert "JSON" in found.system
    for field in found.recipe.fields:
        assert f'"{field}"' in asked
    assert set(found.schema["properties"]) == set(found.recipe.fields)  # type: ignore[call-overload]


def test_a_problem_does_not_fill_places_of_the_prompt() -> None:
    asked = prompt(PromptName.VARIATION).asked("{{reference}} {{fields}}", "SECRET", 1)
    assert "{{reference}} {{fields}}" in asked
    assert asked.count("SECRET") == 1


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ("How fast is a train on average, in km/h, that makes 180 km in 2.5 h?", ""),
        ("How fast is a train, in km/h, that makes 180 km in two and a half hours?", ""),
        ("How fast is a train, in km/h, that makes 108 km in 2.5 h?", "no longer says 180"),
        ("How fast is a train, in km/h, in two and a half hours?", "no longer says 180"),
    ],
)
def test_numbers_of_a_paraphrase_are_those_of_its_row(after: str, told: str) -> None:
    assert changed_values(SPEED, after) == told


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("Add 2 and 1,000.", "What is the sum of 1000 and two?", ""),
        ("Add $2$ and $1{,}000$.", "Add 1\\,000 to 2.", ""),
        ("Add 2 and 3.", "Add 2 and 3 and 5.", "says 5, which the row does not"),
        ("Add two and 3.", "Add 4 and 3.", ""),  # Of words nothing is known.
        ("Add 2 and 2.", "Double 2.", ""),
        ("Is 0.5 a half?", "Is .5 a half?", "no longer says 0.5"),
    ],
)
def test_numbers_in_words_may_become_digits(before: str, after: str, told: str) -> None:
    assert changed_values(before, after) == told


@pytest.mark.parametrize(
    ("constraints", "asked", "is_evidence"),
    [
        (["x == 17"], "x", False),
        (["y > 0", "( 17 )==x"], "x", False),
        (["3 == x == y"], "y", False),
        (["x + y == 3**2"], "x+y", False),
        (["x > y"], "17", False),
        (["x == y", "y == 17"], "x", True),  # In two steps it is not seen.
        (["x == 17"], "2*x", True),
        (["2*x == 34"], "x", True),
        (["x >= 17", "x <= 17"], "x", True),
        (["x == pi*y**2", "y == 2"], "x", True),
    ],
)
def test_premises_that_state_the_answer_are_no_evidence(
    constraints: list[str], asked: str, is_evidence: bool
) -> None:
    unknowns = (Unknown("x"), Unknown("y"))
    rewrite = Rewrite(_SUBMISSION, premises=Premises(unknowns, tuple(constraints), asked))
    assert has_evidence(rewrite) == is_evidence
    working = Key("print(sum(range(3)))")
    assert has_evidence(replace(rewrite, key=working))


@pytest.mark.parametrize(
    ("source", "is_evidence"),
    [
        ("print(42)", False),
        ("print('42')", False),
        ("def main():\n    answer = -42\n    print(str(answer))\n\nmain()", False),
        ("print(54 * 100 // 120)", True),
        ("print(max(3, 4))", True),
        ("import math\nprint(math.pi)", True),
        ("print(sum(i for i in range(9)))", True),
        ("print(", True),  # The check of keys says what is wrong with it.
    ],
)
def test_a_key_that_prints_a_constant_is_no_evidence(source: str, is_evidence: bool) -> None:
    assert has_evidence(Rewrite(_SUBMISSION, key=Key(source))) == is_evidence


@pytest.mark.parametrize(
    "text",
    [
        '{"problem": "p"}',
        'Sure!\n```json\n{"problem": "p"}\n```\nHope it helps {really}.',
        '<think>{"problem": "draft"}</think>{"problem": "p"}',
        'The set {1, 2} is nice.\n{"problem": "p"}',
        '~~~\n{"problem": "p"}\n~~~',
    ],
)
def test_the_object_of_an_answer_is_found(text: str) -> None:
    assert object_in(text, cut_off=False) == {"problem": "p"}


@pytest.mark.parametrize("text", ['{"p": NaN}', '{"p": Infinity}', '{"p": 1' + "0" * 9000 + "}"])
def test_numbers_that_are_none_make_no_object(text: str) -> None:
    with pytest.raises(UnreadableAnswerError) as error:
        object_in(text, cut_off=False)
    assert error.value.reason == "NOT_JSON"


@pytest.mark.parametrize("eaten", ["\\frac", "\\beta", "\\rho", "\\times", "\\text", "\\theta"])
def test_latex_that_json_ate_is_noticed(eaten: str) -> None:
    with pytest.raises(UnreadableAnswerError) as error:
        object_in('{"problem": "What is $' + eaten + '$?"}', cut_off=False)
    assert error.value.reason == "ESCAPES"


def test_programs_may_hold_tabs() -> None:
    answer = {"key": {"source": "if 1:\n\texit()"}}
    assert object_in(json.dumps(answer), cut_off=False) == answer


@pytest.mark.parametrize(
    "text", ["{" * 200_000, '{"a":' * 40_000, "```\n{" * 40_000, "\n{" * 90_000]
)
def test_reading_stays_linear(text: str) -> None:
    start = time.monotonic()
    with pytest.raises(UnreadableAnswerError):
        object_in(text, cut_off=False)
    assert time.monotonic() - start < 2.0


class TestKnownProblems:
    def test_what_is_nearly_known_is_turned_away(self) -> None:
        known = KnownProblems(SetPolicy())
        assert known.add(rewrite_row(1, SPEED)) is None
        found = known.repeats(rewrite_row(2, SPEED + " Please."))
        assert found is not None
        assert found[0] == "NEAR_DUPLICATE" and found[1].endswith("to row-1")

    def test_other_numbers_are_another_problem(self) -> None:
        known = KnownProblems(SetPolicy())
        assert known.add(rewrite_row(1, SPEED)) is None
        assert known.repeats(rewrite_row(2, SPEED.replace("180", "210"))) is None

    def test_case_and_dollars_make_no_other_problem(self) -> None:
        known = KnownProblems(SetPolicy())
        assert known.add(rewrite_row(1, "What is $2 + 2$?")) is None
        found = known.repeats(rewrite_row(2, "what is 2 + 2"))
        assert found == ("DUPLICATE", "the same problem as row-1")

    def test_what_was_turned_away_turns_nobody_away(self) -> None:
        known = KnownProblems(SetPolicy())
        words = [f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyzäöü"]
        first, second, third = (" ".join(words[start : start + 24]) + "?" for start in (0, 2, 4))
        assert known.add(rewrite_row(1, first)) is None
        assert known.repeats(rewrite_row(2, second)) is not None
        assert known.repeats(rewrite_row(3, third)) is None


def test_a_digest_is_of_the_row_and_not_of_its_stamp_or_order() -> None:
    row: Mapping[str, object] = {"id": "a", "problem": "p"}
    assert digest_of(row) == digest_of({"problem": "p", "id": "a", "stamp": {"hallmark": "x"}})
    assert digest_of(row) != digest_of({**row, "domain": "d"})


def test_seeds_differ_and_come_again() -> None:
    sources = [Source("p", "d", "paraphrase@1", "q", index) for index in range(100)]
    seeds = [each.seed(1) for each in sources]
    assert len(set(seeds)) == 100
    assert seeds == [each.seed(1) for each in sources]
    assert seeds[0] != sources[0].seed(2)
    assert all(0 <= each < 2**31 for each in seeds)


class TestJournal:
    line: Mapping[str, object] = {
        "provenance": {
            "lineage": {"parent": "p", "parent_digest": "d", "prompt": "x@1", "index": 0}
        }
    }

    def test_a_last_line_without_its_end_is_kept_if_it_is_whole(self, tmp_path: Path) -> None:
        file = tmp_path / "out.jsonl"
        file.write_text(json.dumps(self.line))
        with Journal(file) as journal:
            assert journal.has(Source("p", "d", "x@1", "", 0))
            assert not journal.has(Source("p", "d", "x@1", "", 1))
            journal.write({"second": True})
        first, second = file.read_text().splitlines()
        assert (json.loads(first), json.loads(second)) == (self.line, {"second": True})

    def test_what_is_broken_before_the_end_is_not_touched(self, tmp_path: Path) -> None:
        file = tmp_path / "out.jsonl"
        file.write_text("broken\n" + json.dumps(self.line) + "\n")
        with pytest.raises(JournalError, match="row 1"):
            Journal(file)
        assert file.read_text().startswith("broken\n")

    def test_a_file_belongs_to_one_run_at_a_time(self, tmp_path: Path) -> None:
        file = tmp_path / "out.jsonl"
        with Journal(file) as journal:
            with pytest.raises(JournalError, match="another run is writing it"):
                Journal(file)
            journal.write(self.line)
        with Journal(file) as journal:
            assert journal.contents == [self.line]

    def test_half_a_character_is_no_reason_to_stop(self, tmp_path: Path) -> None:
        file = tmp_path / "out.jsonl"
        with Journal(file) as journal:
            journal.write({"answer": "half: \ud800"})
        assert json.loads(file.read_text()) == {"answer": "half: ?"}
