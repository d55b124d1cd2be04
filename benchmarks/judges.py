"""Our verifier and the peer it is compared with, each measured in a process that can be killed.

The peer is math-verify 0.9.0 as verl configures it: the reference in a box and read as LaTeX, the
response read as expression or LaTeX, right when any reading of one equals any of the other. It
stops itself by SIGALRM, which works in a main thread and nowhere else.
"""

import logging
import multiprocessing
import multiprocessing.connection
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TypeAlias

from rows import Row

HANG_SECONDS = 30.0

Judge: TypeAlias = Callable[[str, str, str], tuple[bool, str]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a judge said about a row, and what that took. ``memory_bytes`` is the peak so far."""

    accepted: bool
    said: str
    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int


def ours() -> Judge:
    """``NumericVerifier`` as a worker runs it: quick, and once more when it asks for time."""
    from assayoffice.verifiers.base import (
        Effort,
        NeedsFullEffort,
        Outcome,
        Submission,
        VerifierError,
    )
    from assayoffice.verifiers.numeric import NumericVerifier
    from assayoffice.verifiers.numeric.task import NumericTask

    verifier = NumericVerifier()

    def judge(response: str, reference: str, prompt: str) -> tuple[bool, str]:
        submission = Submission(response, NumericTask(reference), prompt)
        try:
            try:
                verdict = verifier.verify(submission, Effort.QUICK)
            except NeedsFullEffort:
                verdict = verifier.verify(submission, Effort.FULL)
        except VerifierError as error:
            return False, f"error {error.reason}"
        return verdict.outcome is Outcome.CORRECT, f"{verdict.outcome.value} {verdict.reason}"

    return judge


def math_verify() -> Judge:
    """The peer."""
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

    logging.disable()  # It reports every alarm with a traceback.

    def judge(response: str, reference: str, prompt: str) -> tuple[bool, str]:
        golds = parse(f"\\boxed{{{reference}}}", (LatexExtractionConfig(),))
        answers = parse(response, (ExprExtractionConfig(), LatexExtractionConfig()))
        accepted = any(verify(gold, answer) for answer in answers for gold in golds)
        return accepted, "equal" if accepted else "different" if answers else "no answer"

    return judge


class MeasuredJudge:
    """A judge in a child process. One that hangs, or dies, loses the row and is replaced."""

    def __init__(self, make: Callable[[], Judge]) -> None:
        self._make = make
        self._start()

    def judge(self, row: Row) -> Measured:
        """Judge a row and measure that, without the way there and back."""
        self._connection.send((row.response, row.reference, row.prompt))
        if self._connection.poll(HANG_SECONDS):
            try:
                answer: Measured = self._connection.recv()
                return answer
            except EOFError:
                said = "died"
        else:
            said = "hung"
        self._stop()
        self._start()
        return Measured(False, said, HANG_SECONDS, HANG_SECONDS, 0)

    def __enter__(self) -> "MeasuredJudge":
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(self._make, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._connection.recv()  # It has imported what it needs, and judged once to warm up.

    def _stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()


def _serve(make: Callable[[], Judge], connection: multiprocessing.connection.Connection) -> None:
    judge = make()
    judge(r"\boxed{\frac{1}{2}}", "0.5", "")
    connection.send(None)
    while True:
        row = connection.recv()
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            accepted, said = judge(*row)
        except Exception as error:  # noqa: BLE001 - a peer that raises has lost the row, not the run
            accepted, said = False, f"raised {type(error).__name__}"
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        connection.send(Measured(accepted, said, cpu, wall, peak))
