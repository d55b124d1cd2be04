"""What a run shows while it runs: a table that lives, lines, or JSON lines.

Nothing is silent for long: a stage without steps shows the last line of its process's log.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

_LINE_SECONDS = 20.0
_SHOWN_CHARACTERS = 100
_BAR_WIDTH = 24
_SHOWN_ROWS = 18
_STYLES = {
    "finished": "green",
    "before": "green",
    "running": "bold",
    "stopped": "yellow",
    "failed": "bold red",
}
_MARKS = {"finished": "✓", "before": "✓", "running": "▸", "stopped": "■", "failed": "✗"}


@dataclass(frozen=True, slots=True)
class Advance:
    """How far a stage is: ``done`` of ``total`` steps, and figures of the last one by name.

    Before the first step, and in stages without steps, ``total`` is 0 and ``says`` is the last line
    its process wrote. With steps, it is the part of the stage that they are of, if it has parts.
    """

    done: int = 0
    total: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)
    says: str = ""


class Progress(Protocol):
    """Where a run tells how far it is."""

    def begin(self, stage: str) -> None:
        """A stage begins."""
        ...

    def advance(self, stage: str, advance: Advance) -> None:
        """A stage that has begun is that far. May be called as often as one likes."""
        ...

    def end(self, stage: str, state: str, seconds: float) -> None:
        """A stage "finished", "failed", was "stopped" or had finished "before", in so long."""
        ...

    def note(self, text: str) -> None:
        """Something worth knowing."""
        ...


class Pace:
    """Estimates the time left from when steps were seen to end."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, int]] = []
        self._total = 0

    def seconds_left(self, done: int, total: int) -> float | None:
        """Seconds until ``total``, None until a step has been seen to begin and end."""
        if total != self._total or (self._seen and done < self._seen[-1][1]):
            self._seen.clear()  # another count has begun: a stage may have several
        self._total = total
        # The first step that is seen took an unknown time, start-up included.
        if done and (not self._seen or self._seen[-1][1] != done):
            self._seen.append((time.monotonic(), done))
        if len(self._seen) < 2:
            return None
        (first, first_done), (last, last_done) = self._seen[0], self._seen[-1]
        since = time.monotonic() - last
        return max(0.0, (total - done) * (last - first) / (last_done - first_done) - since)


