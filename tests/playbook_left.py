"""What a playbook leaves, stage by stage, written by what writes it, without doing any of it.

Trainers, samplers and the service are not run: evaluations are of shares that the test names.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from mix_rows import HALLMARK, frozen, rows

from assayoffice.rl.evaluating import evaluation as voted
from assayoffice.rl.evaluating.evaluation import FILE, AtK, Figures, Measure, RunSpread
from assayoffice.rl.mixes.combination import Combination, Member
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.playbook.experiments import Point
from assayoffice.rl.playbook.folder import PlaybookFolder, name_of
from assayoffice.rl.playbook.gate import Decision, PointRuns, Reference, Run, decide
from assayoffice.rl.playbook.matrix import Matrix, matrix
from assayoffice.rl.playbook.matrix_json import write_matrix
from assayoffice.rl.playbook.mixes import Chosen
from assayoffice.rl.playbook.page import report
from assayoffice.rl.playbook.plan import GateConfig
from assayoffice.rl.playbook.recording import Experiment, write_decision, write_experiments
from assayoffice.rl.playbook.results import measured
from assayoffice.rl.statistics.intervals import Estimate, Tally
from assayoffice.rl.training import evaluation, metrics
from assayoffice.rl.training.evaluation import Evaluation, ProblemResult
from assayoffice.rl.training.folder import RunFolder, write_json, write_whole
from assayoffice.rl.training.metrics import Step
from assayoffice.rl.training.stages import Stages

PROBLEMS = 60
SAMPLES = 10
GATE = GateConfig(tolerance=0.05)
START = 0.3
Shares = Mapping[str, float]


class Left:
    """The folder of a playbook. ``said`` is what all its questions and answers hold."""

    def __init__(self, run: Path, domains: Sequence[str] = ("sums", "words"), said: str = ""):
        self.run = run
        self.domains = tuple(domains)
        self.folder = PlaybookFolder(run)
        self._said = said

    def page(self) -> Path:
        output = self.run.parent / "report.html"
        report.write(self.run, self.domains, 7, output)
        return output

    def prepared(self) -> None:
        folder = RunFolder(self.run)
        write_whole(folder.config, f"seed = 7\n# {self._said}\n")
        write_json(folder.versions, {"verl": "0.9.1"})
        Stages(folder).run("configuration", {"seed": 7}, lambda: ())
        self._took(folder, "base model", 120)

    def filtered(self) -> None:
        """Of each domain 1 solved, 2 hopeless, and 5 kept."""
        for domain in self.domains:
            counts = {
                "problems": 9,
                "kept": 5,
                "dropped": {"solved": 1, "hopeless": 2, "inconsistent": 0, "unscorable": 0},
                "errors": 1,
                "solve_rates": [1.0, 0.0, 0.0, 0.25, 0.5, 0.5, 0.5, 0.75],
                "kept_solve_rates": [0.25, 0.5, 0.5, 0.5, 0.75],
            }
            write_json(
                self.run / "edge" / domain / "edge.json",
                {"domains": {domain: counts}, "total": counts},
            )

    def mixed(self) -> dict[str, str]:
        """Frozen mixes; their digests."""
        ledger = Ledger(self.run / "mixes")
        return {
            each: frozen(ledger, each, rows(3, prefix=each, domain=each)) for each in self.domains
        }

    def explored(self, domain: str, *shares: float, decided: bool = True) -> Decision:
        """An experiment by SFT for each share, at one point."""
        self.trained(self.folder.baseline(domain), {"start": {domain: START}}, {})
        experiments, point = [], Point(f"lr=1 {self._said}".strip(), "lr-1", {})
        for seed, share in enumerate(shares, start=1):
            run = self.folder.experiment(domain, point.slug, seed)
            self.trained(run, {"sft": {domain: share}}, {"sft": 24})
            facts = {"hallmark of numeric": HALLMARK}
            done = {"sft": measured(run, "sft")}
            experiments.append(Experiment(point, seed, run.path, 60.0, facts, done))
        base = measured(self.folder.baseline(domain), "start")
        mixes = Chosen({domain: "d" * 64}, {domain: "d" * 64})
        write_experiments(self.folder.experiments(domain), mixes, base, experiments)
        runs = tuple(
            Run(each.seed, {"sft": {domain: each.measured["sft"].shares(domain)}})
            for each in experiments
        )
        decision = decide(domain, [PointRuns(point.name, runs)], base.shares(domain), {}, GATE)
        if decided:
            write_decision(self.folder.decision(domain), decision, GATE, mixes, experiments)
        self._took(self.folder.domain(domain), "lr-1 seed 1", 60)
        return decision

    def scaled(
        self,
        last: Shares,
        *,
        grpo: bool = True,
        explored: float | None = None,
        without: Sequence[str] = (),
        compared: bool = True,
    ) -> None:
        """Scaled to ``last``, with domains that were explored to the share ``explored``."""
        folder = self.folder.scaled
        half = {domain: (START + share) / 2 for domain, share in last.items()}
        done = {"sft": half, "grpo": last} if grpo else {"sft": last}
        self.trained(folder, done, {"sft": 24, "grpo": 24} if grpo else {"sft": 24})
        for domain in self.domains:
            self.trained(self.folder.baseline(domain), {"start": {domain: START}}, {})
        if compared:
            write_matrix(self.folder.matrix, self.matrix(explored, without), self._combination())

    def matrix(self, explored: float | None = None, without: Sequence[str] = ()) -> Matrix:
        start = {each: measured(self.folder.baseline(each), "start") for each in self.domains}
        best = {}
        if explored is not None:
            for domain in self.domains:
                lone = self.run.parent / "lone" / name_of(domain)
                self.trained(RunFolder(lone), {"sft": {domain: explored}}, {"sft": 2})
                shares = measured(RunFolder(lone), "sft").shares(domain)
                best[domain] = Reference("its 2 runs", (shares, shares))
        found = {
            name: measured(self.folder.scaled, name)
            for name in ("sft", "grpo")
            if self.folder.scaled.evaluation(name).exists()
        }
        return matrix(self.domains, found, start, best, GATE, without)

    def voted(self) -> None:
        """Votes of a base model, and of a checkpoint whose answers cannot be counted."""
        domain = self.domains[0]
        for name, majority in ((f"start {domain}", 0.375), ("sft", None)):
            figures = Figures(
                problems=PROBLEMS,
                unjudged=0,
                samples=PROBLEMS * SAMPLES,
                pass_at_1=_measure(0.25),
                runs=RunSpread((0.25, 0.25), 0.013, 0.02, 0.02),
                at_k=(AtK(8, _measure(0.5), None if majority is None else _measure(majority)),),
                greedy=None,
                tokens=12.5,
                cut_off=0.0,
            )
            found = voted.Evaluation({}, {}, "", {}, {domain: figures}, (), ())
            voted.save_evaluation(found, self.run / "evaluation" / name_of(name) / FILE)

    def trained(
        self, folder: RunFolder, done: Mapping[str, Shares], steps: Mapping[str, int]
    ) -> None:
        """A run of ``assay train`` with these accuracies by evaluation and domain."""
        write_whole(folder.config, "seed = 1\n")
        write_json(folder.versions, {"verl": "0.9.1"})
        stages = Stages(folder)
        facts: dict[str, object] = {"seed": 1, "model.path": None, "reward.recipe": "r1@1"}
        for each in ("sft", "grpo"):
            facts |= {f"{each}.enabled": each in steps, f"{each}.steps": steps.get(each, 0)}
        stages.run("configuration", facts, lambda: ())
        served = {"hallmark of numeric": HALLMARK, "recipe": "r1@1", "recipe digest": "cd" * 32}
        stages.run("service", served, lambda: ())
        for name, shares in done.items():
            results = [each for domain in shares for each in _results(domain, shares[domain])]
            evaluation.save(Evaluation(tuple(results), {}, ()), folder.evaluation(name))
            write_whole(folder.completions(name), "".join(self._line(name, r) for r in results))
        every = [step for stage in steps for step in _steps(stage, steps[stage])]
        metrics.save(folder.metrics, every)
        for each in steps:
            self._took(folder, each, 300)

    def _line(self, name: str, result: ProblemResult) -> str:
        answer = {
            "id": f"{result.problem}/greedy",
            "problem": result.problem,
            "data_source": result.domain,
            "prompt": [{"role": "user", "content": f"Solve {result.problem} {self._said}"}],
            "response": f"{name} says {result.greedy} {self._said}",
            "greedy": True,
        }
        return json.dumps(answer) + "\n"

    def _combination(self) -> Combination:
        members = tuple(Member(each, "d" * 64, each, 1.0, 3) for each in self.domains)
        return Combination("all", members, 7, (), "")

    def _took(self, folder: RunFolder, name: str, seconds: float) -> None:
        """A stage that took so long."""
        Stages(folder).run(name, {}, lambda: ())
        written = json.loads(folder.stages.read_text())
        written["stages"][name]["seconds"] = seconds
        write_json(folder.stages, written)


def _results(domain: str, share: float) -> list[ProblemResult]:
    """Problems that are a little easier, and a little harder, than the share says."""
    right = [round(SAMPLES * share) + number % 3 - 1 for number in range(PROBLEMS)]
    return [
        ProblemResult(f"{domain}:{number}", domain, Tally(each, SAMPLES), each >= SAMPLES / 2, 9.0)
        for number, each in enumerate(right)
    ]


def _steps(stage: str, count: int) -> list[Step]:
    if stage == "sft":
        return [Step(stage, each, 2 / each, None, None, {}) for each in range(1, count + 1)]
    rewards = {"accuracy": 0.5, "component/accuracy": 0.5, "component/format": 1.0}
    rewards |= {"samples": 6, "errors": 2, "evasive": 0.25, "over_limits": 0.125}
    return [
        Step(stage, each, 0.1, 0.4 + each % 2 / 10, 9, {"step": 10, "gen": 6}, rewards)
        for each in range(1, count + 1)
    ]


def _measure(value: float) -> Measure:
    return Measure(PROBLEMS, Estimate(value, value - 0.05, value + 0.05), None)
