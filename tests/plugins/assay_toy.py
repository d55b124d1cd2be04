"""A verifier for tests, found through a real entry point: put this folder on PYTHONPATH.

CORRECT when the response is the task's word. A few responses make it misbehave in every way a
verifier, or a submission, can.
"""

import ctypes
import os
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from assayoffice.verifiers import (
    Effort,
    InvalidTaskError,
    Limits,
    NeedsFullEffort,
    Outcome,
    Submission,
    UnscorableReferenceError,
    Verdict,
)


class ToyTask(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    word: str
    loud: bool = False


class ToyVerifier:
    name = "toy"
    version = "1"
    summary = "Compares words; misbehaves on demand"
    task_type = ToyTask
    limits = Limits(
        cpu_seconds=0.6, wall_seconds=3.0, memory_bytes=256 * 1024 * 1024, quick_cpu_seconds=0.1
    )
    decided_by = ("pydantic",)

    def verify(self, submission: Submission[ToyTask], effort: Effort) -> Verdict:
        task = submission.task
        if not task.word:
            raise UnscorableReferenceError("task.word: is empty; give a word", field="word")
        if task.loud and not task.word.isupper():
            raise InvalidTaskError("task.loud: wants an upper-case word", field="loud")
        match submission.response:
            case "":
                return Verdict(Outcome.NO_ANSWER, 0.0, "EMPTY")
            case "burn":
                while True:
                    pass
            case "grow":
                # At one blow, because filling memory takes CPU time, of which there is little.
                bytearray(1024 * 1024 * 1024)
            case "segfault":
                ctypes.string_at(0)
            case "exit":
                os._exit(0)
            case "sleep":
                Path("/proc/self/comm").write_text(task.word)  # so that a test can find it
                time.sleep(3600)
            case "raise":
                raise RuntimeError("a defect")
            case "slow" if effort is Effort.QUICK:
                raise NeedsFullEffort
        if submission.response == task.word:
            return Verdict(Outcome.CORRECT, 1.0, "SAME", extracted=task.word, method=effort.value)
        return Verdict(Outcome.INCORRECT, 0.0, "OTHER", extracted=submission.response)


class PatientToyVerifier(ToyVerifier):
    """For tests of what ends work, which must not be that its time is up."""

    name = "patient_toy"
    summary = "The same with all the time in the world"
    limits = Limits(
        cpu_seconds=0.6, wall_seconds=3600.0, memory_bytes=256 * 1024 * 1024, quick_cpu_seconds=0.1
    )

    def verify(self, submission: Submission[ToyTask], effort: Effort) -> Verdict:
        if effort is Effort.QUICK:
            raise NeedsFullEffort  # or it would be ended there after a second, and begin anew
        return super().verify(submission, effort)
