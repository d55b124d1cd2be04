"""One run of ``assay rewrites check``: from files to outcomes, and to all that is made of them."""

import contextlib
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from assayoffice import __version__
from assayoffice.rl.client import Client
from assayoffice.rl.rewrites import github, junit, showing
from assayoffice.rl.rewrites.caching import Cache
from assayoffice.rl.rewrites.checking import Checker
from assayoffice.rl.rewrites.outcomes import RowOutcome, outcome_as_json, set_as_json
from assayoffice.rl.rewrites.outputs import Outputs, naming
from assayoffice.rl.rewrites.policy import Policy, refuse_unknown_verifiers
from assayoffice.rl.rewrites.reading import Read, read
from assayoffice.rl.rewrites.sets.set_report import SetReport
from assayoffice.rl.rewrites.spool import Spool
from assayoffice.rl.rewrites.stamping import write_stamped
from assayoffice.rl.rewrites.tally import Tally
from assayoffice.rl.sources import UnreadableFileError

# Where no terminal says how wide it is.
_LOG_WIDTH = 100


class Run:
    """A run over ``files`` as one set. ``facts`` are what page and JUnit tell about it.

    With a ``workspace``, the folder of the repository, rows are annotated for GitHub Actions.

    Raises UnreadableFileError where a list to decontaminate against cannot be read, or the extra
    ``rewrites`` is not installed.
    """

    def __init__(
        self,
        files: Sequence[str],
        policy: Policy,
        facts: Mapping[str, str],
        outputs: Outputs,
        console: Console,
        *,
        as_json: bool,
        workspace: Path | None,
    ) -> None:
        try:
            # Here, because other commands can do without the extra, and are not to wait for it.
            from assayoffice.rl.rewrites.sets.checks import SetChecks

            if outputs.report is not None:
                from assayoffice.rl.rewrites.page.report import write as write_page

                self._write_page = write_page
        except ImportError as error:
            raise UnreadableFileError(
                f"{error.name} is not installed; pip install 'assayoffice[rewrites]'"
            ) from None
        self._files = files
        self._policy = policy
        self._facts = facts
        self._outputs = outputs
        self._console = console
        self._as_json = as_json
        self._workspace = workspace
        self._sets = SetChecks(policy.sets)
        self._spool = Spool()
        self._tally = Tally()
        self._shown: list[RowOutcome] = []

    def close(self) -> None:
        """Let go of what is kept on disk."""
        self._spool.close()

    def check(
        self, client: Client, cache: Cache | None, *, timeout: float, concurrency: int
    ) -> int:
        """Check all rows, write all that is asked for, and return the exit code.

        Raises ServiceError, PolicyError, UnreadableFileError and OSError.
        """
        # Nobody there? Say so before reading a single row.
        digests = client.rewrite_digests(timeout=timeout)
        refuse_unknown_verifiers(self._policy, digests)
        checker = Checker(client, self._policy, digests, cache, timeout, concurrency)
        start = time.monotonic()
        with contextlib.ExitStack() as stack:
            sink: TextIO | None = None
            if (path := self._outputs.outcomes) is not None:
                stack.enter_context(naming(path))
                sink = stack.enter_context(path.open("w"))
            self._take(checker.outcomes(self._rows()), sink)
            sets = self._sets.finish()
            self._write_line(set_as_json(sets), sink)
        seconds = time.monotonic() - start
        self._tell(sets, seconds)
        self._write_files(sets)
        if self._tally.errors:
            return 3
        return 1 if self._tally.failed or sets.failed else 0

    def _rows(self) -> Iterator[Read]:
        for each in read(self._files):
            if each.row_or_none is not None:
                self._sets.add(each.row_or_none)
            yield each

    def _take(
        self, answered: Generator[tuple[Read, RowOutcome], None, None], sink: TextIO | None
    ) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[count]:,} checked"),
            TimeRemainingColumn(),
        )
        disabled = not self._console.is_terminal
        with (
            Progress(*columns, console=self._console, transient=True, disable=disabled) as progress,
            contextlib.closing(answered),
        ):
            bar = progress.add_task("rewrites", total=1.0, count=0)
            for count, (row, outcome) in enumerate(answered, start=1):
                self._tally.add(outcome)
                with naming(Path(tempfile.gettempdir())):
                    self._spool.add(outcome)
                if not outcome.admitted and len(self._shown) < showing.SHOWN_ROWS:
                    self._shown.append(outcome)
                self._write_line(outcome_as_json(outcome), sink)
                progress.update(bar, completed=row.done, count=count)

    def _write_line(self, line: str, sink: TextIO | None) -> None:
        if self._as_json:
            sys.stdout.write(line + "\n")
        if sink is not None:
            sink.write(line + "\n")

    def _tell(self, sets: SetReport, seconds: float) -> None:
        sys.stdout.flush()
        # With --json, standard output holds outcomes and nothing else.
        stream = sys.stderr if self._as_json else sys.stdout
        if not self._as_json:
            actions = self._workspace is not None
            with github.obeying_nothing(stream) if actions else contextlib.nullcontext():
                self._show(stream, sets, seconds)
        if self._workspace is not None:
            for line in github.annotations(self._spool, sets, self._workspace):
                stream.write(line + "\n")
            stream.flush()

    def _show(self, stream: TextIO, sets: SetReport, seconds: float) -> None:
        hidden = self._tally.failed + self._tally.errors.total() - len(self._shown)
        parts = [
            showing.kept_out(self._shown, hidden),
            showing.set_checks(sets),
            showing.summary(self._tally, sets, seconds),
        ]
        if stream.isatty():
            Console(file=stream, highlight=False).print(*parts, sep="\n")
            return
        log = Console(file=stream, highlight=False, width=_LOG_WIDTH)
        with log.capture() as captured:
            log.print(*parts, sep="\n")
        for line in captured.get().splitlines():
            stream.write(line.rstrip() + "\n")

    def _write_files(self, sets: SetReport) -> None:
        facts = {
            **self._facts,
            "assayoffice": __version__,
            "hallmarks": ", ".join(sorted(self._tally.hallmarks)) or "none",
        }
        outputs = self._outputs
        if outputs.junit is not None:
            with naming(outputs.junit):
                junit.write_file(self._spool, sets, self._tally, facts, outputs.junit)
        if outputs.report is not None:
            with naming(outputs.report):
                self._write_page(self._spool, sets, outputs.report, facts=facts)
        if outputs.stamp is not None:
            with naming(outputs.stamp):
                self._write_stamped(sets, outputs.stamp)

    def _write_stamped(self, sets: SetReport, output: Path) -> None:
        # Which rows a set has too many of is not for us to choose.
        if sets.failed:
            said = f"not written, because the set fails {', '.join(sets.failed)}"
        else:
            count = write_stamped(self._spool, self._files, output)
            said = f"{count:,} of {self._tally.rows:,} rows"
        self._console.print(f"{output}: {said}", markup=False)
