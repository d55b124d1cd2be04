"""The page of a playbook says what its files say, at every stage, and never markup of others.

Nothing is trained or sampled: playbook_left.py writes what a playbook leaves.
"""

import json
import re

import pytest
from playbook_left import HALLMARK, Left
from test_training_report import Page

from assayoffice.rl.playbook.page.figures import gain, share

HOSTILE = '</pre><script>alert("x")</script><img src=x onerror=alert(1)>'


@pytest.fixture
def left(tmp_path) -> Left:
    return Left(tmp_path / "run")


def complete(left: Left) -> Left:
    left.prepared()
    left.filtered()
    left.mixed()
    for domain in left.domains:
        left.explored(domain, 0.5, 0.6, 0.5)
    left.scaled({domain: 0.7 for domain in left.domains}, explored=0.6)
    left.voted()
    return left


def headline(left: Left) -> str:
    found = re.search(r'class="headline">([^<]*)<', left.page().read_text("utf-8"))
    assert found
    return found[1]


class TestStages:
    """Each stage by itself; a later one lacks nothing of those before."""

    def test_nothing_yet(self, left):
        page = Page(left.page())
        assert "Not finished yet" in page.text and "No problem was filtered yet." in page.text
        assert "scaled model" not in page.text and "Before and after" not in page.headings

    def test_filtered(self, left):
        left.prepared()
        left.filtered()
        page = Page(left.page())
        assert "Not finished yet" in page.text and "5 (56 %)" in page.text
        assert not [each for each in page.headings if each.startswith("Explored")]

    def test_one_of_the_domains_filtered_and_mixed(self, tmp_path):
        Left(tmp_path / "run", ["sums"]).filtered()
        Left(tmp_path / "run", ["sums"]).mixed()
        text = Page(Left(tmp_path / "run").page()).text
        assert "sums: solve rates" in text and "words" not in text

    def test_experiments_without_a_decision(self, left):
        left.explored("sums", 0.5, decided=False)
        page = Page(left.page())
        assert "Explored: sums" in page.headings and "Explored: words" not in page.headings
        assert "The gate was not asked yet." in page.text and "Not finished yet" in page.text

    def test_refined_shows_what_is_missing_and_what_changed(self, left):
        left.prepared()
        decision = left.explored("sums", 0.3, 0.5)
        page = Page(left.page())
        assert "Not scaled: the gate says to refine sums." in page.text
        for each in decision.chosen.findings:
            assert f"{each.sentence} {each.remedy}".strip() in page.text
        assert "sums: points gained alone" in page.text and "Before and after" not in page.headings
        assert "How lr=1 was trained: 2 runs" in page.text

    def test_answers_that_changed_while_exploring_are_of_the_first_run(self, left):
        left.explored("sums", 0.5, 0.3)
        page = Page(left.page())
        assert "Greedy answers that became right (40)" in page.headings
        assert "seed 1, after SFT" in page.text and "start says False" in page.text
        assert "sft says True" in page.text

    def test_experiments_whose_folders_were_deleted(self, left):
        left.explored("sums", 0.5, 0.6)
        for path in left.run.glob("explore/*/experiments/*/*/evaluations/*.json"):
            path.unlink()
        assert "How lr=1 was trained" not in Page(left.page()).text

    def test_trained_but_not_compared(self, left):
        left.scaled({"sums": 0.5, "words": 0.5}, compared=False)
        page = Page(left.page())
        assert "Not finished yet" in page.text and "Training of the combination" in page.headings
        assert "Regression matrix" not in page.headings

    def test_scaled_without_grpo_or_votes(self, left):
        left.scaled({"sums": 0.7, "words": 0.7}, grpo=False)
        page = Page(left.page())
        assert "Majority votes were not counted yet." in page.text
        assert "Sampled accuracy over training, 95 % intervals (SFT until 24)" in page.headings
        assert not [each for each in page.headings if each.startswith("GRPO")]
        assert "Answers to look at" not in page.text and "after GRPO" not in page.text
        assert "Greedy answers that became right (120)" in page.headings

    def test_complete(self, left):
        headings = Page(complete(left).page()).headings
        assert headings == [
            "Playbook: run",
            "From problems to mixes",
            "sums: solve rates before and after the filter",
            "words: solve rates before and after the filter",
            *(
                heading
                for domain in ("sums", "words")
                for heading in (
                    f"Explored: {domain}",
                    "Sampled accuracy on held-out problems, 95 % intervals over problems",
                    "SFT: loss",
                )
            ),
            "Before and after",
            "Sampled accuracy on held-out problems",
            "Sampled accuracy over training, 95 % intervals (SFT until 24, GRPO until 48)",
            "Regression matrix",
            "Training of the combination",
            "SFT: loss",
            "GRPO: mean reward",
            "GRPO: accuracy of the rollouts",
            "GRPO: components of the reward",
            "GRPO: response length",
            "GRPO: answers to look at",
            "GRPO: seconds of a step",
            "Greedy answers that became right (120)",
            "Where the time went",
            "What this does not show",
            "What was pinned",
        ]


