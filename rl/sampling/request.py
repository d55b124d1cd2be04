"""What is asked of a model about each problem, and the luck of each answer."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Self

# What every server and engine takes: some keep seeds in 32 bits with a sign.
_SEEDS = 2**31


@dataclass(frozen=True, slots=True)
class SamplingRequest:
    """How many answers to each problem, and how they are drawn.

    ``samples`` at ``temperature`` and ``top_p``, and with ``greedy`` one more at temperature 0.
    Each has at most ``max_tokens`` tokens. ``template`` are arguments of the chat template.
    """

    samples: int
    temperature: float
    top_p: float
    max_tokens: int
    seed: int
    greedy: bool = False
    template: Mapping[str, object] = field(default_factory=dict)

    @property
    def indices(self) -> tuple[int | None, ...]:
        """The answers to a problem: the indices of its samples, then None for the greedy one."""
        return (*range(self.samples), *((None,) if self.greedy else ()))

    def seed_of(self, problem: str, sample: int | None) -> int:
        """The seed of an answer, 0 for a greedy one, which takes no chance.

        It depends on the seed of the request, the problem and the sample and on nothing else: what
        is sampled first or again does not matter, and problems do not share their luck, so that
        intervals may take them for independent.
        """
        if sample is None:
            return 0
        digest = hashlib.sha256(f"{self.seed}\n{sample}\n{problem}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % _SEEDS

    def as_json(self) -> dict[str, object]:
        """As ``from_json`` reads it."""
        return {**asdict(self), "template": dict(self.template)}

    @classmethod
    def from_json(cls, written: Mapping[str, object]) -> Self:
        """Read what ``as_json`` wrote. Raises TypeError for other fields."""
        fields: dict[str, object] = dict(written)
        return cls(**fields)  # type: ignore[arg-type]
