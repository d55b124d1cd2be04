"""Canaries in operation: cases of verifiers that rely on the host, judged again and again.

A compiler that is upgraded, a disk that fails, a toolchain that somebody edits: what a verifier was
seen to do at start it may not do any more. One that gets a case wrong does not serve from then on.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence

from assayoffice.server import selfcheck
from assayoffice.server.catalog import Catalog, Entry
from assayoffice.server.engine import Engine

_TRIES = 3

_log = logging.getLogger(__name__)


class Rechecks:
    """Repeats the cases of each such verifier once in ``seconds``, one at a time, evenly spread.

    So they never queue up, and cost the same at any time. With 0 seconds nothing is repeated.
    ``on_withdrawal`` is called when a verifier was taken out of service.
    """

    def __init__(
        self, engine: Engine, catalog: Catalog, seconds: float, on_withdrawal: Callable[[], None]
    ) -> None:
        self._engine = engine
        self._catalog = catalog
        self._seconds = seconds
        self._on_withdrawal = on_withdrawal

    async def run(self) -> None:
        """Repeat until cancelled, or until there is nothing left to repeat."""
        if not self._seconds:
            return
        watched = [
            entry for entry in self._catalog.entries.values() if entry.serving and _uses_host(entry)
        ]
        await asyncio.gather(*(self._watch(entry) for entry in watched))

    async def _watch(self, entry: Entry) -> None:
        pause = self._seconds / len(entry.cases)
        for case in itertools.cycle(spread(entry.cases)):
            why = await self._difference(entry, case, pause)
            if not why:
                continue
            self._catalog.withdraw(entry, f"got one of its own cases wrong in operation: {why}")
            _log.error("verifier taken out of service", extra={"facts": _facts(entry, why)})
            self._on_withdrawal()
            return

    async def _difference(self, entry: Entry, case: selfcheck.Case, pause: float) -> str:
        """How a case is judged now, empty where that is as it should be or was not to be found out.

        A verifier that lacks what it needs would refuse everybody. It is asked again before that
        is held against it, since a host that is short of something may not be for long.
        """
        difference = ""
        for _ in range(_TRIES):
            await asyncio.sleep(pause)
            repetition = await selfcheck.repeat(self._engine, case)
            difference = repetition.difference
            if not (difference and repetition.is_trouble):
                return difference
            facts = _facts(entry, difference)
            _log.warning("case could not be judged again", extra={"facts": facts})
            if not repetition.is_unavailable:
                return ""
        return difference


def spread(cases: Sequence[selfcheck.Case]) -> list[selfcheck.Case]:
    """The cases in an order in which those of one kind are as far from each other as they can be.

    Of one kind are those of the same installation (what their ids say before the last slash) that
    want the same. Only some kinds notice a given fault, and these come up soon, whenever it begins.
    """
    kinds: dict[tuple[str, str], list[selfcheck.Case]] = {}
    for case in cases:
        kinds.setdefault((case.wanted, case.id.rpartition("/")[0]), []).append(case)
    # The shift keeps kinds of equally many cases from coming up all at once.
    places = [
        ((index + (shift + 0.5) / len(kinds)) / len(kind), case)
        for shift, kind in enumerate(kinds.values())
        for index, case in enumerate(kind)
    ]
    return [case for _, case in sorted(places, key=lambda placed: placed[0])]


def _facts(entry: Entry, why: str) -> dict[str, str]:
    return {"verifier": entry.name, "why": why}


def _uses_host(entry: Entry) -> bool:
    """Whether something that is not in this process' memory decides its verdicts."""
    tools = any(part.startswith("tool ") for part in entry.info.hallmark_parts)
    return tools or entry.limits.sandboxed
