"""Overlap with listed texts, against the plain way to look for it."""

import json
import random
import re
import time

import pyarrow
import pyarrow.parquet
import pytest
from rewrite_rows import check_of, rewrite_row

from assayoffice.rl.rewrites.policy import SetPolicy
from assayoffice.rl.rewrites.reports import CheckState
from assayoffice.rl.rewrites.sets.checks import SetChecks
from assayoffice.rl.rewrites.sets.overlaps import Overlaps
from assayoffice.rl.rewrites.sets.words import spoken, words
from assayoffice.rl.sources import UnreadableFileError

LISTED = (
    "In triangle $ABC$ the side $AB$ is $13$ long, and the median from $A$ to $BC$ is $12$ long. "
    "Find the length of the side $AC$, given that the area is $60$."
)


def policy(*files, **changed) -> SetPolicy:
    return SetPolicy(decontaminate=tuple(map(str, files)), **changed)


@pytest.fixture
def listed(tmp_path):
    def write(*texts: str):
        file = tmp_path / "benchmark.jsonl"
        file.write_text("".join(json.dumps({"problem": each}) + "\n" for each in texts))
        return file

    return write


class TestFinding:
    def test_a_run_of_words_in_other_dress(self, listed):
        problem = (
            "Consider this. In triangle \\(ABC\\), the side \\(\\mathrm{}AB\\) is 13 long and the "
            "median from A to BC is 12 long! What is the perimeter?"
        )
        file = listed("Something else entirely.", LISTED)
        rows = [rewrite_row(1, "How many are there?"), rewrite_row(2, problem)]
        check = check_of("contamination", rows, policy(file))
        assert (check.state, check.reason) == (CheckState.FAILED, "OVERLAP")
        (finding,) = check.rows
        assert (finding.number, finding.id) == (2, "row-2")
        assert f"{file} row 2" in finding.detail
        assert "in triangle abc the side ab is 13 long and the median from" in finding.detail

    def test_the_original_of_a_rewrite(self, listed):
        rows = [rewrite_row(number, f"Say {number}.", original_problem=LISTED) for number in (1, 2)]
        check = check_of("contamination", rows, policy(listed(LISTED)))
        assert [each.detail.split(":")[0] for each in check.rows] == ["its original"] * 2

    @pytest.mark.parametrize(
        ("entry", "problem", "found"),
        [
            # A short listed text within a long problem, and the other way round.
            (
                "What is the sum of the first ten primes?",
                f"{LISTED} {'w ' * 9} What is the sum of the first ten primes?",
                True,
            ),
            (
                f"{LISTED} And what is the sum of the first ten primes?",
                "What is the sum of the first ten primes?",
                True,
            ),
            # Twelve words in a row are not thirteen.
            (
                LISTED,
                "In triangle ABC the side AB is 13 long, and the other side is short as well",
                False,
            ),
            # Of very short ones only what is the same, signs included.
            ("What is 2+3?", "What is $2 + 3$?", True),
            ("What is 2+3?", "What is 2*3?", False),
            ("What is 2+3?", f"What is 2+3? {LISTED}", False),
        ],
    )
    def test_short_texts(self, listed, entry, problem, found):
        check = check_of("contamination", [rewrite_row(1, problem)], policy(listed(entry)))
        assert (check.state is CheckState.FAILED) is found

    def test_sizes_are_the_policys(self, listed):
        rows = [rewrite_row(1, "Here the side AB is 13 long, and so on and on and on and on.")]
        file = listed(LISTED)
        assert check_of("contamination", rows, policy(file)).reason == "CLEAN"
        shorter = policy(file, ngram_words=6, short_ngram_words=6)
        assert check_of("contamination", rows, shorter).reason == "OVERLAP"

    def test_turns_of_phrase_do_not_count(self, listed):
        phrase = (
            "can be written as m over n where m and n are coprime positive integers find m plus n"
        )
        rows = [rewrite_row(1, f"The odds {phrase}")]

        def entries(count: int) -> list[str]:
            return [f"{'xyz' * (number + 1)} {phrase}" for number in range(count)]

        assert check_of("contamination", rows, policy(listed(*entries(10)))).reason == "OVERLAP"
        assert check_of("contamination", rows, policy(listed(*entries(11)))).reason == "CLEAN"

    def test_a_problem_that_is_listed_often_is_no_turn_of_phrase(self, listed):
        rows = [rewrite_row(1, f"Consider this. {LISTED}")]
        file = listed(*[LISTED] * 16, *["Is 2 + 3 odd?"] * 16, "Is 2 - 3 odd?")
        assert check_of("contamination", rows, policy(file)).reason == "OVERLAP"
        short = [rewrite_row(1, "Is 2 - 3 odd?")]
        assert check_of("contamination", short, policy(file)).reason == "OVERLAP"

    @pytest.mark.parametrize("dress", ["\u200b", "\u00ad", "\ufeff", "\u2062", "\u0323", "\ufe0f"])
    def test_characters_without_a_shape_hide_nothing(self, listed, dress):
        hidden = "".join(each + dress for each in LISTED)
        check = check_of("contamination", [rewrite_row(1, hidden)], policy(listed(LISTED)))
        assert check.reason == "OVERLAP"

    def test_letters_that_look_alike_hide_nothing(self, listed):
        hidden = re.sub(r"\Ba\B", "\u0430", LISTED).replace("he", "h\u0435")
        assert not hidden.isascii()
        check = check_of("contamination", [rewrite_row(1, hidden)], policy(listed(LISTED)))
        assert check.reason == "OVERLAP"

    def test_without_a_list(self):
        check = check_of("contamination", [rewrite_row(1, LISTED)])
        assert (check.state, check.reason) == (CheckState.NOT_APPLICABLE, "NO_LIST")


