"""Chooses from many mutations: of all kinds, and from all over the program."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

#: So that a table of constants does not outweigh the program around it.
MOST_OF_A_KIND = 6


class _HasKind(Protocol):
    @property
    def kind(self) -> str: ...


MutationT = TypeVar("MutationT", bound=_HasKind)


def spread(found: Sequence[MutationT], kinds: Sequence[str]) -> Iterator[MutationT]:
    """Mutations of different kinds and from different places, those of each kind in turn."""
    of_kind: dict[str, list[MutationT]] = defaultdict(list)
    for mutation in found:
        of_kind[mutation.kind].append(mutation)
    queues = [iter(_far_apart(of_kind[kind])[:MOST_OF_A_KIND]) for kind in kinds if of_kind[kind]]
    while queues:
        left = []
        for queue in queues:
            following = next(queue, None)
            if following is not None:
                yield following
                left.append(queue)
        queues = left


def _far_apart(places: list[MutationT]) -> list[MutationT]:
    """In an order in which the first few are spread over the whole: halves, quarters, ..."""
    width = max(len(places) - 1, 1).bit_length()
    order = (int(f"{number:0{width}b}"[::-1], 2) for number in range(1 << width))
    return [places[at] for at in order if at < len(places)]
