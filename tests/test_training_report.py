"""The report says what was measured, escapes what models wrote, and loads nothing."""

import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assayoffice.rl.statistics.intervals import Estimate, Tally
from assayoffice.rl.training import evaluation, metrics, report, svg
from assayoffice.rl.training.cli import app
from assayoffice.rl.training.errors import TrainingError
from assayoffice.rl.training.evaluation import Evaluation, ProblemResult
from assayoffice.rl.training.folder import RunFolder, write_json, write_whole
from assayoffice.rl.training.frame import Frame, ticks
from assayoffice.rl.training.metrics import Step
from assayoffice.rl.training.stages import Stages

HOSTILE = '</pre><script>alert("x")</script><img src=x onerror=alert(1)>\x00\ud83d'


def answers(*correct: int, greedy: bool, errors: dict[str, int] | None = None) -> Evaluation:
    results = (
        ProblemResult(str(number), ("sums", "words")[number % 2], Tally(each, 4), greedy, 9.0)
        for number, each in enumerate(correct)
    )
    return Evaluation(tuple(results), errors or {}, ("numeric@1:ab",))


@pytest.fixture
def run(tmp_path):
    def make(seed: int = 1, after: tuple[int, ...] = (3, 4, 2, 3), **changed: object) -> RunFolder:
        folder = RunFolder(tmp_path / f"run-{seed}")
        write_whole(folder.config, "seed = 1\n# <b>why</b>\n")
        write_json(folder.versions, {"verl": "0.9.1"})
        stages = Stages(folder)
        facts = {"seed": seed, "model.path": None, "reward.recipe": "r1@1", **changed}
        facts |= {"sft.enabled": True, "sft.steps": 2, "grpo.enabled": True, "grpo.steps": 2}
        stages.run("configuration", facts, lambda: ())
        served = {"hallmark of numeric": "ab" * 32, "recipe": "r1@1", "recipe digest": "cd" * 32}
        stages.run("service", served, lambda: ())
        found = {
            "start": answers(0, 0, 0, 0, greedy=False),
            "sft": answers(1, 2, 1, 2, greedy=False, errors={"WORKER_CRASHED": 3}),
            "grpo": answers(*after, greedy=True),
        }
        for name, each in found.items():
            evaluation.save(each, folder.evaluation(name))
            rows = (
                {
                    "id": f"{number}/greedy",
                    "data_source": "sums",
                    "prompt": [{"role": "user", "content": f"Question {number} {HOSTILE}"}],
                    "response": f"{name} says {HOSTILE}",
                    "greedy": True,
                }
                for number in range(4)
            )
            text = "".join(json.dumps(row) + "\n" for row in rows)
            write_whole(folder.completions(name), text)
        rewards = {"accuracy": 0.5, "component/accuracy": 0.5, "component/format": 1.0}
        rewards |= {"wait_seconds": 0.1, "busy_seconds": 1.0, "samples": 8, "wait_share": 0.01}
        metrics.save(
            folder.metrics,
            [
                Step("sft", 1, 2.0, None, None, {}),
                Step("sft", 2, 1.0, None, None, {}),
                Step("grpo", 1, 0.1, 0.4, 9, {"step": 10, "gen": 6}, rewards),
                Step("grpo", 2, 0.1, 0.6, 8, {"step": 10, "gen": 6}, rewards),
            ],
        )
        return folder

    return make


