"""The whole playbook, in the folder of one run: from problems to a report.

::

    RUN/config.toml  versions.json
        stages.json                       of what is made here; explore and scale keep their own
        playbook.toml                     what `assay explore` and `assay scale` read
        data/                             the toy's files (rl/toy/domains.py), where there is a toy
        base/                             the run that teaches the toy model
        edge/DOMAIN/kept.parquet          what is at the edge, with dropped.jsonl beside it,
                    edge.json             the counts, and
                    work/                 samples and verdicts
        mixes/                            the ledger, a mix for each domain
        baseline/ explore/ scale/         see folder.py
        evaluation/                       base model and scaled checkpoints by majority vote, too
        report.html

Everything goes on where it was left. A domain is frozen when the gate says to scale it; where it
does not, the playbook ends there with its report, unless it is told to go on.
"""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assayoffice.rl.client import Client
from assayoffice.rl.edge.filtering import edge
from assayoffice.rl.edge.result import DomainCount, EdgeResult
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.playbook import config as explored
from assayoffice.rl.playbook import voting
from assayoffice.rl.playbook.explore import explore
from assayoffice.rl.playbook.folder import PlaybookFolder
from assayoffice.rl.playbook.gate import Decision, Verdict
from assayoffice.rl.playbook.matrix import Matrix
from assayoffice.rl.playbook.nested import Nested
from assayoffice.rl.playbook.page import report
from assayoffice.rl.playbook.plan import PlaybookConfig
from assayoffice.rl.playbook.running import serving
from assayoffice.rl.playbook.scale import scale
from assayoffice.rl.playbook.settings import as_toml, with_settings
from assayoffice.rl.playbook.whole_config import WholeConfig
from assayoffice.rl.sampling.models import LocalModel
from assayoffice.rl.toy import domains as toy
from assayoffice.rl.training import checkpoints, pipeline
from assayoffice.rl.training import config as training
from assayoffice.rl.training.errors import TrainingError
from assayoffice.rl.training.folder import RunFolder, write_folder, write_json, write_whole
from assayoffice.rl.training.pins import keep_versions
from assayoffice.rl.training.progress import Advance, Progress
from assayoffice.rl.training.stages import Facts, Stages, digest_at

