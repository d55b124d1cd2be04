"""The configuration of a playbook: one TOML file for exploring and for scaling, checked whole.

::

    seed = 1                                # of the baseline and of the first run of every point

    [train]
    config = "demo.toml"                    # of `assay train`; its [model] and [data] are not used
    set = { "evaluation.samples" = 8 }      # what differs from it in every run, by dotted keys

    [model]
    path = "base"                           # what every run begins with: a folder, or a hub's name

    [ledger]
    path = "mixes"                          # of `assay mix`

    [explore.fractions]                     # a domain; its mix must be of the same one
    mix = "fractions"                       # of the ledger, open or frozen; the domain's name
    held_out = ["fractions.parquet"]        # problems, in any form that `assay eval` reads
    trainers = ["sft"]                      # or ["sft", "grpo"]; ["sft"]
    runs = 3                                # of every point, with seeds seed, seed + 1, ...; 3
    set = { "sft.steps" = 60 }              # what differs from [train] for this domain
    grid = { "sft.verl.optim.lr" = [1e-3, 4e-3] }   # each combination of values is a point

    [explore.programs]
    held_out = ["programs.parquet"]
    beside = ["fractions"]                  # frozen mixes or combinations, trained on besides

    [gate]                                  # see gate.py; these are the defaults
    minimum_uplift = 0.0                    # share of answers that the interval must lie above
    tolerance = 0.02                        # share that a frozen domain may lose
    spread = 1.0                            # largest sd over runs, in uplifts
    minimum_runs = 3
    minimum_problems = 30
    confidence = 0.95

    [scale]
    mixes = { fractions = 1.0, programs = 2.0 }     # frozen, with weights
    combination = "scale"                   # what the ledger is to call them together
    trainers = ["sft", "grpo"]
    set = { "sft.steps" = 300, "grpo.steps" = 30 }

Values after a semicolon are defaults. Paths start at the folder of the file. Domains are explored
in the order of the file.
"""

from pathlib import Path

from assayoffice.rl.playbook.experiments import points
from assayoffice.rl.playbook.folder import name_of
from assayoffice.rl.playbook.plan import (
    PLACEHOLDER,
    TRAINERS,
    DomainConfig,
    GateConfig,
    PlaybookConfig,
    ScaleConfig,
    run_values,
)
from assayoffice.rl.playbook.settings import Values, flattened, with_settings
from assayoffice.rl.training import config as training
from assayoffice.rl.training.errors import ConfigError
from assayoffice.rl.training.tables import Table

#: What exploring may vary: evaluations are compared, so they are the same everywhere.
_VARIED = ("sft", "grpo", "reward")
# Those of a run, and what it is only told when it starts.
_NOT_USED = ("model", "data", "seed")
_NO_HUB_NAME = ("/", ".", "~")


def load(file: Path, seed: int | None = None) -> PlaybookConfig:
    """Read a configuration; ``seed`` overrides the file's. Raises ConfigError."""
    return parsed(training.written(file), file, seed)


def parsed(values: Values, file: Path, seed: int | None = None) -> PlaybookConfig:
    """A configuration from its values; relative paths start at the folder of ``file``.

    Raises ConfigError.
    """
    top = Table(file, "", values)
    written_seed = top.integer("seed", 1, minimum=0)
    explore = top.table("explore")
    train = _train(top.table("train"))
    model = _model(top.table("model"))
    ledger = top.table("ledger")
    config = PlaybookConfig(
        file=file,
        seed=written_seed if seed is None else seed,
        train=train,
        problems=Table(file, "evaluation", _evaluation(train)).integer("problems", 0, minimum=0),
        model=model,
        ledger=(file.parent / ledger.text("path")).absolute(),
        domains={name: _domain(name, explore.table(name)) for name in top.mapping("explore")},
        gate=_gate(top.table("gate")),
        scale=_scale(top.table("scale")) if top.has("scale") else None,
    )
    ledger.refuse_others()
    top.refuse_others()
    if not config.domains:
        raise top.wrong("explore", "names no domain; give a table [explore.DOMAIN] for each")
    folders: dict[str, str] = {}
    for name in config.domains:
        if (other := folders.setdefault(name_of(name), name)) != name:
            raise top.wrong(f"explore.{name}", f"has the folder of {other}; rename one of them")
    _check_runs(config, top)
    return config


def _train(table: Table) -> Values:
    file = table.file("config")
    settings = flattened(table.mapping("set"))
    for key in settings:
        if key.partition(".")[0] in _NOT_USED:
            raise table.wrong(f"set.{key}", "is set by the playbook: [model], [explore] and seed")
    table.refuse_others()
    values = {key: each for key, each in training.written(file).items() if key not in _NOT_USED}
    try:
        values = dict(with_settings(values, settings))
    except ValueError as error:
        raise table.wrong("set", str(error)) from None
    service = values.get("service")
    if isinstance(service, dict) and isinstance(service.get("settings"), str):
        # Runs have configurations of their own, elsewhere.
        service = {**service, "settings": str((file.parent / service["settings"]).absolute())}
        values["service"] = service
    return values


