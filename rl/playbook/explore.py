"""Phase 1: short experiments on a domain, several runs of each point, and what the gate says.

Per domain: the base model is measured once; every point is trained as often as there are runs and
measured on its own domain and on those of the mixes that it is trained on besides; the gate decides
(gate.py). Each experiment is a run folder of ``assay train``. Finished ones are not repeated, and
nothing reads their checkpoints again: those may be removed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.playbook import data, recording
from assayoffice.rl.playbook.apart import refuse_trained_on
from assayoffice.rl.playbook.differences import Shares
from assayoffice.rl.playbook.experiments import Point
from assayoffice.rl.playbook.folder import PlaybookFolder
from assayoffice.rl.playbook.gate import Decision, PointRuns, Reference, Run, decide
from assayoffice.rl.playbook.mixes import Chosen, chosen
from assayoffice.rl.playbook.plan import DomainConfig, PlaybookConfig
from assayoffice.rl.playbook.recording import Experiment
from assayoffice.rl.playbook.results import Measured, measured
from assayoffice.rl.playbook.running import (
    START,
    Runner,
    baseline_stage,
    held_out,
    held_out_facts,
    serving,
)
from assayoffice.rl.training.errors import ConfigError
from assayoffice.rl.training.folder import RunFolder
from assayoffice.rl.training.pipeline import Programs
from assayoffice.rl.training.progress import Progress
from assayoffice.rl.training.stages import Stages

_MADE_FROM = "mixes"


def explore(
    config: PlaybookConfig,
    folder: Path,
    programs: Programs,
    progress: Progress,
    domains: Sequence[str] = (),
) -> Mapping[str, Decision]:
    """Explore some domains of a playbook, or all, in its folder; returns what the gate says.

    Goes on where it was left. Raises TrainingError, MixError, ServiceError, EmbeddedServerError and
    OSError.
    """
    names = selected(config, domains)
    ledger = Ledger(config.ledger)
    mixes = {name: chosen(config, ledger, config.domains[name]) for name in names}
    for each in mixes.values():
        refuse_trained_on(config, held_out(config, each.domains), ledger, each.names)
    where = PlaybookFolder(folder.absolute())

    def waiting() -> None:
        progress.note("Another command, or what is left of a killed one, still ends here ...")

    with where.lock.locked(waiting), serving(config) as served:
        runner = Runner(config, where, programs, progress, served)
        return {
            name: _Exploration(runner, ledger, config.domains[name], mixes[name]).run()
            for name in names
        }


def selected(config: PlaybookConfig, domains: Sequence[str]) -> list[str]:
    """The domains to explore, in the order of the configuration. Raises ConfigError."""
    for each in domains:
        if each not in config.domains:
            raise ConfigError(
                f"{config.file}: there is no domain {each!r}; {', '.join(config.domains)} are"
            )
    return [each for each in config.domains if not domains or each in domains]


def stage_names(config: PlaybookConfig, domains: Sequence[str]) -> tuple[str, ...]:
    """What ``explore`` does, as its progress is told."""
    names: dict[str, None] = {}
    for domain in selected(config, domains):
        names[baseline_stage(domain)] = None
        for point, seed in _experiments(config, config.domains[domain]):
            names[_stage(domain, point, seed)] = None
    return tuple(names)


def _experiments(config: PlaybookConfig, domain: DomainConfig) -> list[tuple[Point, int]]:
    """All seeds of a point before the next point's, so that a decision can be seen coming."""
    seeds = range(config.seed, config.seed + domain.runs)
    return [(point, seed) for point in domain.points for seed in seeds]


def _stage(domain: str, point: Point, seed: int) -> str:
    return f"{domain}: {point.name}, seed {seed}"


@dataclass(frozen=True, slots=True)
class _Exploration:
    """Explores one domain."""

    runner: Runner
    ledger: Ledger
    domain: DomainConfig
    mixes: Chosen

    def run(self) -> Decision:
        config, name = self.runner.config, self.domain.name
        start = self.runner.baseline(name)
        for each in self.mixes.frozen:
            self.runner.baseline(each)
        record = self.runner.folder.domain(name)
        self._pin(record)
        experiments = list[Experiment]()
        for point, seed in _experiments(config, self.domain):
            experiments.append(self._experiment(record, point, seed))
            recording.write_experiments(
                self.runner.folder.experiments(name), self.mixes, start, experiments
            )
        decision = decide(
            name,
            self._points(experiments),
            start.shares(name),
            self._references(),
            config.gate,
            _tried(record),
        )
        recording.write_decision(
            self.runner.folder.decision(name), decision, config.gate, self.mixes, experiments
        )
        return decision

    def _pin(self, record: RunFolder) -> None:
        """Note what all experiments are made from, before the first of them."""
        facts = {
            **self.mixes.facts,
            **held_out_facts(self.runner.config, self.mixes.domains),
            "model": self.runner.config.model,
        }
        self.runner.pin(record, _MADE_FROM, facts)

    def _experiment(self, record: RunFolder, point: Point, seed: int) -> Experiment:
        runner, trainers = self.runner, self.domain.trainers
        run = runner.folder.experiment(self.domain.name, point.slug, seed)
        shown = _stage(self.domain.name, point, seed)
        facts = runner.facts(point.settings, trainers, seed=seed, at=trainers)

        def work() -> tuple[Path, ...]:
            files = self._files(record.data, seed)
            runner.run(shown, run, point.settings, trainers, seed=seed, files=files, at=trainers)
            return tuple(run.evaluation(each) for each in trainers)

        seconds = runner.stage(record, _recorded(point, seed), facts, work, shown)
        found = {each: measured(run, each) for each in trainers}
        return Experiment(point, seed, run.path, seconds, facts, found)

    def _files(self, folder: Path, seed: int) -> Mapping[str, Path]:
        """What a run trains on and is measured by; it was pinned, so what is there is right."""
        asked = folder / "held_out.parquet"
        files = {each: folder / f"{each}-seed-{seed}.parquet" for each in self.domain.trainers}
        if not asked.exists():
            data.write_held_out(held_out(self.runner.config, self.mixes.domains), asked)
        if not all(each.exists() for each in files.values()):
            data.write_training(
                self.ledger,
                self.mixes.names,
                files,
                seed=seed,
                hallmarks=self.runner.served.hallmarks,
            )
        return {**files, "held_out": asked}

    def _points(self, experiments: Sequence[Experiment]) -> list[PointRuns]:
        return [
            PointRuns(
                point.name,
                tuple(
                    Run(each.seed, self._checkpoints(each.measured))
                    for each in experiments
                    if each.point == point
                ),
            )
            for point in self.domain.points
        ]

    def _checkpoints(self, found: Mapping[str, Measured]) -> Mapping[str, Mapping[str, Shares]]:
        return {
            moment: {name: each.shares(name) for name in self.mixes.domains}
            for moment, each in found.items()
        }

    def _references(self) -> Mapping[str, Reference]:
        """What each frozen domain is held to: what it was explored to, or else the base model."""
        folder = self.runner.folder
        return {
            name: recording.explored(folder, name, digest)
            or Reference("the base model", (measured(folder.baseline(name), START).shares(name),))
            for name, digest in self.mixes.frozen.items()
        }


def _recorded(point: Point, seed: int) -> str:
    return f"{point.slug} seed {seed}"


def _tried(record: RunFolder) -> int:
    """How many points were ever tried, those among them that the grid has lost since."""
    names = Stages(record).finished
    return len({name.rpartition(" seed ")[0] for name in names if name != _MADE_FROM})
