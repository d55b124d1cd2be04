"""What a worker answers about a set of responses, as the service reads it."""

from dataclasses import dataclass

from assayoffice.server.rewrites.replies import Pair, Reply


@dataclass(frozen=True, slots=True)
class Group:
    """Responses that give the same answer.

    ``text`` is the answer, ``responses`` their indices. ``outcome`` is the name of the verdict on
    it; None where that is to be found out by judging the first of them, or where there is no
    reference. Groups of equal ``mark`` in several replies about one task are one.
    """

    text: str
    responses: list[int]
    outcome: str | None
    mark: str


@dataclass(frozen=True, slots=True)
class Grouped:
    """The groups of a set, and the responses that are in none.

    ``silent`` ones give no answer, ``oversize`` ones are too long to be searched for one. Groups of
    a pair are one if its response is accepted under its task.
    """

    groups: list[Group]
    pairs: list[Pair]
    silent: list[int]
    oversize: list[int]


GROUPED = Reply(Grouped)
