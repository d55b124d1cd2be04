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

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.playbook import explore as exploring
from assayoffice.rl.playbook import preparing, voting
from assayoffice.rl.playbook import scale as scaling
from assayoffice.rl.playbook.doing import do_stage
from assayoffice.rl.playbook.folder import PlaybookFolder
from assayoffice.rl.playbook.gate import Decision, Verdict
from assayoffice.rl.playbook.matrix import Matrix
from assayoffice.rl.playbook.page import report
from assayoffice.rl.playbook.plan import PlaybookConfig
from assayoffice.rl.playbook.whole_config import WholeConfig
from assayoffice.rl.training import pipeline
from assayoffice.rl.training.folder import RunFolder
from assayoffice.rl.training.progress import Advance, Progress
from assayoffice.rl.training.stages import digest_at


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
    """What is done, in its order, as progress is told."""
    names = (
        *preparing.stage_names(config),
        *exploring.stage_names(config.explored, ()),
        *scaling.stage_names(config.explored),
        voting.STAGE,
    )
    return tuple(dict.fromkeys(names))


def run(
    config: WholeConfig,
    folder: Path,
    programs: pipeline.Programs,
    progress: Progress,
    *,
    without_evidence: bool = False,
) -> Outcome:
    """Do what is left to do. ``without_evidence`` goes on where the gate says to refine.

    Raises TrainingError, MixError, EdgeError, SamplingError, JudgingError, EvaluationError,
    UnreadableFileError, ServiceError, EmbeddedServerError and OSError.
    """
    whole = _Whole(RunFolder(folder.absolute()), programs, progress)
    settings = whole.prepare(config)
    return whole.explore_and_scale(settings, without_evidence)


@dataclass(frozen=True, slots=True)
class _Whole:
    folder: RunFolder
    programs: pipeline.Programs
    progress: Progress

    def prepare(self, config: WholeConfig) -> PlaybookConfig:
        """Everything up to the mixes."""
        run, programs, progress = self.folder.path, self.programs, self.progress
        with self.folder.locked(self._waiting) as lock:
            return preparing.Preparation(config, run, programs, progress, lock).prepare()

    def explore_and_scale(self, config: PlaybookConfig, without_evidence: bool) -> Outcome:
        """Each domain by itself, then all of them together."""
        run, programs, progress = self.folder.path, self.programs, self.progress
        decisions: dict[str, Decision] = {}
        matrix = None
        for domain in config.domains:
            decisions |= exploring.explore(config, run, programs, progress, (domain,))
            if decisions[domain].verdict is not Verdict.SCALE and not without_evidence:
                break
            Ledger(config.ledger).freeze(domain)
        else:
            matrix = scaling.scale(
                config, run, programs, progress, without_evidence=without_evidence
            )
        with self.folder.locked(self._waiting):
            if matrix is not None:
                self._vote(config)
            report.write(run, tuple(config.domains), config.seed, self.folder.report)
        return Outcome(decisions, matrix, self.folder.report)

    def _vote(self, config: PlaybookConfig) -> None:
        """Evaluate the scaled checkpoints by majority vote, too."""
        facts = {"matrix": digest_at(PlaybookFolder(self.folder.path).matrix)}

        def told(part: str, done: int, total: int) -> None:
            self.progress.advance(voting.STAGE, Advance(done, total, says=part))

        def work() -> tuple[Path, ...]:
            with preparing.judging(config) as service:
                domains = tuple(config.domains)
                return voting.vote(self.folder.path, domains, service.client, told)

        do_stage(self.folder, self.progress, voting.STAGE, facts, work)

    def _waiting(self) -> None:
        self.progress.note("Another command, or what is left of a killed one, still ends here ...")
