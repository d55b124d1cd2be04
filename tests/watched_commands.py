"""Long commands as the tests run them: watched event by event, sent a signal at one of them.

A command is started as a user starts it and says with --json what happens.
"""

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from fake_service import spin_until
from process_tree import is_running, running_below

ASSAY = [sys.executable, "-P", "-c", "from assayoffice.cli import main; main()"]

Event = dict[str, object]


def events(
    arguments: Sequence[object],
    until: Callable[[Event], bool] = lambda event: False,
    ask: int = 0,
    code: int = 0,
) -> Iterator[Event]:
    """What ``assay`` says until it ends with ``code``, as it must.

    At the first event that ``until`` is waiting for it is sent the signal ``ask``; then nothing of
    what it had started may be left.
    """
    command = [*ASSAY, *map(str, arguments), "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, preexec_fn=_hear_interrupts
    ) as process:
        assert process.stdout is not None
        started: dict[int, float] = {}
        shared: set[Path] = set()
        try:
            for line in process.stdout:
                event = json.loads(line)
                yield event
                if not started and until(event):
                    started = running_below(process.pid)
                    shared = _shared_memory(started)
                    process.send_signal(ask)
        finally:
            process.kill()
    assert process.returncode == code
    spin_until(lambda: not any(is_running(pid) for pid in started), 60)
    assert not [each for each in shared if each.exists()]


def reached(stage: str, step: int) -> Callable[[Event], bool]:
    """Whether an event is a step of a stage, at least that one."""
    return lambda event: (
        (event["event"], event.get("stage")) == ("step", stage) and int(str(event["step"])) >= step
    )


def states(seen: Iterable[Event]) -> dict[object, object]:
    """How each stage ended, in the order they did."""
    ends = ("before", "finished", "stopped", "failed")
    return {each["stage"]: each["event"] for each in seen if each["event"] in ends}


def _hear_interrupts() -> None:
    """Shells have what they start in the background ignore them, tests among it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _shared_memory(pids: Iterable[int]) -> set[Path]:
    """The files of /dev/shm that processes use; others on the machine may have theirs there."""
    used: set[Path] = set()
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
            used |= {Path(line.split()[-1]) for line in maps if " /dev/shm/" in line}
    return used
