"""What the graded checks ask for."""

from dataclasses import dataclass

from assayoffice.v1 import rewrite_pb2


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares, each in [0, 1]; the proto says of what, and why the defaults are what they are."""

    kill_rate: float = 1.0
    acceptance_rate: float = 1.0
    mutation_score: float = 0.8
    agreement: float = 0.5

    @classmethod
    def read(cls, message: rewrite_pb2.RewriteThresholds) -> "Thresholds":
        """What a call asks for; what it leaves out is strict."""
        return cls(**{field.name: value for field, value in message.ListFields()})
