"""Programs that use up what they can, or end in odd ways."""

from dataclasses import replace

import pytest
from battery import resources
from battery.box import Box
from battery.case import LIMITS, Case

from assayoffice.sandbox.programs import (
    Blob,
    RunResult,
    SandboxUnavailable,
    Status,
    Tier,
    toolchains,
)
from assayoffice.sandbox.programs.toolchains import BuildFailed, ToolchainMissing, Toolchains


@pytest.fixture(scope="module")
def box():
    with Box() as made:
        yield made


@pytest.mark.parametrize("case", resources.CASES, ids=str)
def test_program_is_ended_as_documented_and_leaves_nothing(box: Box, case: Case) -> None:
    box.run(case)


_EIGHT_CHILDREN = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        kept = b"x" * (24 << 20)
        time.sleep(100)
        os._exit(len(kept) & 0)
time.sleep(1)
"""


def test_memory_of_children_is_added_up(box: Box) -> None:
    limits = replace(LIMITS, processes=16)
    if box.sandbox.tier is Tier.LANDLOCK:
        with pytest.raises(SandboxUnavailable):
            box.run_source(_EIGHT_CHILDREN, limits)
        return
    result = box.run_source(_EIGHT_CHILDREN, limits)
    if "memory-total" in result.enforced:
        assert result.status is Status.MEMORY_LIMIT
    else:
        # Nobody adds up here; each child by itself stays within the limit.
        assert result.status is Status.OK
    box.assert_clean()


_TEMPLATES = """
template <int N, int M> struct A { A<N - 1, M> a; A<N - 1, M + (1 << N)> b; };
template <int M> struct A<0, M> {};
int main() { A<24, 0> a; }
"""


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("c", '#include "/dev/zero"\nint main(void) {}'),
        ("c", "#include __FILE__\n"),
        ("c", 'int x[] = {\n#include "/dev/urandom"\n};'),
        ("c", "int x[1 << 30] = {1};\nint main(void) {}"),
        ("c", '__asm__(".incbin \\"/proc/1/environ\\"");\nint main(void) {}'),
        ("cpp", _TEMPLATES),
    ],
    ids=["endless-file", "itself", "noise", "huge", "stolen", "templates"],
)
def test_compiler_comes_to_an_end(
    box: Box, monkeypatch: pytest.MonkeyPatch, language: str, source: str
) -> None:
    short = replace(
        toolchains.COMPILE_LIMITS,
        cpu_seconds=1.0,
        wall_seconds=8.0,
        memory_bytes=256 << 20,
        output_bytes=8 << 20,
    )
    monkeypatch.setattr(toolchains, "COMPILE_LIMITS", short)
    failure = ToolchainMissing if box.sandbox.tier is Tier.LANDLOCK else BuildFailed
    with pytest.raises(failure):
        Toolchains(box.sandbox).build(language, source)
    box.assert_clean()


_LOCKING = """
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
int main(void) {
  int self = open("/proc/self/exe", O_RDONLY);
  fchmod(self, 0);
  chmod("/proc/self/exe", 0);
  puts("ran");
}
"""


def test_program_cannot_lock_others_out_of_itself(box: Box) -> None:
    if box.sandbox.tier is Tier.LANDLOCK:
        with pytest.raises(ToolchainMissing):
            Toolchains(box.sandbox).build("c", _LOCKING)
        return
    built = Toolchains(box.sandbox).build("c", _LOCKING)

    def ran() -> RunResult:
        with Blob(b"") as nothing:
            return box.sandbox.run(built.run(LIMITS, stdin=nothing))

    assert [ran().stdout for _ in range(2)] == [b"ran\n"] * 2
    box.assert_clean()
