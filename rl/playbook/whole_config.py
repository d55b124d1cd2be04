"""The configuration of the whole playbook: that of exploring and scaling (``config.py``), and what
comes before.

::

    seed = 1

    [domains]
    build = "toy"                           # with the table [domains.sizes]; or, for each domain:
    [domains.fractions]
    candidates = ["fractions.jsonl"]        # problems to filter; demonstrations are for SFT
    held_out = ["held_out.jsonl"]           # problems to measure by

    [base]
    path = "Qwen/Qwen3-8B"                  # a folder, or a hub's name; or
    build = "toy"                           # with `set` for the SFT that it begins with

    [edge]                                  # see `assay edge --help`
    samples = 8
    temperature = 1.0
    top_p = 1.0
    max_tokens = 32
    min_solve_rate = 0.2
    max_solve_rate = 0.8
    min_disagreement = 0.0
    max_disagreement = 1.0
    engine = { dtype = "float32" }          # of vLLM; that of the evaluation unless given

    [train] [explore.DOMAIN] [gate] [scale] # as in config.py; mixes are called like their domains

``[model]``, ``[ledger]`` and ``held_out`` of the domains are filled in. Domains are explored in the
order of ``[explore]``; one may name those before it as ``beside``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.edge.band import Band
from assayoffice.rl.playbook.settings import Values, flattened, with_settings
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.training import config as training
from assayoffice.rl.training.errors import ConfigError
from assayoffice.rl.training.tables import Table

_TOY = "toy"
_SIZES = ("candidates", "held_out", "demonstrations")
_PASSED_ON = ("gate", "scale")


@dataclass(frozen=True, slots=True)
class DomainFiles:
    """The problems of a domain: those to filter, and those to measure by."""

    candidates: tuple[Path, ...]
    held_out: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class BaseConfig:
    """What all begins with: the model at ``path``, or a toy that is taught with ``settings``."""

    path: str | None
    settings: Values


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """How candidates are filtered."""

    request: SamplingRequest
    band: Band
    engine: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class WholeConfig:
    """The whole playbook. ``sizes`` are those of the toy's files, empty where there are others.

    ``domains`` names the domains, in the order they are explored, with their files, which are None
    of the toy. ``train`` is the shared training configuration, for the toy that is the base.
    ``rest`` is what ``config.py`` reads.
    """

    file: Path
    seed: int
    sizes: Mapping[str, int]
    domains: Mapping[str, DomainFiles | None]
    base: BaseConfig
    edge: EdgeConfig
    train: Values
    rest: Values

    def playbook(
        self, model: str, ledger: Path, held_out: Mapping[str, tuple[Path, ...]]
    ) -> Values:
        """What ``config.py`` reads, once it is known what everything begins with."""
        explore = self.rest["explore"]
        assert isinstance(explore, Mapping)
        tables = {
            name: {**table, "held_out": [str(each) for each in held_out[name]]}
            for name, table in explore.items()
        }
        return {
            **self.rest,
            "seed": self.seed,
            "model": {"path": model},
            "ledger": {"path": str(ledger)},
            "explore": tables,
        }


def load(file: Path, seed: int | None = None) -> WholeConfig:
    """Read a configuration; ``seed`` overrides the file's. Raises ConfigError."""
    values = training.written(file)
    top = Table(file, "", values)
    written_seed = top.integer("seed", 1, minimum=0)
    used_seed = written_seed if seed is None else seed
    explored = top.mapping("explore")
    if not explored:
        raise top.wrong("explore", "names no domain; give a table [explore.DOMAIN] for each")
    for name, table in explored.items():
        if not isinstance(table, Mapping):
            raise top.wrong(f"explore.{name}", "must be a table")
        for given in ("mix", "held_out"):
            if given in table:
                raise top.wrong(f"explore.{name}.{given}", "is filled in; leave it out")
    sizes, domains = _domains(top.table("domains"), tuple(explored))
    base = _base(top.table("base"))
    if base.path is None and not sizes:
        raise top.wrong("base.build", "the toy model answers only the toy's domains; give path")
    train, shared = _train(top, file)
    edge = _edge(top.table("edge"), used_seed, shared)
    rest = {"train": train, "explore": explored}
    rest |= {name: top.mapping(name) for name in _PASSED_ON if top.has(name)}
    top.refuse_others()
    return WholeConfig(file, used_seed, sizes, domains, base, edge, shared, rest)


def _domains(
    table: Table, explored: tuple[str, ...]
) -> tuple[Mapping[str, int], Mapping[str, DomainFiles | None]]:
    if table.has("build"):
        table.only("build", _TOY)
        written = table.table("sizes")
        sizes = {each: written.integer(each, minimum=2) for each in _SIZES}
        written.refuse_others()
        table.refuse_others()
        return sizes, dict.fromkeys(explored)
    found: dict[str, DomainFiles | None] = {}
    for name in explored:
        if not table.has(name):
            raise table.wrong(name, "missing; name its candidates and held_out files")
        files = table.table(name)
        found[name] = DomainFiles(files.files("candidates"), files.files("held_out"))
        for each in ("candidates", "held_out"):
            if not getattr(found[name], each):
                raise files.wrong(each, "names no file")
        files.refuse_others()
    table.refuse_others()
    return {}, found


def _base(table: Table) -> BaseConfig:
    if table.has("build") == table.has("path"):
        raise table.wrong("path", 'give either path = "..." or build = "toy"')
    path = None
    if table.has("build"):
        table.only("build", _TOY)
    else:
        folder = table.folder("path")
        path = table.text("path") if folder is None else str(folder.absolute())
    base = BaseConfig(path, flattened(table.mapping("set")))
    if path is not None and base.settings:
        raise table.wrong("set", "is for a model that is built")
    table.refuse_others()
    return base


def _train(top: Table, file: Path) -> tuple[Values, Values]:
    """The table [train] with an absolute path, and the values that it stands for."""
    table = top.table("train")
    config = table.file("config").absolute()
    settings = flattened(table.mapping("set"))
    table.refuse_others()
    ours = ("model", "data", "seed")
    values = {name: each for name, each in training.written(config).items() if name not in ours}
    try:
        shared = with_settings(values, settings)
    except ValueError as error:
        raise ConfigError(f"{file}: train.set: {error}") from None
    return {"config": str(config), "set": settings}, shared


def _edge(table: Table, seed: int, train: Values) -> EdgeConfig:
    evaluation = train.get("evaluation")
    shared = evaluation.get("vllm") if isinstance(evaluation, Mapping) else None
    default = Band()
    request = SamplingRequest(
        samples=table.integer("samples", 8, minimum=2),
        temperature=table.number("temperature", 1.0, minimum=0.01),
        top_p=table.number("top_p", 1.0, minimum=0.01),
        max_tokens=table.integer("max_tokens", minimum=1),
        seed=seed,
    )
    bounds = {
        name: table.number(name, getattr(default, name), minimum=0)
        for name in ("min_solve_rate", "max_solve_rate", "min_disagreement", "max_disagreement")
    }
    try:
        band = Band(**bounds)
    except ValueError as error:
        raise table.wrong("min_solve_rate", str(error)) from None
    engine = table.mapping("engine") if table.has("engine") else shared
    table.refuse_others()
    return EdgeConfig(request, band, engine if isinstance(engine, Mapping) else {})
