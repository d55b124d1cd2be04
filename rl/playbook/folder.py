"""The folder of a playbook.

::

    RUN/baseline/DOMAIN/stages.json         what is finished, and what it was made from
                        held_out.parquet    the problems to ask, see data.py
                        run/                a run folder of `assay train`: the base model, measured
        explore/DOMAIN/stages.json          likewise
                       data/                what is trained on, and measured by
                       experiments/POINT/seed-N/    run folders
                       experiments.json     all experiments with what they measured
                       decision.json        what the gate says, with every number
        scale/stages.json data/ run/        likewise
              matrix.json                   domain by checkpoint

DOMAIN is a domain's name with a dash for what file systems have other uses for.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.training.folder import RunFolder

_OTHERS = re.compile(r"[^A-Za-z0-9._-]+|^\.+")


def name_of(domain: str) -> str:
    """The name of a domain's folders: "toy-fractions" for "toy/fractions"."""
    return _OTHERS.sub("-", domain)


@dataclass(frozen=True, slots=True)
class PlaybookFolder:
    """Paths within the folder of a playbook."""

    path: Path

    @property
    def lock(self) -> RunFolder:
        """What keeps other commands out."""
        return RunFolder(self.path)

    def base(self, domain: str) -> RunFolder:
        """Where the base model is measured; of a run folder it has the record of stages."""
        return RunFolder(self.path / "baseline" / name_of(domain))

    def baseline(self, domain: str) -> RunFolder:
        """The run that measures the base model on a domain."""
        return RunFolder(self.base(domain).path / "run")

    def held_out(self, domain: str) -> Path:
        """The problems to ask about a domain."""
        return self.base(domain).path / "held_out.parquet"

    def domain(self, domain: str) -> RunFolder:
        """Where a domain is explored; of a run folder it has data and the record of stages."""
        return RunFolder(self.path / "explore" / name_of(domain))

    def experiment(self, domain: str, slug: str, seed: int) -> RunFolder:
        """The run of one experiment."""
        return RunFolder(self.domain(domain).path / "experiments" / slug / f"seed-{seed}")

    def experiments(self, domain: str) -> Path:
        """All experiments on a domain."""
        return self.domain(domain).path / "experiments.json"

    def decision(self, domain: str) -> Path:
        """What the gate says about a domain."""
        return self.domain(domain).path / "decision.json"

    @property
    def scale(self) -> RunFolder:
        """Where mixes are scaled; of a run folder it has data and the record of stages."""
        return RunFolder(self.path / "scale")

    @property
    def scaled(self) -> RunFolder:
        """The run that scales."""
        return RunFolder(self.scale.path / "run")

    @property
    def matrix(self) -> Path:
        """The regression matrix."""
        return self.scale.path / "matrix.json"
