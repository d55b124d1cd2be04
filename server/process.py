"""The life of a server process: start, say where, serve until told to stop, drain."""

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable

from assayoffice.server.app import Server, running
from assayoffice.server.config import Settings

_log = logging.getLogger(__name__)

_STDIN = 0


async def serve(
    settings: Settings, announce: Callable[[Server], None], *, stop_with_stdin: bool
) -> int:
    """Serve until a signal, or the end of stdin where that is wanted; return the exit code.

    ``announce`` is called once calls are answered. The first SIGTERM or SIGINT drains, the second
    ends at once. Raises ConfigError, StartError, EngineError.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    stop = asyncio.Event()
    killed_by = 0

    def on_signal(number: int) -> None:
        nonlocal killed_by
        if stop.is_set() and task is not None:
            killed_by = number
            task.cancel()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
    if stop_with_stdin:
        _when_stdin_ends(lambda: loop.call_soon_threadsafe(stop.set))
    try:
        async with running(settings) as server:
            announce(server)
            await stop.wait()
            _log.info("draining", extra={"facts": {"seconds": settings.drain_seconds}})
            await server.drain(settings.drain_seconds)
    except asyncio.CancelledError:
        if not killed_by:
            raise
        return 128 + killed_by
    _log.info("stopped")
    return 0


def _when_stdin_ends(call: Callable[[], object]) -> None:
    # A thread, because stdin may be a file or a device, which an event loop cannot wait for.
    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(_STDIN, 4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop is closed: it has stopped already
            call()

    threading.Thread(target=wait, daemon=True).start()
