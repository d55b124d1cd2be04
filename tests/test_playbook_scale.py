"""Scaling frozen mixes: what is refused, what is run, and what the matrix says of it.

The service, the ledger and the evaluations are real; trainers and samplers are fakes.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_playbook import PlaybookPrograms
from playbook_files import diary, write_playbook
from test_training_pipeline import Seen

from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.playbook import config, explore, scale
from assayoffice.rl.playbook.errors import NoEvidenceError
from assayoffice.rl.playbook.gate import Verdict
from assayoffice.rl.playbook.matrix import Matrix, Standing
from assayoffice.rl.training.errors import ChangedRunError, ConfigError

SCALE = """
[scale]
mixes = { a = 1, b = 2 }
set = { "grpo.verl.fake.gain" = 0.2 }
"""


@pytest.fixture(scope="module")
def explored(tmp_path_factory, endpoint) -> Iterator[Path]:
    """Domain a, explored; both mixes frozen."""
    folder = tmp_path_factory.mktemp("scaled")
    file = write_playbook(folder, endpoint, more=SCALE)
    found = explore.explore(config.load(file), folder / "run", PlaybookPrograms(), Seen(), ("a",))
    assert found["a"].verdict is Verdict.SCALE
    Ledger(folder / "mixes").freeze("b")
    yield file


def go(file: Path, seen: Seen | None = None, **options: bool) -> Matrix:
    return scale.scale(
        config.load(file), file.parent / "run", PlaybookPrograms(), seen or Seen(), **options
    )


class TestEvidence:
    def test_domain_that_was_not_explored_is_not_scaled(self, explored):
        with pytest.raises(NoEvidenceError, match="b: it was not explored in .*run") as caught:
            go(explored)
        assert "  a:" not in str(caught.value)
        assert not (explored.parent / "run/scale").exists()

    def test_what_the_gate_refines_is_not_scaled(self, explored, tmp_path):
        decision = explored.parent / "run/explore/a/decision.json"
        written = decision.read_text()
        try:
            decision.write_text(written.replace('"scale"', '"refine"', 1))
            with pytest.raises(NoEvidenceError, match=r"a: the gate says refine, .*decision\.json"):
                go(explored)
            decision.write_text(written.replace(json.loads(written)["mix"], "0" * 64))
            with pytest.raises(NoEvidenceError, match="a: it was explored with other content"):
                go(explored)
        finally:
            decision.write_text(written)

    def test_scaled_all_the_same_it_is_recorded(self, explored):
        seen = Seen()
        before = Counter(diary(explored.parent))
        found = go(explored, seen, without_evidence=True)
        assert list(seen.ended) == list(scale.stage_names(config.load(explored)))
        assert found.without_evidence == ("b",)
        a, b = found.rows
        # SFT adds 0.3 to both, GRPO 0.2; a was explored to 0.5 alone, b was not.
        assert (a.against_start, a.against_best) == (Standing.BETTER, Standing.BETTER)
        assert (b.against_start, b.against_best) == (Standing.BETTER, None)
        assert list(a.cells) == ["start", "sft", "grpo"]
        written = json.loads((explored.parent / "run/scale/matrix.json").read_text())
        assert written["without_evidence"] == ["b"] and written["lost"] == []
        # Weights of the configuration, applied by the ledger.
        assert {name: each["rows"] for name, each in written["mixes"].items()} == {"a": 12, "b": 24}
        started = Counter(diary(explored.parent)) - before
        assert started["sample start"] == 1  # of b; a was measured before

        # And again: nothing is started, and the same is said.
        again = go(explored, without_evidence=True)
        assert again == found
        assert Counter(diary(explored.parent)) - before == started

        text = explored.read_text()
        try:
            explored.write_text(text.replace("b = 2 }", "b = 1 }\ncombination = 'other'"))
            with pytest.raises(ChangedRunError, match=r"mix b: \[.*, 2.0\], now \[.*, 1.0\]"):
                go(explored, without_evidence=True)
        finally:
            explored.write_text(text)


class TestMistakes:
    def test_held_out_problems_that_are_trained_on_are_refused(self, explored):
        file = explored.parent / "b-held-out.jsonl"
        text = file.read_text()
        try:
            file.write_text(text.replace("In b, what is 101 + 101?", "In a, what is 5 + 5?"))
            with pytest.raises(ConfigError, match="row 2 asks what a row 'a-5' asks"):
                go(explored, without_evidence=True)
        finally:
            file.write_text(text)

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("[scale]", "[scale2]", "scale2: there is no such key"),
            ("b = 2", "a2 = 2", "scale.mixes.a2: a is of the same domain"),
            ("b = 2", "open = 2", r"scale\.mixes\.open: the mix is open and may yet change"),
            ("[explore.b]", "[explore.c]", "add a table .explore.b."),
        ],
    )
    def test_mixes_that_cannot_be_scaled_are_named(self, explored, old, new, message):
        ledger = Ledger(explored.parent / "mixes")
        if "a2" not in ledger.names():
            ledger.copy("a", "a2")
            ledger.freeze("a2")
            ledger.copy("b", "open")
        text = explored.read_text()
        try:
            explored.write_text(text.replace(old, new))
            with pytest.raises(ConfigError, match=message):
                go(explored, without_evidence=True)
        finally:
            explored.write_text(text)

    def test_configuration_must_say_what_is_scaled(self, explored):
        text = explored.read_text()
        try:
            explored.write_text(text[: text.index("[scale]")])
            with pytest.raises(ConfigError, match="scale: missing; say which mixes"):
                go(explored)
        finally:
            explored.write_text(text)
