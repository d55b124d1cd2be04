"""Groups as they come together: what a response falls into, and what the answer says of it."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from assayoffice.server.rewrites.texts import quoted
from assayoffice.v1 import verdict_pb2, verifier_pb2

#: Responses that answer nothing are in no group, whatever was read in them.
NO_ANSWER = "NO_ANSWER"
CORRECT = "CORRECT"
LIMIT_EXCEEDED = "LIMIT_EXCEEDED"


@dataclass(slots=True)
class _Group:
    text: str
    outcome: str
    responses: list[int]


@dataclass(slots=True)
class Groups:
    """Takes in as many responses as ``count`` says, each once.

    Without ``has_reference`` nothing is right or wrong. What is beyond the limits is then as if it
    gave no answer, because nobody knows whether two such answers are the same.
    """

    count: int
    has_reference: bool
    _silent: list[int] = field(default_factory=list[int])
    _groups: dict[Hashable, _Group] = field(default_factory=dict[Hashable, _Group])

    def silence(self, responses: Iterable[int]) -> None:
        """These give no answer."""
        self._silent += responses

    def add(self, text: str, responses: Iterable[int], outcome: str | None, key: Hashable) -> None:
        """These answer ``text``, in the group of this ``key`` if they are wrong or not judged.

        ``outcome`` is the name of the verdict on them, None without one.
        """
        if outcome == NO_ANSWER or (outcome == LIMIT_EXCEEDED and not self.has_reference):
            self.silence(responses)
            return
        if outcome in (CORRECT, LIMIT_EXCEEDED):
            key = outcome
        else:
            key = ("other", key)
        places = sorted(responses)
        group = self._groups.get(key)
        if group is None:
            self._groups[key] = _Group(text, outcome or "UNSPECIFIED", places)
            return
        if places[0] < group.responses[0]:
            group.text = text
        group.responses = sorted([*group.responses, *places])

    def grouping(self) -> verifier_pb2.Grouping:
        """What came of it. Raises ValueError unless every response was taken in once."""
        ordered = sorted(self._groups.values(), key=lambda each: each.responses[0])
        everyone = [*self._silent, *(place for each in ordered for place in each.responses)]
        if sorted(everyone) != list(range(self.count)):
            raise ValueError("a response is in two groups, or in none")
        return verifier_pb2.Grouping(
            groups=[
                verifier_pb2.ResponseGroup(
                    answer=quoted(each.text),
                    responses=each.responses,
                    outcome=verdict_pb2.Outcome.Value(f"OUTCOME_{each.outcome}"),
                )
                for each in ordered
            ],
            silent=sorted(self._silent),
        )