_WEIGHTS = "huggingface"
_CALL_SECONDS = 600.0
_SHOWN_REFUSALS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a playbook: a decision per domain explored, and the matrix if it was scaled."""

    decisions: Mapping[str, Decision]
    matrix: Matrix | None
    report: Path

    @property
    def has_evidence(self) -> bool:
        """Whether the gate said to scale everything that was explored."""
        return all(each.verdict is Verdict.SCALE for each in self.decisions.values())


def stage_names(config: WholeConfig) -> tuple[str, ...]:
    """What is done here before explore and scale, as progress is told."""
    names = ["data"] if config.sizes else []
    names += ["base model"] if config.base.path is None else []
    names += [f"edge of {domain}" for domain in config.domains]
    return (*names, *(f"mix of {domain}" for domain in config.domains))


def run(
    config: WholeConfig,
    folder: Path,
    programs: pipeline.Programs,
    progress: Progress,
    *,
    without_evidence: bool = False,
) -> Outcome:
    """Do what is left to do. ``without_evidence`` goes on where the gate says to refine.

    Raises TrainingError, MixError, EdgeError, SamplingError, JudgingError, UnreadableFileError,
    ServiceError, EmbeddedServerError and OSError.
    """
    whole = _Whole(config, folder.absolute(), programs, progress)
    whole.prepare()
    return whole.explore_and_scale(without_evidence)


class _Whole:
    def __init__(
        self, config: WholeConfig, run: Path, programs: pipeline.Programs, progress: Progress
    ) -> None:
        self._config = config
        self._run = run
        self._programs = programs
        self._progress = progress
        self._ledger = Ledger(run / "mixes")

    def prepare(self) -> None:
        """Everything up to the mixes."""
        folder = RunFolder(self._run)
        with folder.locked(self._waiting):
            text = self._config.file.read_text("utf-8")
            facts = {"configuration": text, "seed": self._config.seed}
            stages = Stages(folder)
            if not stages.is_finished("configuration", facts):
                stages.run("configuration", facts, lambda: self._keep(text))
            if self._config.sizes:
                self._stage("data", {"sizes": dict(self._config.sizes)}, self._write_data)
            if self._config.base.path is None:
                data = digest_at(self._run / "data" / "demonstrations.parquet")
                self._stage("base model", {"demonstrations": data}, self._teach)
            settings = self._playbook()
            if not self._is_prepared():
                with serving(settings) as served, _client(served.endpoints) as client:
                    self._filter_and_mix(client, served.hallmarks)

    def explore_and_scale(self, without_evidence: bool) -> Outcome:
        """Each domain by itself, then all of them together."""
        config = self._playbook()
        decisions: dict[str, Decision] = {}
        matrix = None
        for domain in config.domains:
            decisions |= explore(config, self._run, self._programs, self._progress, (domain,))
            if decisions[domain].verdict is Verdict.SCALE or without_evidence:
                self._ledger.freeze(domain)
            else:
                break
        if len(decisions) == len(config.domains) and all(
            self._ledger.mix(each).is_frozen for each in decisions
        ):
            matrix = scale(
                config,
                self._run,
                self._programs,
                self._progress,
                without_evidence=without_evidence,
            )
            self._vote(config)
        page = RunFolder(self._run).report
        report.write(self._run, tuple(config.domains), self._config.seed, page)
        return Outcome(decisions, matrix, page)

    def _vote(self, config: PlaybookConfig) -> None:
        """Evaluate the scaled checkpoints by majority vote, too."""
        matrix = digest_at(PlaybookFolder(self._run).matrix)
        if self._is_finished(voting.STAGE, {"matrix": matrix}):
            return
        with serving(config) as served, _client(served.endpoints) as client:
            self._stage(
                voting.STAGE,
                {"matrix": matrix},
                lambda: voting.vote(
                    self._run, list(config.domains), client, partial(self._tell, voting.STAGE)
                ),
            )

    def _keep(self, text: str) -> tuple[Path, ...]:
        folder = RunFolder(self._run)
        keep_versions(folder)
        write_whole(folder.config, text)
        return (folder.config,)

    def _write_data(self) -> tuple[Path, ...]:
        data = self._run / "data"
        sizes = toy.Sizes(**self._config.sizes)
        write_folder(data, lambda unfinished: self._toy(unfinished, sizes))
        return (data,)

    def _toy(self, folder: Path, sizes: toy.Sizes) -> None:
        try:
            toy.write(folder, seed=self._config.seed, sizes=sizes)
        except ValueError as error:
            raise TrainingError(f"{self._config.file}: domains.{error}") from None

    def _teach(self) -> tuple[Path, ...]:
        """SFT of a model that knows nothing, with verl as any other."""
        folder = RunFolder(self._run / "base")
        ours = {"sft.enabled": True, "grpo.enabled": False, "evaluation.at": ["sft"]}
        values = {
            "seed": self._config.seed,
            "model": {"build": "toy"},
            "data": {
                "sft": str(self._run / "data" / "demonstrations.parquet"),
                "held_out": str(self._run / "data" / "held_out.parquet"),
            },
            **with_settings(self._config.train, {**self._config.base.settings, **ours}),
        }
        settings = training.parsed(values, self._config.file)
        nested = Nested(self._progress, "base model")
        pipeline.run(settings, as_toml(values), folder, self._programs, nested)
        return (self._base_model(settings.sft.steps),)

    def _base_model(self, steps: int) -> Path:
        return checkpoints.weights(
            RunFolder(self._run / "base").checkpoints("sft"), steps, _WEIGHTS
        )

    def _model(self) -> str:
        if self._config.base.path is not None:
            return self._config.base.path
        folder = RunFolder(self._run / "base").checkpoints("sft")
        return str(self._base_model(checkpoints.newest_step(folder)))

    def _playbook(self) -> PlaybookConfig:
        """The configuration that explore and scale read, written for people to use it, too."""
        held_out = {name: self._held_out(name) for name in self._config.domains}
        text = as_toml(self._config.playbook(self._model(), self._ledger.path, held_out))
        file = self._run / "playbook.toml"
        if not file.exists() or file.read_text("utf-8") != text:
            write_whole(file, text)
        return explored.load(file)

    def _held_out(self, domain: str) -> tuple[Path, ...]:
        files = self._config.domains[domain]
        return files.held_out if files else (self._run / "data" / domain / "held_out.jsonl",)

    def _candidates(self, domain: str) -> tuple[Path, ...]:
        files = self._config.domains[domain]
        return files.candidates if files else (self._run / "data" / domain / "candidates.jsonl",)

    def _is_prepared(self) -> bool:
        """Whether all mixes are there, so that no service need be started to see it."""
        finished = Stages(RunFolder(self._run)).finished
        names = stage_names(self._config)
        if not all(each in finished for each in names):
            return False
        for name in names:
            self._progress.end(name, "before", finished[name].seconds)
        return True

    def _filter_and_mix(self, client: Client, hallmarks: Mapping[str, str]) -> None:
        model = LocalModel(self._model(), self._config.edge.engine)
        for domain in self._config.domains:
            facts = {
                **{f"candidates {each.name}": digest_at(each) for each in self._candidates(domain)},
                "edge": str(dataclasses.asdict(self._config.edge)),
                "model": str(model.facts()["files"]) or model.path,
                "hallmarks": dict(hallmarks),
            }
            self._stage(f"edge of {domain}", facts, partial(self._filter, domain, model, client))
        for domain in self._config.domains:
            kept = self._edge(domain) / "kept.parquet"
            facts = {"kept": digest_at(kept)}
            self._stage(f"mix of {domain}", facts, partial(self._mix, domain, client))

    def _filter(self, domain: str, model: LocalModel, client: Client) -> tuple[Path, ...]:
        place = self._edge(domain)
        result = edge(
            [str(each) for each in self._candidates(domain)],
            model,
            self._config.edge.request,
            self._config.edge.band,
            client,
            work=place / "work",
            output=place / "kept.parquet",
            dropped=place / "dropped.jsonl",
            timeout=_CALL_SECONDS,
            progress=partial(self._tell, f"edge of {domain}"),
        )
        if result.total.errors:
            raise TrainingError(
                f"{place}: {result.total.errors} of {result.total.problems} problems of {domain} "
                "have no verdicts; the same command asks for them again"
            )
        if result.output is None:
            raise TrainingError(
                f"{domain}: none of {result.total.problems} problems is at the edge of the base "
                f"model: {_reasons(result.total)}; change [edge], the base model or the problems"
            )
        write_json(place / "edge.json", _counts(result))
        return (place / "kept.parquet", place / "edge.json")

    def _mix(self, domain: str, client: Client) -> tuple[Path, ...]:
        added = self._ledger.add(domain, [str(self._edge(domain) / "kept.parquet")], client)
        if any(each.unknown for each in added.refused):
            raise TrainingError(f"{domain}: the service has no answer about some rows; try again")
        if added.refused:
            shown = "\n".join(each.message for each in added.refused[:_SHOWN_REFUSALS])
            self._progress.note(
                f"{domain}: {len(added.refused)} rows were not admitted to its mix:\n{shown}"
            )
        if not added.rows:
            raise TrainingError(f"{domain}: no row was admitted to its mix")
        return ()

    def _edge(self, domain: str) -> Path:
        return self._run / "edge" / domain

    def _tell(self, stage: str, part: str, done: int, total: int) -> None:
        self._progress.advance(stage, Advance(done, total, says=part))

    def _is_finished(self, name: str, facts: Facts) -> bool:
        stages = Stages(RunFolder(self._run))
        if not stages.is_finished(name, facts):
            return False
        self._progress.end(name, "before", stages.finished[name].seconds)
        return True

    def _stage(self, name: str, facts: Facts, work: Callable[[], tuple[Path, ...]]) -> None:
        if self._is_finished(name, facts):
            return
        stages = Stages(RunFolder(self._run))
        self._progress.begin(name)
        start = time.monotonic()
        try:
            stages.run(name, facts, work)
        except BaseException as error:
            state = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
            self._progress.end(name, state, time.monotonic() - start)
            raise
        self._progress.end(name, "finished", time.monotonic() - start)

    def _waiting(self) -> None:
        self._progress.note("Another command, or what is left of a killed one, still ends here ...")


def _client(endpoints: Sequence[str]) -> Client:
    return Client(list(endpoints) if len(endpoints) > 1 else endpoints[0])


def _counts(result: EdgeResult) -> dict[str, object]:
    return {
        "domains": {name: _count(each) for name, each in result.domains.items()},
        "total": _count(result.total),
    }


def _count(count: DomainCount) -> dict[str, object]:
    return {
        "problems": count.problems,
        "kept": count.kept,
        "dropped": {reason.value: number for reason, number in count.dropped.items()},
        "errors": count.errors,
        "solve_rates": list(count.solve_rates),
        "kept_solve_rates": list(count.kept_solve_rates),
    }


def _reasons(count: DomainCount) -> str:
    named: Sequence[str] = [
        f"{number} {reason.value}" for reason, number in count.dropped.items() if number
    ]
    return ", ".join(named) or "there are none"
