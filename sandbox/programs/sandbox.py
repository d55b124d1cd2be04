"""Runs programs nobody trusts: the one thing other layers use of this package."""

import socket
from dataclasses import replace
from typing import Self

from assayoffice.sandbox import usage
from assayoffice.sandbox.programs import probe
from assayoffice.sandbox.programs.errors import SandboxFailure, SandboxUnavailable
from assayoffice.sandbox.programs.run import Command, Run, RunResult, Tier
from assayoffice.sandbox.programs.settings import SandboxSettings, configured
from assayoffice.sandbox.programs.slot import Running, Slot

# What adds up in a slot, such as the page tables of its process, cannot add up beyond this.
_MAX_RUNS = 5_000
_FOR_TESTS = ("unittest",)


class Sandbox:
    """Runs programs in slots of its own, which are started when they are first needed.

    For one thread. What it has started ends with it, with ``close``, or with this process, however
    that ends.
    """

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        """Raises SandboxUnavailable when this host offers no isolation that suffices."""
        self._settings = configured() if settings is None else settings
        self._plan = probe.plan(self._settings)
        self._slots: list[Slot] = []
        #: How many slots have been started so far.
        self.slots_started = 0

    @property
    def tier(self) -> Tier:
        """How programs are isolated."""
        return self._plan.tier

    @property
    def enforced(self) -> tuple[str, ...]:
        """The limits and protections in force, sorted. Raises SandboxFailure."""
        return self._slot(0).enforced

    def run(self, run: Run) -> RunResult:
        """Run a program to its end.

        Raises SandboxFailure when the run was lost through no fault of the program, and
        SandboxUnavailable for what this tier does not have.
        """
        self._refuse_beyond_tier(run)
        slot = self._slot(0)
        try:
            result = slot.finish(slot.start(run))
        except BaseException:
            self._drop(slot)
            raise
        self._after(slot, result)
        return result

    def run_pair(self, first: Run, second: Run) -> tuple[RunResult, RunResult]:
        """Run two programs at once, CHANNEL_FD of each being one end of a stream socket.

        When one has ended, the other finds the channel closed. Raises as ``run`` does.
        """
        for run in (first, second):
            self._refuse_beyond_tier(run)
        slots = self._slot(0), self._slot(1)
        try:
            channels = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:
            raise SandboxFailure(f"no channel for two programs: {error}") from error
        running: list[Running] = []
        try:
            with channels[0], channels[1]:
                for slot, run, channel in zip(slots, (first, second), channels, strict=True):
                    running.append(slot.start(run, channel.fileno()))
            # With our copies closed, the end of one program is what the other sees of it.
            results = [slot.finish(each) for slot, each in zip(slots, running, strict=True)]
        except BaseException:
            for slot in slots:
                self._drop(slot)
            for each in running:
                each.close()
            raise
        for slot, result in zip(slots, results, strict=True):
            self._after(slot, result)
        return results[0], results[1]

    def close(self) -> None:
        """End all slots and wait for their ends."""
        while self._slots:
            self._slots.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refuse_beyond_tier(self, run: Run) -> None:
        if self.tier is Tier.NAMESPACES:
            return
        if run.files or run.limits.processes > 1 or isinstance(run.program, Command):
            raise SandboxUnavailable(
                f"the tier {self.tier.value} runs Python programs of one process and without files "
                "only; `assay doctor` says what the tier namespaces needs"
            )

    def _slot(self, index: int) -> Slot:
        for slot in list(self._slots):
            if not slot.alive:  # killed from outside, between two runs
                self._drop(slot)
        while len(self._slots) <= index:
            # Tests are the second of a pair. To all others the import would only be a burden.
            also = _FOR_TESTS if self._slots else ()
            preload = (*self._settings.preload, *also)
            self._slots.append(Slot(self._plan, replace(self._settings, preload=preload)))
            self.slots_started += 1
        return self._slots[index]

    def _after(self, slot: Slot, result: RunResult) -> None:
        usage.charge(result.cpu_seconds)
        if slot.runs >= _MAX_RUNS or not slot.alive:
            self._drop(slot)

    def _drop(self, slot: Slot) -> None:
        if slot in self._slots:  # else it is closed, and its descriptors may be others' by now
            self._slots.remove(slot)
            slot.close()