class TestFiles:
    def test_each_form(self, tmp_path):
        plain, rows, table = (tmp_path / name for name in ("plain.txt", "rows.jsonl", "t.parquet"))
        plain.write_text(f"\ufeffFirst.\n\n{LISTED}\n")
        rows.write_text(json.dumps({"id": 1, "text": LISTED}) + "\n")
        pyarrow.parquet.write_table(pyarrow.table({"q": ["None.", LISTED]}), table)
        for file, place in ((plain, "row 3"), (rows, "row 1")):
            (found,) = check_of("contamination", [rewrite_row(1, LISTED)], policy(file)).rows
            assert f"{file} {place}" in found.detail
        named = policy(table, decontaminate_column="q")
        (found,) = check_of("contamination", [rewrite_row(1, LISTED)], named).rows
        assert f"{table} row 2" in found.detail

    def test_several_lists(self, tmp_path):
        files = [tmp_path / f"{number}.txt" for number in range(3)]
        for file, text in zip(files, ("One.\nTwo.\n", "Else.", f"Three.\n{LISTED}\n"), strict=True):
            file.write_text(text)
        check = check_of("contamination", [rewrite_row(1, LISTED)], policy(*files))
        assert f"{files[2]} row 2" in check.rows[0].detail
        assert check.figures == {"listed_texts": 5, "rows": 1}

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b'{"problem": 7}\n', "row 1: problem must be text, not int"),
            (b'{"problem": "a"}\n{"q": "b"}\n', "row 2: has no column problem or question"),
            (b'{"problem": "a"}\n{"problem\n', "row 2: not JSON"),
            (b"good\nb\xe4d\n", "line 2: byte 1 is not UTF-8"),
            (b"PAR1 and nothing more", "not a whole parquet file"),
            ("good\n".encode("utf-16"), "line 1: byte 0 is not UTF-8"),
            (b"", "holds no texts"),
            (b"\n \n", "holds no texts"),
            (b'{"problem": " "}\n', "holds no texts"),
        ],
    )
    def test_what_cannot_be_read_is_no_list(self, tmp_path, content, told):
        file = tmp_path / "list"
        file.write_bytes(content)
        with pytest.raises(UnreadableFileError) as error:
            SetChecks(policy(file))
        assert str(file) in str(error.value)
        assert told in str(error.value)

    def test_missing(self, tmp_path):
        with pytest.raises(UnreadableFileError, match="No such file"):
            SetChecks(policy(tmp_path / "gone.txt"))


def _made(count: int, rng: random.Random) -> list[str]:
    vocabulary = "abcdefgh"
    return [
        " ".join("".join(rng.choices(vocabulary, k=2)) for _ in range(rng.randint(1, 40)))
        for _ in range(count)
    ]


def _runs(text: str, size: int) -> set[tuple[str, ...]]:
    each = spoken(words(text))
    return {tuple(each[place : place + size]) for place in range(len(each) - size + 1)}


def test_against_the_plain_way():
    rng = random.Random(11)
    listed, texts = _made(150, rng), _made(150, rng)
    for index in range(0, 150, 2):  # a piece of a listed text in every second one
        piece = rng.choice(listed).split()
        begin = rng.randrange(len(piece))
        texts[index] = f"{texts[index]} {' '.join(piece[begin : begin + rng.randint(3, 12)])}"
    size, short = 6, 3
    plain = [spoken(words(entry)) for entry in listed]
    runs = {
        (number, n): _runs(entry, n) for number, entry in enumerate(listed) for n in (size, short)
    }

    def shared(text: str, entry: int) -> bool:
        counts = (len(spoken(words(text))), len(plain[entry]))
        if min(counts) < short:
            return max(counts) < short and words(text) == words(listed[entry])
        each = short if min(counts) < size else size
        return bool(runs[entry, each] & _runs(text, each))

    index = Overlaps(listed, size, short)
    found = 0
    for text in texts:
        overlap = index.of(words(text))
        expected = [number for number in range(len(listed)) if shared(text, number)]
        assert (overlap is not None) == bool(expected), text
        if overlap is not None:
            found += 1
            assert overlap.entry in expected
            assert overlap.run in " ".join(plain[overlap.entry])
            assert 0 < overlap.coverage <= 1
    assert 40 < found < 140


def test_long_lists_take_seconds():
    rng = random.Random(2)
    vocabulary = ["".join(rng.choices("abcdefghij", k=5)) for _ in range(3000)]
    listed = [" ".join(rng.choices(vocabulary, k=50)) for _ in range(5000)]
    began = time.process_time()
    index = Overlaps(listed, 13, 8)
    assert time.process_time() - began < 5
    overlap = index.of(words(f"now {listed[4321]}"))
    assert overlap is not None and overlap.entry == 4321
