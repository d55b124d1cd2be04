"""What comes before exploring: the toy's files, its base model, the filter at the edge, the mixes.

See ``whole.py`` for where everything lies. Each is a stage of the run, and files, values of the
configuration and hallmarks that it was made from may not change while the run goes on.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from assayoffice.rl.playbook import config as explored
from assayoffice.rl.playbook.candidates import Candidates, Sampler, edge_stage, mix_stage
from assayoffice.rl.playbook.doing import do_stage
from assayoffice.rl.playbook.nested import Nested
from assayoffice.rl.playbook.plan import PLACEHOLDER, PlaybookConfig, run_values
from assayoffice.rl.playbook.settings import as_toml, with_settings
from assayoffice.rl.playbook.whole_config import WholeConfig
from assayoffice.rl.sampling.models import LocalModel
from assayoffice.rl.toy import domains as toy
from assayoffice.rl.training import checkpoints, pipeline
from assayoffice.rl.training import config as training
from assayoffice.rl.training.errors import ConfigError
from assayoffice.rl.training.folder import RunFolder, write_folder, write_whole
from assayoffice.rl.training.pins import keep_versions
from assayoffice.rl.training.progress import Progress
from assayoffice.rl.training.serving import Service, serve
from assayoffice.rl.training.stages import Stages, digest_at

_CONFIGURATION, _DATA, _BASE = "configuration", "data", "base model"
_WEIGHTS = "huggingface"
_TAUGHT = "toy base model"


def stage_names(config: WholeConfig) -> tuple[str, ...]:
    """What is done here, in its order, as progress is told."""
    names = [_DATA] if config.sizes else []
    names += [_BASE] if config.base.path is None else []
    names += [edge_stage(domain) for domain in config.domains]
    return (*names, *(mix_stage(domain) for domain in config.domains))


class Preparation:
    """Prepares ``run``, whose lock is held by the descriptor ``lock``."""

    def __init__(
        self,
        config: WholeConfig,
        run: Path,
        programs: pipeline.Programs,
        progress: Progress,
        lock: int,
    ) -> None:
        self._config = config
        self._run = run
        self._folder = RunFolder(run)
        self._programs = programs
        self._progress = progress
        self._lock = lock

    def prepare(self) -> PlaybookConfig:
        """Do what is left to do; returns the configuration to explore and scale with."""
        self._keep_configuration()
        if self._config.sizes:
            do_stage(self._folder, self._progress, _DATA, {}, self._write_data)
        if self._config.base.path is None:
            facts = self._base_facts()
            do_stage(self._folder, self._progress, _BASE, facts, self._teach)
        else:
            LocalModel(self._config.base.path).check()
        settings = self._playbook()
        candidates = [self._candidates(each, settings) for each in self._config.domains]
        left = [each for each in candidates if not each.is_mixed()]
        if left:
            with judging(settings) as service:
                for each in left:
                    each.filter(service)
                for each in left:
                    each.mix(service)
        return settings

    def _keep_configuration(self) -> None:
        """Pin what is ours of it; explore and scale pin the rest, which may grow meanwhile."""
        stages = Stages(self._folder)
        if not stages.is_finished(_CONFIGURATION, self._config.pinned):
            stages.run(_CONFIGURATION, self._config.pinned, self._keep_versions)
        text = self._config.file.read_text("utf-8")
        if _text(self._folder.config) != text:
            write_whole(self._folder.config, text)

    def _keep_versions(self) -> tuple[Path, ...]:
        keep_versions(self._folder)
        return ()

    def _write_data(self) -> tuple[Path, ...]:
        sizes = toy.Sizes(**self._config.sizes)

        def fill(folder: Path) -> None:
            try:
                toy.write(folder, seed=self._config.seed, sizes=sizes)
            except ValueError as error:
                raise ConfigError(f"{self._config.file}: domains.{error}") from None

        write_folder(self._folder.data, fill)
        return (self._folder.data,)

    def _base_values(self) -> Mapping[str, object]:
        """The configuration of the run that teaches the toy."""
        ours = {"sft.enabled": True, "grpo.enabled": False, "evaluation.at": ["sft"]}
        try:
            shared = with_settings(
                self._config.explored.train, {**self._config.base.settings, **ours}
            )
        except ValueError as error:
            raise ConfigError(f"{self._config.file}: base.set: {error}") from None
        return {
            "seed": self._config.seed,
            "model": {"build": "toy"},
            "data": {
                "sft": str(self._folder.data / "demonstrations.parquet"),
                "held_out": str(self._folder.data / "held_out.parquet"),
            },
            **shared,
        }

    def _base_facts(self) -> dict[str, object]:
        flat = training.parsed(self._base_values(), self._config.file).flat()
        kept = {name: each for name, each in flat.items() if name.partition(".")[0] != "data"}
        return {**kept, "demonstrations": digest_at(self._folder.data / "demonstrations.parquet")}

    def _teach(self) -> tuple[Path, ...]:
        """SFT of a model that knows nothing, with verl as any other."""
        values = self._base_values()
        settings = training.parsed(values, self._config.file)
        nested = Nested(self._progress, _BASE)
        folder = RunFolder(self._run / "base")
        pipeline.run(settings, as_toml(values), folder, self._programs, nested)
        return (self._taught(),)

    def _taught(self) -> Path:
        folder = RunFolder(self._run / "base").checkpoints("sft")
        return checkpoints.weights(folder, checkpoints.newest_step(folder), _WEIGHTS)

    def _model(self) -> LocalModel:
        return LocalModel(self._config.base.path or str(self._taught()), self._config.edge.engine)

    def _playbook(self) -> PlaybookConfig:
        """The configuration that explore and scale read, written for people to use it, too."""
        held_out = {name: self._files(name, "held_out") for name in self._config.domains}
        values = self._config.playbook(self._model().path, self._run / "mixes", held_out)
        text = as_toml(values)
        file = self._run / "playbook.toml"
        if _text(file) != text:
            write_whole(file, text)
        return explored.load(file)

    def _files(self, domain: str, kind: str) -> tuple[Path, ...]:
        given = self._config.domains[domain]
        if given is None:
            return (self._folder.data / domain / f"{kind}.jsonl",)
        return given.candidates if kind == "candidates" else given.held_out

    def _candidates(self, domain: str, settings: PlaybookConfig) -> Candidates:
        sampler = Sampler(
            self._model(),
            # Its path is this run's; a mix should have the same digest wherever it is made.
            None if self._config.base.path is not None else _TAUGHT,
            self._config.edge,
            self._programs,
            any_run(settings).environment,
            self._lock,
        )
        files = self._files(domain, "candidates")
        return Candidates(self._run, domain, files, sampler, self._progress)


def any_run(settings: PlaybookConfig) -> training.Config:
    """What all runs of a playbook share: who serves, and variables of their processes."""
    values = run_values(settings, {}, (), seed=settings.seed, data=PLACEHOLDER, at=("start",))
    return training.parsed(values, settings.file)


@contextlib.contextmanager
def judging(settings: PlaybookConfig) -> Iterator[Service]:
    """The service of a playbook with a client of it, stopped afterwards if it was started here.

    Raises as ``training.serving.serve``.
    """
    with serve(any_run(settings)) as service:
        yield service


def _text(file: Path) -> str | None:
    return file.read_text("utf-8") if file.exists() else None
