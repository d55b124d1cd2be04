"""What came of a trial of a verifier, as the service sees it."""

from dataclasses import dataclass

from assayoffice.v1 import rewrite_pb2


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial with its verdict. ``part`` is the name of a ``trials.Part``.

    ``expected`` says whether the verifier was to accept it; ``outcome``, e.g. ``"CORRECT"``,
    ``reason`` and ``explanation`` are those of its verdict.
    """

    part: str
    label: str
    text: str
    expected: bool
    outcome: str
    reason: str
    explanation: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the verifier accepted it."""
        return self.outcome == "CORRECT"

    @property
    def as_expected(self) -> bool:
        """Whether the verifier did what it was to do."""
        return self.accepted == self.expected


@dataclass(frozen=True, slots=True)
class Concluded:
    """A check of a report, and its factor in [0, 1] of the score."""

    check: rewrite_pb2.RewriteCheck
    value: float