def _evaluation(train: Values) -> Values:
    evaluation = train.get("evaluation")
    return evaluation if isinstance(evaluation, dict) else {}


def _model(table: Table) -> str:
    folder = table.folder("path") if table.has("path") else None
    path = table.text("path") if folder is None else str(folder)
    if folder is None and (path.startswith(_NO_HUB_NAME) or path.count("/") > 1):
        raise table.wrong("path", f"there is no folder {path}; every run begins with this model")
    table.refuse_others()
    return path


def _domain(name: str, table: Table) -> DomainConfig:
    held_out = table.files("held_out")
    if not held_out:
        raise table.wrong("held_out", "names no file; give a list of files with problems to ask")
    settings = _settings(table, "set")
    grid = flattened(table.mapping("grid"))
    for key, values in grid.items():
        _refuse_others_than_varied(table, "grid", key)
        if not isinstance(values, list) or not values:
            raise table.wrong(f"grid.{key}", "must be a list of values to try")
        if any(each in values[:index] for index, each in enumerate(values)):
            raise table.wrong(f"grid.{key}", "has a value twice; runs = N repeats a point")
        if key in settings:
            raise table.wrong(f"grid.{key}", "is given in set, too")
    domain = DomainConfig(
        name=name,
        mix=table.text("mix", name),
        beside=table.texts("beside"),
        held_out=held_out,
        trainers=_trainers(table, ("sft",)),
        runs=table.integer("runs", 3, minimum=1),
        points=points(settings, grid),
    )
    if domain.mix in domain.beside:
        raise table.wrong("beside", f"names {domain.mix}, the mix that is explored")
    table.refuse_others()
    return domain


def _gate(table: Table) -> GateConfig:
    default = GateConfig()
    gate = GateConfig(
        minimum_uplift=table.number("minimum_uplift", default.minimum_uplift, minimum=0),
        tolerance=table.number("tolerance", default.tolerance, minimum=0),
        spread=table.number("spread", default.spread, minimum=0),
        # One run has no spread, and one problem no interval.
        minimum_runs=table.integer("minimum_runs", default.minimum_runs, minimum=2),
        minimum_problems=table.integer("minimum_problems", default.minimum_problems, minimum=2),
        confidence=table.number("confidence", default.confidence, minimum=0.5),
    )
    if gate.confidence >= 1:
        raise table.wrong("confidence", f"must be below 1, not {gate.confidence:g}")
    table.refuse_others()
    return gate


def _scale(table: Table) -> ScaleConfig:
    weights = table.table("mixes")
    mixes = {name: weights.number(name, minimum=0) for name in table.mapping("mixes")}
    if not mixes:
        raise table.wrong("mixes", "names no mix; give frozen mixes with weights")
    scale = ScaleConfig(
        mixes=mixes,
        combination=table.text("combination", "scale"),
        trainers=_trainers(table, TRAINERS),
        settings=_settings(table, "set"),
    )
    table.refuse_others()
    return scale


def _settings(table: Table, key: str) -> Values:
    settings = flattened(table.mapping(key))
    for each in settings:
        _refuse_others_than_varied(table, key, each)
    return settings


def _refuse_others_than_varied(table: Table, key: str, setting: str) -> None:
    first, _, rest = setting.partition(".")
    if first not in _VARIED or not rest:
        raise table.wrong(
            f"{key}.{setting}",
            f"cannot differ between runs that are compared; keys begin with "
            f"{', '.join(f'{each}.' for each in _VARIED)} ([train] set is for all runs)",
        )
    if rest == "enabled":
        raise table.wrong(f"{key}.{setting}", "is what trainers = [...] says")


def _trainers(table: Table, default: tuple[str, ...]) -> tuple[str, ...]:
    chosen = table.texts("trainers") if table.has("trainers") else default
    for each in chosen:
        if each not in TRAINERS:
            raise table.wrong("trainers", f"{each!r} is none; {' and '.join(TRAINERS)} are")
    if not chosen:
        raise table.wrong("trainers", "names none; give sft, grpo or both")
    return tuple(each for each in TRAINERS if each in chosen)


def _check_runs(config: PlaybookConfig, top: Table) -> None:
    """Have every run that will be started read once, before the first of them is."""
    last = config.seed + max(each.runs for each in config.domains.values()) - 1
    if last > training.LARGEST_SEED:
        raise top.wrong("seed", f"must leave room for all runs below {training.LARGEST_SEED}")
    wanted = [
        (f"explore.{domain.name}, {point.name}", point.settings, domain.trainers)
        for domain in config.domains.values()
        for point in domain.points
    ]
    if config.scale is not None:
        wanted.append(("scale", config.scale.settings, config.scale.trainers))
    for place, settings, trainers in wanted:
        values = run_values(
            config, settings, trainers, seed=last, data=PLACEHOLDER, at=("start", *trainers)
        )
        try:
            training.parsed(values, config.file)
        except ConfigError as error:
            raise ConfigError(f"{error} (in what [train] and {place} make together)") from None
