"""The configuration of a run: one TOML file, checked whole before anything is started.

::

    seed = 1
    [model]       build = "toy", or path = "..." (a folder, or a name on the Hugging Face hub)
    [data]        build = "toy" with the table [data.sizes], or sft, grpo and held_out (parquet)
    [service]     settings (a TOML file for the service that is started), or endpoints
    [reward]      recipe and the other settings of the reward manager (rl/verl/settings.py)
    [sft]         enabled, steps, save_every; [sft.verl]: keys of verl that differ from its defaults
    [grpo]        the same; [grpo.verl]
    [evaluation]  problems, samples, max_tokens, at (when) ...; [evaluation.vllm]: its arguments
    [environment] variables for the trainers and samplers

The seed is that of the toy's model and data, of the order of GRPO's data, of its rollouts and of
evaluations. verl's SFT trainer has none: it goes over the same file in the same order.

Without a trainer, a run is a lone evaluation at "start".

Keys of verl are nested as they are in verl; one that verl's own configuration does not have begins
with a plus, as Hydra wants it: ``"+num_gpus" = 1``.
"""

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.training.errors import ConfigError
from assayoffice.rl.training.tables import Table
from assayoffice.rl.verl.settings import Settings, SettingsError, read_settings

#: What all take that draw at random: Python, NumPy, torch and vLLM.
LARGEST_SEED = 2**31 - 1
_TOY = "toy"
# Rows of the toy's files, see rl/toy/data.py.
_SIZES = ("demonstrations", "prompts", "held_out")
#: When a model may be measured: as it is given, and after each trainer.
MOMENTS = ("start", "sft", "grpo")
_START_SECONDS = 180.0
# Settings of the reward manager that the run knows better.
_OURS = ("endpoints", "metrics_file")
_KWARGS = "reward.reward_kwargs"


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Where the model to train comes from: ``path``, or None for the toy that is built."""

    path: str | None


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Where problems come from: parquet files, or None and the ``sizes`` of the toy's.

    Files that no enabled trainer needs may be None beside others.
    """

    sizes: Mapping[str, int]
    sft: Path | None
    grpo: Path | None
    held_out: Path | None

    @property
    def is_built(self) -> bool:
        """Whether the run writes the toy's data itself."""
        return self.held_out is None


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """Which service judges: one at ``endpoints``, or one that is started with ``settings``."""

    endpoints: tuple[str, ...]
    settings: Path | None
    start_seconds: float


@dataclass(frozen=True, slots=True)
class TrainerConfig:
    """A trainer of verl: how many ``steps``, a checkpoint ``save_every`` so many, and its keys."""

    enabled: bool
    steps: int
    save_every: int
    verl: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """How a model is measured.

    ``problems`` of the held-out ones (0: all), each answered ``samples`` times at ``temperature``
    and once greedily, with at most ``max_tokens`` tokens. More than ``max_error_share`` of answers
    without a verdict stop the run. ``at`` are the moments of the run at which that is done, in
    their order. ``vllm`` are arguments of vLLM's engine.
    """

    problems: int
    samples: int
    temperature: float
    max_tokens: int
    max_error_share: float
    at: tuple[str, ...]
    vllm: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Config:
    """A run. See the module's docstring; ``reward`` is as it is written there, and checked."""

    seed: int
    model: ModelConfig
    data: DataConfig
    service: ServiceConfig
    reward: Mapping[str, object]
    sft: TrainerConfig
    grpo: TrainerConfig
    evaluation: EvaluationConfig
    environment: Mapping[str, str]

    @property
    def trainers(self) -> tuple[str, ...]:
        """The trainers that are enabled, in their order."""
        both = (("sft", self.sft), ("grpo", self.grpo))
        return tuple(name for name, each in both if each.enabled)

    def reward_settings(self, endpoints: Sequence[str]) -> Settings:
        """What ``reward`` means, once it is known who serves."""
        return read_settings({**self.reward, "endpoints": list(endpoints)})

    def flat(self) -> Mapping[str, object]:
        """Every value under its dotted name; of two configurations, what differs is the change."""
        return dict(_flatten("", dataclasses.asdict(self)))


def load(file: Path, seed: int | None = None) -> Config:
    """Read a configuration; ``seed`` overrides the file's. Raises ConfigError."""
    return parsed(written(file), file, seed)