class Page(HTMLParser):
    """The texts, headings and references of a page; fails on markup that is not closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.headings: list[str] = []
        self.references: list[str] = []
        self.feed(path.read_text("utf-8"))
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.references += [value for name, value in attrs if name in ("src", "href") and value]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if self.open and self.open[-1] in ("h1", "h2", "figcaption"):
            self.headings.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.texts)


class TestOneRun:
    def test_sections_and_charts(self, run, tmp_path):
        report.write([run()], tmp_path / "report.html")
        assert Page(tmp_path / "report.html").headings == [
            "run-1",
            "Sampled accuracy on held-out problems",
            "Held-out accuracy",
            "Training",
            "SFT: loss",
            "GRPO: mean reward",
            "GRPO: accuracy of the rollouts",
            "GRPO: components of the reward",
            "GRPO: response length",
            "GRPO: answers to look at",
            "GRPO: seconds of a step",
            "Greedy answers that became right (4)",
            "What was pinned",
        ]

    def test_figures_are_those_of_the_evaluations(self, run, tmp_path):
        folder = run()
        report.write([folder], tmp_path / "report.html")
        text = Page(tmp_path / "report.html").text
        assert "37.5 %" in text and "75.0 %" in text and "+37.5" in text
        assert "3 answers without a verdict (WORKER_CRASHED)" in text
        assert "Training waited for them at most 1.00 % of the time" in text
        for pinned in ("ab" * 32, "cd" * 32, "0.9.1", "# <b>why</b>"):
            assert pinned in text

    def test_what_a_model_wrote_is_text_and_never_markup(self, run, tmp_path):
        folder = run()
        report.write([folder], tmp_path / "report.html")
        page = Page(tmp_path / "report.html")
        assert not {"script", "img", "b"} & set(page.tags) - {"b"}
        assert '<script>alert("x")</script>' in page.text
        assert "<script>" not in (tmp_path / "report.html").read_text("utf-8")

    def test_nothing_is_loaded_from_elsewhere(self, run, tmp_path):
        report.write([run()], tmp_path / "report.html")
        written = (tmp_path / "report.html").read_text("utf-8")
        assert Page(tmp_path / "report.html").references == []
        assert "default-src 'none'" in written and "url(" not in written
        assert not re.search(r"https?://", written)

    def test_long_answers_are_cut_and_say_so(self, run, tmp_path):
        folder = run()
        path = folder.completions("grpo")
        path.write_text(path.read_text().replace("grpo says", "long " * 2000))
        report.write([folder], tmp_path / "report.html")
        assert re.search(r"… \(10\d\d\d characters in all\)", Page(tmp_path / "report.html").text)

    def test_rewards_that_nothing_is_known_about_are_not_called_complete(self, run, tmp_path):
        folder = run()
        evaluation.save(answers(1, 2, 1, 2, greedy=False), folder.evaluation("sft"))
        report.write([folder], tmp_path / "report.html")
        assert "every rollout its reward" in Page(tmp_path / "report.html").text
        steps = metrics.read(folder.metrics)
        metrics.save(folder.metrics, [dataclasses.replace(each, rewards={}) for each in steps])
        report.write([folder], tmp_path / "report.html")
        text = Page(tmp_path / "report.html").text
        assert "every rollout its reward" not in text and "Of 2 steps, nothing is known" in text

    def test_one_problem_is_too_few_to_compare(self, run, tmp_path):
        folder = run()
        for name in ("start", "sft", "grpo"):
            evaluation.save(answers(1, greedy=False), folder.evaluation(name))
        report.write([folder], tmp_path / "report.html")
        assert "too few problems have verdicts to compare" in Page(tmp_path / "report.html").text

    def test_folder_without_its_record_is_named(self, run, tmp_path):
        folder = run()
        folder.stages.unlink()
        with pytest.raises(TrainingError, match=r"stages\.json: the stage configuration"):
            report.write([folder], tmp_path / "report.html")


class TestSeveralRuns:
    def test_seeds_are_shown_each_and_in_the_mean(self, run, tmp_path):
        folders = [run(1), run(2, (4, 4, 4, 4)), run(3, (2, 3, 2, 3))]
        report.write(folders, tmp_path / "report.html")
        text = Page(tmp_path / "report.html").text
        assert "3 runs: seed 1, seed 2, seed 3" in text
        assert "each +37.5, +62.5, +25.0" in text and "+41.7" in text
        assert text.count("mean of seeds") == 3  # all, and each domain
        assert "differs" not in text

    def test_intervals_over_few_seeds_end_where_accuracies_do(self, run, tmp_path):
        report.write([run(1, (0, 1, 0, 1)), run(2, (4, 4, 4, 4))], tmp_path / "report.html")
        text = Page(tmp_path / "report.html").text
        assert "56.2 (0.0 to 100.0)" in text and "100.0 (95 %)" in text

    def test_runs_of_different_configurations_are_not_passed_off_as_seeds(self, run, tmp_path):
        report.write([run(1), run(2, **{"grpo.lr": 1})], tmp_path / "report.html")
        text = Page(tmp_path / "report.html").text
        assert "seed 2 differs from seed 1 in more than its seed" in text
        assert "grpo.lr: absent, now 1" in text


class TestIntervals:
    @staticmethod
    def corners(folder: RunFolder, title: str, tmp_path: Path) -> list[tuple[float, float]]:
        """Of the band in a chart."""
        report.write([folder], tmp_path / "report.html")
        text = (tmp_path / "report.html").read_text("utf-8")
        chart = text[text.index(f"<figcaption>{title}") :].split("</figure>")[0]
        (drawn,) = re.findall(r'class="fill band c1" points="([^"]+)"', chart)
        pairs = (each.split(",") for each in drawn.split())
        return [(float(x), float(y)) for x, y in pairs]

    def test_band_is_students_over_the_last_steps(self, run, tmp_path):
        folder, values = run(), [0.1, 0.4, 0.2, 0.5, 0.3] * 4
        metrics.save(
            folder.metrics,
            [Step("grpo", at, 0.1, each, 9, {}, {}) for at, each in enumerate(values, start=1)],
        )
        corners = self.corners(folder, "GRPO: mean reward", tmp_path)
        # From the fifth step on, there and back.
        assert len(corners) == 2 * 16
        # The mean is 0.3 and sd sqrt(0.025) in every window; t with 4 degrees of freedom is 2.776.
        half = 2.7764 * (0.025 / 5) ** 0.5
        frame = Frame.around([(1, 0.3 - half), (20, 0.3 + half), (1, 0.1), (20, 0.5)], False)
        levels = [y for _, y in corners]
        assert levels[:16] == pytest.approx([frame.y(0.3 + half)] * 16, abs=0.1)
        assert levels[16:] == pytest.approx([frame.y(0.3 - half)] * 16, abs=0.1)

    def test_band_of_shares_ends_where_they_do(self, run, tmp_path):
        folder, values = run(), [0.0, 0.0, 0.0, 0.0, 1.0] * 4
        metrics.save(
            folder.metrics,
            [
                Step("grpo", at, 0.1, 0.5, 9, {}, {"accuracy": each})
                for at, each in enumerate(values, start=1)
            ],
        )
        corners = self.corners(folder, "GRPO: accuracy of the rollouts", tmp_path)
        frame = Frame.around([(1, 0.0), (20, 1.0)], False)
        assert max(y for _, y in corners) == pytest.approx(frame.y(0.0), abs=0.1)
        assert "its 95 % interval over these steps" in Page(tmp_path / "report.html").text


class TestCommand:
    def test_writes_the_report(self, run, tmp_path):
        output = tmp_path / "all.html"
        command = ["train-report", str(run(1).path), str(run(2).path), "--output", str(output)]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0 and str(output) in done.stdout
        assert output.exists()

    def test_folder_without_evaluations_is_3_and_says_so(self, tmp_path):
        done = CliRunner().invoke(app, ["train-report", str(tmp_path)])
        assert done.exit_code == 3 and "no evaluation yet" in done.stdout


class TestCharts:
    @pytest.mark.parametrize(
        ("low", "high", "expected"),
        [
            (0, 10, [0, 2, 4, 6, 8, 10]),
            (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
            (0.31, 0.48, [0.3, 0.35, 0.4, 0.45, 0.5]),
            (5, 5, [5, 6, 7, 8, 9, 10]),
        ],
    )
    def test_ticks_are_round_and_around_the_values(self, low, high, expected):
        assert ticks(low, high) == expected

    def test_values_that_differ_by_rounding_are_drawn_as_equal(self):
        # 256 times 0.3, added up in parts that differ from step to step.
        points = [(1, 0.3), (2, 0.30000000000000004)]
        chart = svg.lines("t", [svg.Line("a", points, 1)], x="x", y="y", from_zero=False)
        (drawn,) = re.findall(r'points="([^"]+)"', chart)
        (_, first), (_, second) = (each.split(",") for each in drawn.split())
        assert first == second
        assert len(set(ticks(0, 1e-13))) > 2

    def test_points_stand_where_their_values_are(self):
        chart = svg.lines("t", [svg.Line("a", [(1, 0), (2, 10)], 1)], x="x", y="y")
        (points,) = re.findall(r'points="([^"]+)"', chart)
        (left, bottom), (right, top) = (map(float, each.split(",")) for each in points.split())
        assert left < right and bottom > top

    def test_intervals_reach_as_far_as_they_say(self):
        dots = [svg.Dot("a", Estimate(0.5, 0.0, 1.0), 1)]
        chart = svg.dots("t", [("row", dots)])
        ends = re.search(r'class="line c1" x1="([\d.]+)" x2="([\d.]+)"', chart)
        labels = dict(re.findall(r'x="([\d.]+)" y="[\d.]+">(\d+) %', chart))
        assert ends and labels[ends[1]] == "0" and labels[ends[2]] == "100"

    def test_axis_of_shares_ends_soon_after_the_largest(self):
        chart = svg.dots("t", [("row", [svg.Dot("a", Estimate(0.1, 0.05, 0.14), 1)])])
        assert re.findall(r">(\S+) %</text>", chart) == ["0", "5", "10", "15"]

    def test_long_names_of_rows_stand_within_the_chart(self):
        dots = [svg.Dot("a", Estimate(0.5, 0.0, 1.0), 1)]
        chart = svg.dots("t", [("a-publisher-of-data-sets/" * 3 + "algebra", dots)])
        found = re.search(r'text-anchor="end" x="([\d.]+)"[^>]*>(…[^<]*algebra)<', chart)
        assert found and float(found[1]) > 8 * len(found[2]) and float(found[1]) < 320

    def test_names_are_escaped(self):
        line = svg.Line("<b>", [(1, 1), (2, 2)], 1)
        chart = svg.lines("<i>", [line, svg.Line("x", [(1, 1)], 2)], x="<u>", y="<s>")
        assert not re.search("<(b|i|u|s)>", chart)

    def test_nothing_to_draw_is_nothing(self):
        assert svg.lines("t", [], x="x", y="y") == svg.stacks("t", [], [], "x", "y") == ""

    def test_one_step_is_drawn(self):
        assert "<circle" in svg.lines("t", [svg.Line("a", [(1, 1)], 1)], x="x", y="y")
        assert "<rect" in svg.stacks("t", ["a"], [(1.0, [2.0])], "x", "y")
