"""Runs of ``assay train`` within a playbook: how they are made, and what they may not mix."""

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.playbook import data
from assayoffice.rl.playbook.folder import PlaybookFolder
from assayoffice.rl.playbook.nested import Nested
from assayoffice.rl.playbook.plan import PLACEHOLDER, PlaybookConfig, run_values
from assayoffice.rl.playbook.results import Measured, measured
from assayoffice.rl.playbook.settings import Values, as_toml
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.training import config as training
from assayoffice.rl.training import pipeline
from assayoffice.rl.training.config import Config
from assayoffice.rl.training.errors import ChangedRunError, ConfigError
from assayoffice.rl.training.folder import RunFolder
from assayoffice.rl.training.progress import Progress
from assayoffice.rl.training.serving import HALLMARK, answering, serve
from assayoffice.rl.training.stages import Facts, Stages, digest_at

START = "start"
# The head of a file of weights may take some hundred kilobytes before the first weight.
_LOOKED_AT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Served:
    """Where the service of a playbook answers, and the digest of each verifier that serves."""

    endpoints: Sequence[str]
    hallmarks: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Runner:
    """Does training runs in the folder of a playbook, all with one service."""

    config: PlaybookConfig
    folder: PlaybookFolder
    programs: pipeline.Programs
    progress: Progress
    served: Served

    def run(
        self,
        stage: str,
        folder: RunFolder,
        settings: Values,
        trainers: Sequence[str],
        *,
        seed: int,
        files: Mapping[str, Path],
        at: Sequence[str],
    ) -> None:
        """Do what is left to do of a run, shown as one stage. Raises as pipeline.run."""
        values = self.values(settings, trainers, seed=seed, files=files, at=at)
        config = training.parsed(values, self.config.file)
        nested = Nested(self.progress, stage)
        text = as_toml(values)
        pipeline.run(config, text, folder, self.programs, nested, self.served.endpoints)

    def values(
        self,
        settings: Values,
        trainers: Sequence[str],
        *,
        seed: int,
        files: Mapping[str, object],
        at: Sequence[str],
    ) -> Values:
        """The values of the configuration of a run, which ``assay train`` reads, too."""
        given = {name: str(v) if isinstance(v, Path) else v for name, v in files.items()}
        return run_values(self.config, settings, trainers, seed=seed, data=given, at=at)

    def facts(
        self, settings: Values, trainers: Sequence[str], *, seed: int, at: Sequence[str]
    ) -> dict[str, object]:
        """What a run is made from besides its data: configuration, model, and who judges."""
        values = self.values(settings, trainers, seed=seed, files=PLACEHOLDER, at=at)
        flat = training.parsed(values, self.config.file).flat()
        kept = {name: each for name, each in flat.items() if name.partition(".")[0] != "data"}
        kept["content of the model"] = model_digest(Path(self.config.model))
        return kept | {f"{HALLMARK}{name}": each for name, each in self.served.hallmarks.items()}

    def stage(
        self,
        record: RunFolder,
        name: str,
        facts: Facts,
        work: Callable[[], tuple[Path, ...]],
        shown: str,
    ) -> float:
        """Do a stage that is recorded in a folder, unless it is finished; returns its seconds.

        ``shown`` is its name where progress is shown. Raises ChangedRunError where it was made
        from something else.
        """
        stages = Stages(record)
        with movable(record.path):
            if stages.is_finished(name, facts):
                seconds = stages.finished[name].seconds
                self.progress.end(shown, "before", seconds)
                return seconds
        self.progress.begin(shown)
        start = time.monotonic()
        try:
            with movable(record.path):
                stages.run(name, facts, work)
        except BaseException as error:
            state = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
            self.progress.end(shown, state, time.monotonic() - start)
            raise
        seconds = stages.finished[name].seconds
        self.progress.end(shown, "finished", seconds)
        return seconds

    def pin(self, record: RunFolder, name: str, facts: Facts) -> None:
        """Note in a folder what everything in it is made from, before anything is.

        Raises ChangedRunError where it was begun from something else.
        """
        stages = Stages(record)
        with movable(record.path):
            if not stages.is_finished(name, facts):
                stages.run(name, facts, lambda: ())

    def baseline(self, domain: str) -> Measured:
        """The base model on a domain: measured now, or before."""
        run = self.folder.baseline(domain)
        at = (START,)
        facts = self.facts({}, (), seed=self.config.seed, at=at)

        def measure() -> tuple[Path, ...]:
            path = self.folder.held_out(domain)
            data.write_held_out(held_out(self.config, (domain,)), path)
            files = {"held_out": path}
            self.run(shown, run, {}, (), seed=self.config.seed, files=files, at=at)
            return (run.evaluation(START),)

        shown = baseline_stage(domain)
        facts |= held_out_facts(self.config, (domain,))
        self.stage(self.folder.base(domain), START, facts, measure, shown)
        return measured(run, START)


@contextlib.contextmanager
def serving(config: PlaybookConfig) -> Iterator[Served]:
    """The service of all runs of a playbook, stopped afterwards if it was started here.

    Raises as ``training.serving.serve``.
    """
    settings = _any_run(config)
    with answering(settings.service) as endpoints:
        with serve(settings, endpoints) as service:
            served = Served(tuple(endpoints), dict(service.hallmarks))
        yield served


def _any_run(config: PlaybookConfig) -> Config:
    """What all runs share: who serves, and how to reach it."""
    values = run_values(config, {}, (), seed=config.seed, data=PLACEHOLDER, at=(START,))
    return training.parsed(values, config.file)


def held_out(config: PlaybookConfig, domains: Sequence[str]) -> list[Problem]:
    """The problems to ask about domains. Raises ConfigError, which names the configuration."""
    try:
        return [
            problem
            for name in domains
            for problem in data.held_out_problems(
                name, config.domains[name].held_out, config.problems
            )
        ]
    except ConfigError as error:
        raise ConfigError(f"{config.file}: {error}") from None


def held_out_facts(config: PlaybookConfig, domains: Sequence[str]) -> dict[str, object]:
    """Digests of the files with the problems to ask, and how many of them are asked."""
    files = {
        f"held_out of {name}, {file.name}": digest_at(file)
        for name in domains
        for file in config.domains[name].held_out
    }
    return {**files, "evaluation.problems": config.problems}


def model_digest(model: Path) -> str:
    """What tells a model from another at the same place; empty for a name of the hub.

    Of each file its size and its beginning: weights may be too many to be read at each start, and
    training changes all of them.
    """
    look = hashlib.sha256()
    for file in sorted(each for each in model.rglob("*") if each.is_file()):
        look.update(f"{file.relative_to(model)} {file.stat().st_size}\n".encode())
        with file.open("rb") as content:
            look.update(content.read(_LOOKED_AT))
    return look.hexdigest() if model.is_dir() else ""


def baseline_stage(domain: str) -> str:
    """How the measurement of the base model is called where progress is shown."""
    return f"{domain}: base model"


@contextlib.contextmanager
def movable(path: Path) -> Iterator[None]:
    """Say of what was begun from something else that it may be moved away."""
    try:
        yield
    except ChangedRunError as error:
        raise ChangedRunError(
            f"{error}\nOr move {path} away, to do only this part of the playbook again"
        ) from None
