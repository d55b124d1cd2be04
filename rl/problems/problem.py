"""A problem to be answered, whatever the row it stands in looks like."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from assayoffice.rl.stamps import Stamp


class Origin(enum.StrEnum):
    """Who wrote a problem."""

    #: People, for people.
    REAL = "real"
    #: A model or a program.
    SYNTHETIC = "synthetic"


@dataclass(frozen=True, slots=True)
class Message:
    """A turn of the conversation that ends with the model's."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem, what judges answers to it, and where it comes from.

    ``id`` is unique within its file. ``domain`` is verl's ``data_source``. ``task`` is as a
    ``Submission`` has it; ``has_reference`` is False where it holds no right answer, which a
    stronger model may give. ``demonstration`` is a right response to learn from, empty without one.
    ``origin`` is None where the row does not say. ``original`` is the id of the problem it was made
    from, empty for one that is original itself. ``file`` and ``number`` (from 1) say where the row
    stands, and ``row`` is the row as it was read.
    """

    id: str
    domain: str
    messages: tuple[Message, ...]
    verifier: str
    task: Mapping[str, object]
    has_reference: bool
    demonstration: str
    origin: Origin | None
    generator: str
    original: str
    stamp: Stamp | None
    file: str
    number: int
    row: Mapping[str, object] = field(repr=False, compare=False)

    @property
    def question(self) -> str:
        """All that is asked, as one text; what ``Submission.prompt`` wants."""
        return "\n\n".join(each.content for each in self.messages)
