"""A process that edits a ledger, and is killed at any moment.

``python mix_writer.py LEDGER`` reads numbers from standard input. At each it forks a writer, kills
it after so many seconds, unless it has finished by then, and says ``gone``. The ledger's only mix
gains and loses rows, by one edit after another; its history says which it has.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mix_rows import put, rows

from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.mixes.tuning import Tuning

MIX = "m"
EDITS = 12


def edit(ledger: Ledger, number: int) -> None:
    """Edit ``number``, from 0: every third drops two of the five rows of the one before."""
    if number % 3 == 2:
        some = [each.id for each in rows(2, f"{number - 1}-")]
        ledger.tune(MIX, Tuning(drop=frozenset(some)))
    else:
        put(ledger, MIX, rows(5, f"{number}-"))


def done(ledger: Ledger) -> int:
    """How many edits count."""
    return len(ledger.mix(MIX).description.history) if ledger.names() else 0


def expected(edits: int) -> Sequence[str]:
    """The ids that are there after so many edits."""
    there: set[str] = set()
    for number in range(edits):
        if number % 3 == 2:
            there -= {each.id for each in rows(2, f"{number - 1}-")}
        else:
            there |= {each.id for each in rows(5, f"{number}-")}
    return sorted(there)


def _write(ledger: Ledger) -> None:
    for number in range(done(ledger), EDITS):
        edit(ledger, number)


if __name__ == "__main__":
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            _write(Ledger(Path(sys.argv[1])))
            os._exit(0)
        end = time.monotonic() + float(line)
        while os.waitpid(child, os.WNOHANG)[0] == 0:
            if time.monotonic() >= end:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.0005)
        sys.stdout.write("gone\n")
        sys.stdout.flush()
