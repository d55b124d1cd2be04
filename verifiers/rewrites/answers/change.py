"""An answer made from another one by a change."""

from dataclasses import dataclass

from assayoffice.verifiers.numeric.expression import Node


@dataclass(frozen=True, slots=True)
class Change:
    """``node`` is what became of the answer; ``fine`` says that a tolerance may forgive it."""

    label: str
    node: Node
    fine: bool = False
