"""Programs that try to get out, to be heard outside, or to leave something behind."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from battery import isolation, leaks
from battery.box import Box
from battery.case import LIMITS, Case

from assayoffice.sandbox.programs import CHANNEL_FD, Blob, PythonProgram, Run, Status, Tier
from assayoffice.sandbox.programs.launch import bwraps


@pytest.fixture(scope="module")
def box():
    with Box() as made:
        yield made


@pytest.mark.parametrize("case", isolation.CASES, ids=str)
def test_program_gets_nowhere_and_leaves_nothing(box: Box, case: Case) -> None:
    box.run(case)


def test_memory_of_a_run_is_not_in_the_next(box: Box) -> None:
    fresh = int(box.run_source(leaks.SEARCH).stdout)
    filled = box.run_source(leaks.FILL)
    assert filled.status is Status.OK, filled
    assert filled.peak_memory_bytes > leaks.FILLED_BYTES
    assert int(box.run_source(leaks.SEARCH).stdout) <= fresh


def test_search_finds_what_is_in_memory(box: Box) -> None:
    found = box.run_source(leaks.FILL_AND_SEARCH, replace(LIMITS, cpu_seconds=4))
    blocks = leaks.FILLED_BYTES // 128 if box.sandbox.tier is Tier.NAMESPACES else 0
    assert int(found.stdout) > blocks, found


def test_slots_run_as_nobody_special(box: Box) -> None:
    users = {Path(f"/proc/{pid}").stat().st_uid for pid in box.processes}
    assert users
    assert (users == {os.geteuid()}) if os.geteuid() else (0 not in users)


def test_strongest_tier_that_the_host_offers_is_used(box: Box) -> None:
    bwrap = next(bwraps(), None)
    trial = [str(bwrap), "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    possible = (
        bwrap is not None and subprocess.run(trial, stderr=subprocess.DEVNULL).returncode == 0
    )
    wanted = os.environ.get("ASSAY_BATTERY_TIER")
    assert box.sandbox.tier == (wanted or (Tier.NAMESPACES if possible else box.sandbox.tier))
    assert box.sandbox.tier is Tier.NAMESPACES or not possible


def test_nothing_is_left_on_the_host() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-B", "-m", "battery.departure"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


_SENDER = f"""
import os, socket
channel = socket.socket(fileno={CHANNEL_FD})
try:
    socket.send_fds(channel, [b"here"], [0, 1, 2, os.open("/", os.O_RDONLY), {CHANNEL_FD}] * 4)
except OSError:
    channel.send(b"here")
channel.recv(1)
"""
_READER = f"""
import os, socket
channel = socket.socket(fileno={CHANNEL_FD})
print(channel.recv(64).decode())
print([fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{{fd}}")])
"""
_TAKER = f"""
import os, socket
channel = socket.socket(fileno={CHANNEL_FD})
text, fds, _, _ = socket.recv_fds(channel, 64, 64)
for fd in fds:
    try:
        os.chdir(fd)
        print(os.listdir("."), os.path.exists("../etc/shadow"))
    except OSError:
        pass
print("read")
"""


def _pair(box: Box, first: str, second: str) -> tuple[Run, Run]:
    runs = (Run(PythonProgram(Blob(text.encode())), limits=LIMITS) for text in (first, second))
    one, other = runs
    return one, other


def test_descriptors_sent_to_a_partner_that_reads_text_are_dropped(box: Box) -> None:
    _, reader = box.sandbox.run_pair(*_pair(box, _SENDER, _READER))
    lines = reader.stdout.decode().splitlines()
    assert lines[0] == "here"
    if box.sandbox.tier is Tier.NAMESPACES:
        assert lines[1] == str([CHANNEL_FD])


def test_partner_that_never_reads_holds_nobody_up(box: Box) -> None:
    flood = f"import os\nwhile True:\n    os.write({CHANNEL_FD}, bytes(1 << 16))"
    silent = "import os\nos.read(0, 1)"
    writer, other = box.sandbox.run_pair(*_pair(box, flood, silent))
    assert other.status is Status.OK
    assert writer.status in (Status.NONZERO_EXIT, Status.SIGNALED)
    assert writer.wall_seconds < 2
