"""Canaries in operation: cases of verifiers that rely on the host, judged again and again.

A compiler that is upgraded, a disk that fails, a toolchain that somebody edits: what a verifier was
seen to do at start it may not do any more. One that gets a case wrong does not serve from then on.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable

from assayoffice.server import selfcheck
from assayoffice.server.catalog import Catalog, Entry
from assayoffice.server.engine import Engine

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
        for case in itertools.cycle(entry.cases):
            await asyncio.sleep(pause)
            repetition = await selfcheck.repeat(self._engine, case)
            if not repetition.difference:
                continue
            facts = {"verifier": entry.name, "why": repetition.difference}
            if repetition.is_trouble:
                _log.warning("case could not be judged again", extra={"facts": facts})
                continue
            self._catalog.withdraw(
                entry, f"got one of its own cases wrong in operation: {repetition.difference}"
            )
            _log.error("verifier taken out of service", extra={"facts": facts})
            self._on_withdrawal()
            return


def _uses_host(entry: Entry) -> bool:
    """Whether something that is not in this process' memory decides its verdicts."""
    tools = any(part.startswith("tool ") for part in entry.info.hallmark_parts)
    return tools or entry.limits.sandboxed
