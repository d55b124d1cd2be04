"""A sandbox of which every run is followed by a look at what it has left."""

import difflib
import os
from types import TracebackType
from typing import Self

import pytest

from assayoffice.sandbox.programs import (
    Blob,
    PythonProgram,
    Run,
    RunLimits,
    RunResult,
    Sandbox,
    SandboxUnavailable,
    Tier,
)
from battery import host, state
from battery.case import LIMITS, Case
from battery.isolation import SECRET


class Box:
    """One slot, in which cases run one after the other."""

    def __init__(self) -> None:
        os.environ["ASSAY_BATTERY_SECRET"] = SECRET
        self._others = host.descendants(os.getpid())
        self.sandbox = Sandbox()
        self._shared_input = Blob(b"shared by many runs")
        try:
            self._accept()
        except BaseException:
            self.close()
            raise
        finally:
            del os.environ["ASSAY_BATTERY_SECRET"]

    def run(self, case: Case) -> RunResult:
        """Run a case and judge it, its traces and the next run. Raises AssertionError."""
        alone = self.sandbox.tier is Tier.LANDLOCK
        if self.sandbox.slots_started != self._slots:
            self._accept()  # tests of pairs, which may have come before, have started another slot
        if alone and case.limits.processes > 1:
            with pytest.raises(SandboxUnavailable):
                self.sandbox.run(case.run(self._shared_input))
        try:
            result = self.sandbox.run(case.run(self._shared_input, alone=alone))
            self.assert_clean()
        except BaseException:
            # What one case has broken is not held against the next.
            self._accept()
            raise
        case.judge(result)
        return result

    def run_source(self, source: str, limits: RunLimits = LIMITS) -> RunResult:
        """Run a program that is no case."""
        program = PythonProgram(Blob(source.encode()))
        return self.sandbox.run(Run(program, stdin=self._shared_input, limits=limits))

    def assert_clean(self) -> None:
        """The slot is the one it was and idle, and the next run in it sees nothing of the last."""
        assert self.sandbox.slots_started == self._slots, "the slot had to be replaced"
        processes = host.descendants(os.getpid()) - self._others
        assert processes == self.processes, "a process of the slot is gone, or one of a run left"
        before, after = self.first_state.splitlines(), self._state().splitlines()
        assert list(difflib.unified_diff(before, after, n=0, lineterm="")) == []
        assert host.left_files() == []

    def close(self) -> None:
        self.sandbox.close()
        self._shared_input.close()

    def _accept(self) -> None:
        self.first_state = self._state()
        self._slots = self.sandbox.slots_started
        self.processes = host.descendants(os.getpid()) - self._others

    def _state(self) -> str:
        result = self.run_source(state.SOURCE)
        assert result.exit_code == 0, result
        return result.stdout.decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