def written(file: Path) -> Mapping[str, object]:
    """The values of a TOML file as they are written there. Raises ConfigError."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: byte {error.start} is not UTF-8; re-encode the file") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not TOML: {error}") from None


def parsed(values: Mapping[str, object], file: Path, seed: int | None = None) -> Config:
    """A configuration from its values; relative paths start at the folder of ``file``.

    Raises ConfigError.
    """
    top = Table(file, "", values)
    written_seed = top.integer("seed", 1, minimum=0)
    used_seed = written_seed if seed is None else seed
    if used_seed > LARGEST_SEED:
        raise top.wrong("seed", f"must be at most {LARGEST_SEED}, not {used_seed}")
    sft, grpo = _trainer(top.table("sft")), _trainer(top.table("grpo"))
    config = Config(
        seed=used_seed,
        model=_model(top.table("model")),
        data=_data(top.table("data")),
        service=_service(top.table("service")),
        reward=_reward(top),
        sft=sft,
        grpo=grpo,
        evaluation=_evaluation(top, sft.enabled, grpo.enabled),
        environment=top.texts_by_name("environment"),
    )
    top.refuse_others()
    _refuse_missing_data(config, top)
    return config


def _refuse_missing_data(config: Config, top: Table) -> None:
    if config.data.is_built:
        return
    for trainer, remedy in (("sft", "demonstrations"), ("grpo", "problems")):
        if trainer in config.trainers and getattr(config.data, trainer) is None:
            raise top.wrong(
                f"data.{trainer}",
                f"missing; {remedy} for {trainer.upper()}, or set {trainer}.enabled = false",
            )


def _model(table: Table) -> ModelConfig:
    if table.has("build") == table.has("path"):
        raise table.wrong("path", 'give either path = "..." or build = "toy"')
    if table.has("build"):
        table.only("build", _TOY)
        path = None
    else:
        folder = table.folder("path")
        # What is no folder is a name that transformers looks up.
        path = table.text("path") if folder is None else str(folder)
        if folder is None and path.startswith(("/", ".", "~")):
            raise table.wrong("path", f"there is no folder {path}")
    table.refuse_others()
    return ModelConfig(path)


def _data(table: Table) -> DataConfig:
    files = ("sft", "grpo", "held_out")
    if table.has("build"):
        table.only("build", _TOY)
        written = table.table("sizes")
        sizes = {each: written.integer(each, minimum=2) for each in _SIZES}
        for each, rows in sizes.items():
            if rows % 2:
                raise written.wrong(each, f"must be even, half of it for each domain, not {rows}")
        written.refuse_others()
        table.refuse_others()
        return DataConfig(sizes, None, None, None)
    if not any(table.has(each) for each in files):
        raise table.wrong("build", 'give build = "toy", or the files sft, grpo and held_out')
    sft, grpo = (table.file(each) if table.has(each) else None for each in ("sft", "grpo"))
    data = DataConfig({}, sft, grpo, table.file("held_out"))
    table.refuse_others()
    return data


def _service(table: Table) -> ServiceConfig:
    endpoints = table.texts("endpoints")
    settings = table.file("settings") if table.has("settings") else None
    if endpoints and settings:
        raise table.wrong("settings", "is for a service that is started, and endpoints name others")
    start_seconds = table.number("start_seconds", _START_SECONDS, minimum=1)
    table.refuse_others()
    return ServiceConfig(endpoints, settings, start_seconds)


def _reward(top: Table) -> Mapping[str, object]:
    reward = top.mapping("reward")
    for name in _OURS:
        if name in reward:
            raise top.wrong(f"reward.{name}", "is set by the run; [service] says who serves")
    try:
        read_settings({**reward, "endpoints": ["unix:checked"]})
    except SettingsError as error:
        raise ConfigError(f"{top.file_name}: {error}".replace(_KWARGS, "reward")) from None
    return reward


def _trainer(table: Table) -> TrainerConfig:
    enabled = table.truth("enabled", True)
    steps = table.integer("steps", None if enabled else 0, minimum=1 if enabled else 0)
    trainer = TrainerConfig(
        enabled, steps, table.integer("save_every", max(steps, 1), minimum=1), table.mapping("verl")
    )
    table.refuse_others()
    return trainer


def _evaluation(top: Table, sft: bool, grpo: bool) -> EvaluationConfig:
    table = top.table("evaluation")
    if not (sft or grpo or table.has("at")):
        raise top.wrong("grpo.enabled", "nothing is to be trained: sft is not enabled either")
    evaluation = EvaluationConfig(
        problems=table.integer("problems", 0, minimum=0),
        samples=table.integer("samples", minimum=1),
        temperature=table.number("temperature", 1.0, minimum=0.01),
        max_tokens=table.integer("max_tokens", minimum=1),
        max_error_share=table.number("max_error_share", 0.01, minimum=0),
        at=_moments(table, {"start": True, "sft": sft, "grpo": grpo}),
        vllm=table.mapping("vllm"),
    )
    table.refuse_others()
    return evaluation


def _moments(table: Table, there: Mapping[str, bool]) -> tuple[str, ...]:
    known = [each for each in MOMENTS if there[each]]
    chosen = table.texts("at") if table.has("at") else tuple(known)
    for each in chosen:
        if each not in known:
            raise table.wrong("at", f"{each!r} is no moment of this run; {', '.join(known)} are")
    if not chosen:
        raise table.wrong("at", f"names no moment; give some of {', '.join(known)}")
    return tuple(each for each in known if each in chosen)


def _flatten(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _flatten(f"{name}.{key}" if name else str(key), each)
    elif isinstance(value, Path):
        yield name, str(value)
    else:
        yield name, list(value) if isinstance(value, tuple) else value
