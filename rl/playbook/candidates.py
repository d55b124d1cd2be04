"""From candidates to mixes: what is at the edge of the base model, admitted to a ledger.

For each domain two stages of the run: samples of every candidate filtered by a band, with counts
and reasons, and the kept rows in the mix of the domain.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from assayoffice.rl.client import Client
from assayoffice.rl.edge.filtering import edge
from assayoffice.rl.edge.result import DomainCount, EdgeResult
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.playbook.doing import do_stage
from assayoffice.rl.playbook.errors import NothingKeptError
from assayoffice.rl.playbook.settings import flattened
from assayoffice.rl.playbook.whole_config import EdgeConfig
from assayoffice.rl.sampling import engine
from assayoffice.rl.sampling.models import LocalModel
from assayoffice.rl.training import pipeline
from assayoffice.rl.training.errors import TrainingError
from assayoffice.rl.training.folder import RunFolder, write_json
from assayoffice.rl.training.progress import Advance, Progress
from assayoffice.rl.training.serving import Service
from assayoffice.rl.training.stages import Stages, digest_at

CALL_SECONDS = 600.0
_SHOWN_REFUSALS = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Sampler:
    """Who answers candidates, and how: ``programs`` with more ``environment``.

    Rows call the model ``name``, or by its path where that is None.
    Its processes inherit ``lock``, so that the folder of the run is held until the last is gone.
    """

    model: LocalModel
    name: str | None
    settings: EdgeConfig
    programs: pipeline.Programs
    environment: Mapping[str, str]
    lock: int

    def start(self, job: Path, look: Callable[[], None], held: Sequence[int]) -> None:
        """As ``sampling.engine.Start``."""
        engine.under_keeper(
            self.programs.sample(job), job, look, (self.lock, *held), self.environment
        )


class Candidates:
    """The candidates of one domain of a run, and what becomes of them."""

    def __init__(
        self, run: Path, domain: str, files: Sequence[Path], sampler: Sampler, progress: Progress
    ) -> None:
        self._folder = RunFolder(run)
        self._domain = domain
        self._files = files
        self._sampler = sampler
        self._progress = progress
        self._place = run / "edge" / domain
        self._ledger = Ledger(run / "mixes")

    def is_mixed(self) -> bool:
        """Whether nothing is left to do, so that no service need be started for it.

        Who judged is as it was recorded: what serves now is compared where it judges.
        """
        stages = Stages(self._folder)
        names = (edge_stage(self._domain), mix_stage(self._domain))
        if not all(each in stages.finished for each in names):
            return False
        hallmarks = stages.finished[names[0]].facts["hallmarks"]
        assert isinstance(hallmarks, Mapping)
        facts = (self._edge_facts(hallmarks), self._mix_facts())
        if not all(stages.is_finished(*each) for each in zip(names, facts, strict=True)):
            return False
        for name in names:
            self._progress.end(name, "before", stages.finished[name].seconds)
        return True

    def filter(self, service: Service) -> None:
        """Keep what is at the edge. Raises TrainingError, and what ``edge`` raises."""
        facts = self._edge_facts(service.hallmarks)
        work = partial(self._filter, service.client)
        do_stage(self._folder, self._progress, edge_stage(self._domain), facts, work)

    def mix(self, service: Service) -> None:
        """Make the mix of what was kept. Raises TrainingError, MixError and ServiceError."""
        work = partial(self._mix, service.client)
        facts = self._mix_facts()
        do_stage(self._folder, self._progress, mix_stage(self._domain), facts, work)

    def _edge_facts(self, hallmarks: Mapping[str, object]) -> dict[str, object]:
        model, settings = self._sampler.model, self._sampler.settings
        return {
            **{
                f"candidates {number}, {each.name}": digest_at(each)
                for number, each in enumerate(self._files, start=1)
            },
            **flattened({"request": settings.request.as_json(), "engine": settings.engine}),
            **dataclasses.asdict(settings.band),
            "model": str(model.facts()["files"]) or model.path,
            "hallmarks": dict(hallmarks),
        }

    def _mix_facts(self) -> dict[str, object]:
        return {"kept": digest_at(self._place / "kept.parquet")}

    def _filter(self, client: Client) -> tuple[Path, ...]:
        place, domain = self._place, self._domain
        result = edge(
            [str(each) for each in self._files],
            self._sampler.model,
            self._sampler.settings.request,
            self._sampler.settings.band,
            client,
            work=place / "work",
            output=place / "kept.parquet",
            dropped=place / "dropped.jsonl",
            name=self._sampler.name,
            timeout=CALL_SECONDS,
            start=self._sampler.start,
            progress=lambda part, done, total: self._progress.advance(
                edge_stage(domain), Advance(done, total, says=part)
            ),
        )
        count = result.total
        write_json(place / "edge.json", _counts(result))
        if count.errors:
            raise TrainingError(
                f"{place}: {count.errors} of {count.problems} problems of {domain} have no "
                "verdicts; the same command asks for them again"
            )
        if result.output is None:
            raise NothingKeptError(
                f"{domain}: none of {count.problems} problems is at the edge of the base model: "
                f"{_reasons(count)}. {place / 'dropped.jsonl'} says why; change [edge], the base "
                "model or the problems, and give another folder with --run"
            )
        return (place / "kept.parquet", place / "edge.json")

    def _mix(self, client: Client) -> tuple[Path, ...]:
        domain, kept = self._domain, str(self._place / "kept.parquet")
        # Files of different domains number their rows alike, and mixes are to be combined.
        added = self._ledger.add(
            domain, [kept], client, domain=domain, prefix=f"{domain}:", timeout=CALL_SECONDS
        )
        shown = "\n".join(each.message for each in added.refused[:_SHOWN_REFUSALS])
        if any(each.unknown for each in added.refused):
            raise TrainingError(
                f"{domain}: the service has no answer about some rows, and the same command asks "
                f"again:\n{shown}"
            )
        if not added.rows:
            raise NothingKeptError(f"{domain}: no row was admitted to its mix:\n{shown}")
        if added.refused:
            self._progress.note(
                f"{domain}: {len(added.refused)} rows were not admitted to its mix:\n{shown}"
            )
        return ()


def edge_stage(domain: str) -> str:
    """How filtering a domain is called where progress is shown."""
    return f"edge of {domain}"


def mix_stage(domain: str) -> str:
    """How mixing a domain is called where progress is shown."""
    return f"mix of {domain}"


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
    return ", ".join(
        f"{number} {reason.value}" for reason, number in count.dropped.items() if number
    )