class TestFigures:
    def test_histogram_is_of_all_problems_and_of_those_kept(self, left):
        left.filtered()
        titles = re.findall(
            r"<title>(left after it \(5\)|dropped by it): (\S+) at (\S+)</title>",
            left.page().read_text("utf-8"),
        )
        kept = {at: int(count) for name, count, at in titles if name.startswith("left")}
        dropped = {at: int(count) for name, count, at in titles if name.startswith("dropped")}
        assert kept == {"0": 0, "25": 1, "50": 3, "75": 1, "100": 0}
        assert dropped == {"0": 2, "25": 0, "50": 0, "75": 0, "100": 1}

    def test_reasons_and_what_has_no_verdict_are_counted_apart(self, left):
        left.filtered()
        text = Page(left.page()).text
        assert "sums 9 5 (56 %) 1 2 0 0 1 words" in text

    def test_uplift_and_runs_are_the_decisions(self, left):
        left.explored("sums", 0.5, 0.6, 0.5)
        written = json.loads(left.folder.decision("sums").read_text())
        text = Page(left.page()).text
        difference = written["points"][0]["findings"][0]["difference"]
        assert gain(difference) in text and "+20.0, +30.0, +20.0" in text

    def test_matrix_is_that_of_the_file(self, left):
        complete(left)
        written = json.loads(left.folder.matrix.read_text())
        text = Page(left.page()).text
        for row in written["domains"]:
            assert row["sentence"] in text
            for cell in row["checkpoints"].values():
                assert share(cell["accuracy"]) in text
                assert cell["to_start"] is None or gain(cell["to_start"]) in text
        assert "+40.0" in text and written["combination"]["digest"][:12] in text

    def test_accuracy_over_training_has_its_intervals(self, left):
        complete(left)
        text = left.page().read_text("utf-8")
        drawn = text[text.index("Sampled accuracy over training") :].split("</figure>")[0]
        # A bar at each of three checkpoints of two domains.
        assert len(re.findall(r'<line class="line c1"', drawn)) == 3
        assert len(re.findall(r'<line class="line c2"', drawn)) == 3
        assert "sums: 30 at 0" in drawn and "sums: 70 at 48" in drawn

    def test_votes_have_no_majority_where_answers_cannot_be_counted(self, left):
        complete(left)
        text = Page(left.page()).text
        figures = "25.0 (20.0 to 30.0) 1.3 50.0 (45.0 to 55.0)"
        assert f"sums base model {figures} 37.5 (32.5 to 42.5) 12.5" in text
        assert f"sums after SFT {figures} – 12.5" in text

    def test_errors_of_the_infrastructure_are_said(self, left):
        complete(left)
        page = Page(left.page())
        assert "48 errors instead of rewards" in page.text
        # 2 of 8 answers in each step.
        assert "without a reward: 0.25 at 1" in page.text and "evasive answers: 0.25" in page.text

    def test_time_by_stage_adds_up(self, left):
        complete(left)
        text = Page(left.page()).text
        assert "base model 2.0" in text and "experiments on words 1.0" in text
        assert "scaling: SFT 5.0" in text and "scaling: GRPO 5.0" in text
        assert "all 14.0 100 %" in text

    def test_everything_is_pinned(self, left):
        left.prepared()
        mixes = left.mixed()
        left.explored("sums", 0.5, 0.6, 0.5)
        text = Page(left.page()).text
        for each in (*mixes.values(), HALLMARK, "0.9.1", "seed = 7"):
            assert each in text


class TestHeadline:
    @pytest.mark.parametrize(
        ("last", "said"),
        [
            (0.7, "The scaled model is better than the base model at sums and words."),
            (0.3, "The scaled model is no worse at sums and words."),
            (0.2, "The scaled model is worse at sums and words."),
        ],
    )
    def test_against_the_base_model(self, left, last, said):
        left.scaled({"sums": last, "words": last})
        assert headline(left) == said

    def test_domains_differ(self, left):
        left.scaled({"sums": 0.7, "words": 0.2})
        said = "The scaled model is better than the base model at sums, worse at words."
        assert headline(left) == said

    def test_gains_that_did_not_add_up(self, left):
        left.scaled({"sums": 0.7, "words": 0.4}, explored=0.6)
        assert "It is worse than when explored alone at words: gains" in headline(left)

    def test_what_cannot_be_told_is_not_called_kept(self, left):
        left.scaled({"sums": 0.7, "words": 0.7}, explored=0.6)
        written = json.loads(left.folder.matrix.read_text())
        written["domains"][0]["against_start"] = "cannot tell"
        written["domains"][1]["against_best"] = "cannot tell"
        left.folder.matrix.write_text(json.dumps(written))
        said = headline(left)
        assert "not known to be better or worse at sums" in said
        assert "as good as when explored alone cannot be told at words." in said

    def test_without_evidence(self, left):
        left.scaled({"sums": 0.7, "words": 0.7}, without=["words"])
        assert "The gate had not said to scale words; it was done all the same." in headline(left)


class TestHostileText:
    def test_is_text_and_never_markup(self, tmp_path):
        domain = "<b onclick=alert(1)>&sums"
        left = Left(tmp_path / "<i>run", [domain], HOSTILE)
        left.prepared()
        left.filtered()
        left.explored(domain, 0.5, 0.6)
        refined = Page(left.page())
        left.scaled({domain: 0.7}, explored=0.6)
        left.voted()
        page = Page(left.page())
        for each in (refined, page):
            assert not {"script", "img"} & set(each.tags)
            assert domain in each.text and HOSTILE in each.text
        written = (tmp_path / "report.html").read_text("utf-8")
        assert "<script" not in written and "<b onclick" not in written and "<i>run" not in written

    def test_nothing_is_loaded_from_elsewhere(self, left):
        path = complete(left).page()
        written = path.read_text("utf-8")
        assert Page(path).references == []
        assert "default-src 'none'" in written and "url(" not in written
        assert not re.search(r"https?://", written)
