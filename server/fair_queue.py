"""A queue that serves flows in turn, so that only who asks for much waits for much."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class FairQueue(Generic[T]):
    """Items in order within their flow, flows round-robin. All operations take constant time.

    An item may stand in several flows, for each that wants it, and leaves all of them at once.
    """

    def __init__(self) -> None:
        # Linked lists, because items leave from the middle when their callers give up.
        self._flows: OrderedDict[Hashable, OrderedDict[T, None]] = OrderedDict()
        self._places: dict[T, list[Hashable]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, item: T) -> bool:
        return item in self._places

    def push(self, item: T, flow: Hashable) -> None:
        """Put an item last in a flow."""
        waiting = self._flows.get(flow)
        if waiting is None:
            waiting = self._flows[flow] = OrderedDict()
        if item not in waiting:
            waiting[item] = None
            self._places.setdefault(item, []).append(flow)

    def push_front(self, item: T, flow: Hashable) -> None:
        """Put an item that had its turn back where it came from; its flow is served next."""
        self.push(item, flow)
        self._flows[flow].move_to_end(item, last=False)
        self._flows.move_to_end(flow, last=False)

    def pop(self) -> T:
        """Take the item whose turn it is. Raises KeyError when there is none."""
        flow = next(iter(self._flows), None)
        if flow is None:
            raise KeyError("pop from an empty queue")
        item = next(iter(self._flows[flow]))
        self.remove(item)
        if flow in self._flows:
            self._flows.move_to_end(flow)
        return item

    def remove(self, item: T) -> None:
        """Take an item out. Raises KeyError when it is not there."""
        for flow in self._places.pop(item):
            waiting = self._flows[flow]
            del waiting[item]
            if not waiting:
                del self._flows[flow]
