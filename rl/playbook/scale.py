"""Phase 2: frozen mixes together, SFT, then GRPO, and the regression matrix of what became of it.

Only what the gate said to scale is scaled, with the mix that it said it of.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from assayoffice.rl.mixes.combination import Combination
from assayoffice.rl.mixes.ledger import Ledger, Mix
from assayoffice.rl.playbook import data, recording
from assayoffice.rl.playbook.apart import refuse_trained_on
from assayoffice.rl.playbook.errors import NoEvidenceError
from assayoffice.rl.playbook.folder import PlaybookFolder
from assayoffice.rl.playbook.gate import Verdict
from assayoffice.rl.playbook.matrix import Matrix, matrix
from assayoffice.rl.playbook.matrix_json import write_matrix
from assayoffice.rl.playbook.plan import PlaybookConfig, ScaleConfig
from assayoffice.rl.playbook.results import measured
from assayoffice.rl.playbook.running import (
    Runner,
    baseline_stage,
    held_out,
    held_out_facts,
    serving,
)
from assayoffice.rl.training.errors import ConfigError
from assayoffice.rl.training.pipeline import Programs
from assayoffice.rl.training.progress import Progress

_MADE_FROM = "mixes"
_STAGE = "scale"


def scale(
    config: PlaybookConfig,
    folder: Path,
    programs: Programs,
    progress: Progress,
    *,
    without_evidence: bool = False,
) -> Matrix:
    """Scale the mixes of a playbook in its folder, or go on with it; returns the matrix.

    ``without_evidence`` scales domains that the gate did not say to scale, and has it recorded.
    Raises NoEvidenceError where that is not given, TrainingError, MixError, ServiceError,
    EmbeddedServerError and OSError.
    """
    settings = _settings(config)
    ledger = Ledger(config.ledger)
    mixes = _mixes(config, settings, ledger)
    refuse_trained_on(config, held_out(config, list(config.domains)), ledger, list(settings.mixes))
    where = PlaybookFolder(folder.absolute())
    missing = _without_evidence(where, mixes)
    if missing and not without_evidence:
        raise NoEvidenceError(
            "the gate has not said to scale:\n"
            + "\n".join(f"  {each}" for each in missing.values())
            + "\nExplore and refine, or scale in spite of it with --without-evidence"
        )

    def waiting() -> None:
        progress.note("Another command, or what is left of a killed one, still ends here ...")

    with where.lock.locked(waiting), serving(config) as served:
        combination = ledger.combine(settings.combination, settings.mixes, seed=config.seed)
        if combination.warning:
            progress.note(combination.warning)
        runner = Runner(config, where, programs, progress, served)
        return _scale(runner, ledger, combination, settings, tuple(missing))


def stage_names(config: PlaybookConfig) -> tuple[str, ...]:
    """What ``scale`` does, as its progress is told. Raises ConfigError."""
    _settings(config)
    return (*(baseline_stage(each) for each in config.domains), _STAGE)


def _settings(config: PlaybookConfig) -> ScaleConfig:
    if config.scale is None:
        raise ConfigError(f"{config.file}: scale: missing; say which mixes are to be scaled")
    return config.scale


def _mixes(config: PlaybookConfig, settings: ScaleConfig, ledger: Ledger) -> Mapping[str, Mix]:
    """The mixes by domain, frozen and with something held out. Raises MixError, ConfigError."""
    found: dict[str, Mix] = {}
    for name in settings.mixes:
        mix = ledger.mix(name)
        place = f"{config.file}: scale.mixes.{name}"
        if not mix.is_frozen:
            raise ConfigError(
                f"{place}: the mix is open and may yet change; freeze it: "
                f"`assay mix freeze {name} --ledger {ledger.path}`"
            )
        if mix.domain not in config.domains:
            raise ConfigError(
                f"{place}: its rows are of the domain {mix.domain!r}, of which nothing is held "
                f"out; add a table [explore.{mix.domain}]"
            )
        if mix.domain in found:
            raise ConfigError(f"{place}: {found[mix.domain].name} is of the same domain")
        found[mix.domain] = mix
    return found


def _without_evidence(folder: PlaybookFolder, mixes: Mapping[str, Mix]) -> dict[str, str]:
    """The domains that the gate did not say to scale as their mixes are now, and why."""
    found = {}
    for domain, mix in mixes.items():
        known = recording.read_explored(folder, domain)
        if known is None:
            found[domain] = f"{domain}: it was not explored in {folder.path}"
        elif known.mix != mix.digest:
            found[domain] = (
                f"{domain}: it was explored with other content of its mix (digest "
                f"{known.mix[:12]}, and {mix.name} has {mix.digest[:12]})"
            )
        elif known.verdict is not Verdict.SCALE:
            found[domain] = f"{domain}: the gate says {known.verdict}, {folder.decision(domain)}"
    return found


def _scale(
    runner: Runner,
    ledger: Ledger,
    combination: Combination,
    settings: ScaleConfig,
    without_evidence: Sequence[str],
) -> Matrix:
    config, folder = runner.config, runner.folder
    domains, trainers = list(config.domains), settings.trainers
    start = {each: runner.baseline(each) for each in domains}
    runner.pin(
        folder.scale,
        _MADE_FROM,
        {
            **{f"mix {each.mix}": [each.digest, each.weight] for each in combination.members},
            **held_out_facts(config, domains),
            "model": config.model,
        },
    )
    facts = runner.facts(settings.settings, trainers, seed=config.seed, at=trainers)
    run = folder.scaled

    def work() -> tuple[Path, ...]:
        place = folder.scale.data
        files = {each: place / f"{each}.parquet" for each in trainers}
        asked = place / "held_out.parquet"
        data.write_held_out(held_out(config, domains), asked)
        if not all(each.exists() for each in files.values()):
            data.write_training(
                ledger,
                (combination.name,),
                files,
                seed=config.seed,
                hallmarks=runner.served.hallmarks,
            )
        runner.run(
            _STAGE,
            run,
            settings.settings,
            trainers,
            seed=config.seed,
            files={**files, "held_out": asked},
            at=trainers,
        )
        return tuple(run.evaluation(each) for each in trainers)

    runner.stage(folder.scale, _STAGE, facts, work, _STAGE)
    digests = {each.domain: each.digest for each in combination.members}
    best = {
        domain: reference
        for domain, digest in digests.items()
        if (reference := recording.explored(folder, domain, digest)) is not None
    }
    checkpoints = {each: measured(run, each) for each in trainers}
    found = matrix(domains, checkpoints, start, best, config.gate, without_evidence)
    write_matrix(folder.matrix, found, combination)
    return found
