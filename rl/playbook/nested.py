"""The progress of a training run as that of one stage of a playbook."""

from dataclasses import replace

from assayoffice.rl.training.progress import Advance, Progress


class Nested:
    """A Progress whose stages are told as how far ``stage`` of another is."""

    def __init__(self, progress: Progress, stage: str) -> None:
        self._progress = progress
        self._stage = stage

    def begin(self, stage: str) -> None:
        """As Progress."""
        self._progress.advance(self._stage, Advance(says=stage))

    def advance(self, stage: str, advance: Advance) -> None:
        """As Progress."""
        said = f"{stage}: {advance.says}" if advance.says else stage
        self._progress.advance(self._stage, replace(advance, says=said))

    def end(self, stage: str, state: str, seconds: float) -> None:
        """As Progress; that a stage of a run ended is no end of ours."""

    def note(self, text: str) -> None:
        """As Progress."""
        self._progress.note(f"{self._stage}: {text}")