class Lines:
    """For logs: a line when something changes, and now and then one that shows life."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._pace = Pace()
        self._last = (0.0, 0)

    def begin(self, stage: str) -> None:
        """As Progress."""
        self._pace = Pace()
        self._last = (time.monotonic(), 0)
        self._print(f"{stage}: begins")

    def advance(self, stage: str, advance: Advance) -> None:
        """As Progress."""
        then, done = self._last
        if advance.done == done and time.monotonic() - then < _LINE_SECONDS:
            return
        # Quick steps would be thousands of lines.
        if advance.done != done and time.monotonic() - then < 1 and advance.done != advance.total:
            return
        self._last = (time.monotonic(), advance.done)
        self._print(f"{stage}: {_sentence(advance, self._pace)}")

    def end(self, stage: str, state: str, seconds: float) -> None:
        """As Progress."""
        self._print(
            f"{stage}: {'finished before' if state == 'before' else state} ({_duration(seconds)})"
        )

    def note(self, text: str) -> None:
        """As Progress."""
        self._print(text)

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)


class JsonLines:
    """For machines: one object per line on standard output."""

    def __init__(self) -> None:
        self._done = 0

    def begin(self, stage: str) -> None:
        """As Progress."""
        self._done = 0
        self._write({"event": "begin", "stage": stage})

    def advance(self, stage: str, advance: Advance) -> None:
        """As Progress; only steps are written, each once."""
        if advance.done != self._done:
            self._done = advance.done
            self._write(
                {
                    "event": "step",
                    "stage": stage,
                    "step": advance.done,
                    "of": advance.total,
                    **({"part": advance.says} if advance.says else {}),
                    **advance.figures,
                }
            )

    def end(self, stage: str, state: str, seconds: float) -> None:
        """As Progress."""
        self._write({"event": state, "stage": stage, "seconds": round(seconds, 1)})

    def note(self, text: str) -> None:
        """As Progress."""
        self._write({"event": "note", "text": text})

    def _write(self, event: Mapping[str, object]) -> None:
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


class Board:
    """For people at a terminal: the stages, each with its state, and a bar for the one at work."""

    def __init__(self, stages: tuple[str, ...]) -> None:
        self._rows = {stage: _Row() for stage in stages}
        self._note = ""

    def begin(self, stage: str) -> None:
        """As Progress."""
        self._rows[stage] = _Row("running", time.monotonic())

    def advance(self, stage: str, advance: Advance) -> None:
        """As Progress."""
        self._rows[stage].advance = advance

    def end(self, stage: str, state: str, seconds: float) -> None:
        """As Progress."""
        row = self._rows.setdefault(stage, _Row())
        row.state, row.seconds = state, seconds

    def note(self, text: str) -> None:
        """As Progress."""
        self._note = text

    def __rich__(self) -> RenderableType:
        """What the terminal shows now."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, justify="right")
        table.add_column(width=_BAR_WIDTH)
        table.add_column()
        earlier, shown, later = self._window()
        if earlier:
            table.add_row(Text(f"✓ {earlier} more", "green"))
        for stage, row in shown:
            table.add_row(
                Text(f"{_MARKS.get(row.state, '·')} {stage}", _STYLES.get(row.state, "dim")),
                Text(row.time(), "dim"),
                row.bar(),
                Text(row.sentence(), "dim" if row.state != "running" else "", overflow="ellipsis"),
            )
        if later:
            table.add_row(Text(f"· {later} more", "dim"))
        if self._note:
            table.add_row(Text(""), Text(""), Text(""), Text(self._note, "yellow"))
        return table

    def _window(self) -> tuple[int, list[tuple[str, "_Row"]], int]:
        """The stages that a terminal has room for, and how many are before and after them."""
        rows = list(self._rows.items())
        first = 0
        while len(rows) - first > _SHOWN_ROWS and rows[first][1].is_finished:
            first += 1
        shown = rows[first : first + _SHOWN_ROWS]
        return first, shown, len(rows) - first - len(shown)


@dataclass(slots=True)
class _Row:
    state: str = "waiting"
    began: float = 0.0
    seconds: float = 0.0
    advance: Advance = field(default_factory=Advance)
    pace: Pace = field(default_factory=Pace)

    @property
    def is_finished(self) -> bool:
        return self.state in ("finished", "before")

    def time(self) -> str:
        if self.state == "waiting":
            return ""
        running = self.state == "running"
        return _duration(time.monotonic() - self.began if running else self.seconds)

    def bar(self) -> RenderableType:
        if self.state != "running" or not self.advance.total:
            return Text("")
        return ProgressBar(total=self.advance.total, completed=self.advance.done, width=_BAR_WIDTH)

    def sentence(self) -> str:
        if self.state == "before":
            return "finished before"
        if self.state == "running":
            return _sentence(self.advance, self.pace)
        return _figures(self.advance) if self.state == "finished" else ""


@contextmanager
def shown(stages: tuple[str, ...], console: Console, as_json: bool) -> Iterator[Progress]:
    """The progress that fits where it is shown."""
    if as_json:
        yield JsonLines()
    elif console.is_terminal:
        board = Board(stages)
        with Live(board, console=console, refresh_per_second=4):
            yield board
    else:
        yield Lines(console)


def _sentence(advance: Advance, pace: Pace) -> str:
    if not advance.total:
        return advance.says[:_SHOWN_CHARACTERS]
    step = f"step {advance.done} of {advance.total}"
    parts = [f"{advance.says}, {step}" if advance.says else step]
    if figures := _figures(advance):
        parts.append(figures)
    left = pace.seconds_left(advance.done, advance.total)
    if left is not None and advance.done < advance.total:
        parts.append(f"{_duration(left)} left")
    return ", ".join(parts)


def _figures(advance: Advance) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in advance.figures.items())


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes else f"{rest} s"
