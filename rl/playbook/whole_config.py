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

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.edge.band import Band
from assayoffice.rl.playbook import config
from assayoffice.rl.playbook.plan import PlaybookConfig
from assayoffice.rl.playbook.settings import Values, flattened
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.toy import domains as toy
from assayoffice.rl.training import config as training
from assayoffice.rl.training.tables import Table

_TOY = "toy"
_SIZES = ("candidates", "held_out", "demonstrations")
_PASSED_ON = ("gate", "scale")
_PINNED = ("domains", "base", "edge")
_NO_HUB_NAME = ("/", ".", "~")
# Of mixes/store.py.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


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
    of the toy. ``pinned`` are the values that may not change while it goes on. ``rest`` is what
    ``config.py`` reads, ``explored`` what it makes of that, but for model, ledger and held-out
    files, which are not known yet.
    """

    file: Path
    seed: int
    sizes: Mapping[str, int]
    domains: Mapping[str, DomainFiles | None]
    base: BaseConfig
    edge: EdgeConfig
    pinned: Values
    rest: Values
    explored: PlaybookConfig

    def playbook(
        self, model: str, ledger: Path, held_out: Mapping[str, tuple[Path, ...]]
    ) -> Values:
        """What ``config.py`` reads, once it is known what everything begins with."""
        return _filled(self.rest, self.seed, model, ledger, held_out)


def load(file: Path, seed: int | None = None) -> WholeConfig:
    """Read a configuration; ``seed`` overrides the file's. Raises ConfigError."""
    values = training.written(file)
    top = Table(file, "", values)
    written_seed = top.integer("seed", 1, minimum=0)
    used_seed = written_seed if seed is None else seed
    tables = _explore(top)
    sizes, domains = _domains(top.table("domains"), tuple(tables))
    base = _base(top.table("base"))
    if base.path is None and not sizes:
        raise top.wrong("base.build", "the toy model answers only the toy's domains; give path")
    rest: dict[str, object] = {
        "train": _train(top.mapping("train"), top.table("train")),
        "explore": tables,
    }
    rest |= {name: each for name in _PASSED_ON if (each := top.mapping(name)) or top.has(name)}
    # The configuration itself stands for files that are not there yet.
    held_out = {name: files.held_out if files else (file,) for name, files in domains.items()}
    filled = _filled(rest, used_seed, _TOY, Path("mixes"), held_out)
    explored = config.parsed(filled, file.absolute())
    _check_order(explored, top)
    edge = _edge(top.table("edge"), used_seed, explored.train)
    top.refuse_others()
    pinned = flattened({name: values[name] for name in _PINNED if name in values})
    return WholeConfig(
        file, used_seed, sizes, domains, base, edge, {"seed": used_seed, **pinned}, rest, explored
    )


def _filled(
    rest: Values,
    seed: int,
    model: str,
    ledger: Path,
    held_out: Mapping[str, tuple[Path, ...]],
) -> Values:
    explore = rest["explore"]
    assert isinstance(explore, Mapping)
    tables = {
        name: {**table, "held_out": [str(each.absolute()) for each in held_out[name]]}
        for name, table in explore.items()
    }
    return {
        **rest,
        "seed": seed,
        "model": {"path": model},
        "ledger": {"path": str(ledger)},
        "explore": tables,
    }


def _explore(top: Table) -> Mapping[str, object]:
    """The tables of domains, whose names are those of mixes and folders, too."""
    tables = top.mapping("explore")
    if not tables:
        raise top.wrong("explore", "names no domain; give a table [explore.DOMAIN] for each")
    for name, table in tables.items():
        if not _NAME.fullmatch(name):
            raise top.wrong(
                f"explore.{name}",
                "a domain is called like its mix and its folder here; letters, digits, '.', '_' "
                "and '-', at most 64 of them, the first a letter or digit",
            )
        if not isinstance(table, Mapping):
            raise top.wrong(f"explore.{name}", "must be a table")
        for given in ("mix", "held_out"):
            if given in table:
                raise top.wrong(f"explore.{name}.{given}", "is filled in; leave it out")
    return tables


def _check_order(explored: PlaybookConfig, top: Table) -> None:
    """Raise for names that would be unknown only after hours of training."""
    names = list(explored.domains)
    for index, domain in enumerate(explored.domains.values()):
        for each in domain.beside:
            if each not in names[:index]:
                known = ", ".join(names[:index]) or "there is none"
                raise top.wrong(
                    f"explore.{domain.name}.beside",
                    f"{each!r} is no domain that is explored before it; {known}",
                )
    if explored.scale is None:
        raise top.wrong("scale", "missing; say which mixes are to be scaled")
    for each in explored.scale.mixes:
        if each not in names:
            raise top.wrong(f"scale.mixes.{each}", f"is no domain; {', '.join(names)} are")
    if explored.scale.combination in names:
        raise top.wrong("scale.combination", "is the name of a domain's mix; take another")


def _domains(
    table: Table, explored: tuple[str, ...]
) -> tuple[Mapping[str, int], Mapping[str, DomainFiles | None]]:
    if table.has("build"):
        table.only("build", _TOY)
        written = table.table("sizes")
        sizes = {each: written.integer(each, minimum=2) for each in _SIZES}
        for name in explored:
            if name not in toy.DOMAINS:
                raise table.wrong("build", f"the toy has no {name!r}; {', '.join(toy.DOMAINS)} are")
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
        path = table.text("path") if folder is None else str(folder)
        if folder is None and (path.startswith(_NO_HUB_NAME) or path.count("/") > 1):
            raise table.wrong("path", f"there is no folder {path}; everything begins with it")
    base = BaseConfig(path, flattened(table.mapping("set")))
    if path is not None and base.settings:
        raise table.wrong("set", "is for a model that is built")
    table.refuse_others()
    return base


def _train(given: Values, table: Table) -> Values:
    """The table with an absolute path, because it is read in the folder of the run, too."""
    return {**given, "config": str(table.file("config"))}


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
