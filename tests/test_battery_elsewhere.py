"""The battery on hosts that give a service less: as a user of no name, and in a container."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from assayoffice.sandbox.programs import Tier

TESTS = Path(__file__).parent
_BATTERY = sorted(TESTS.glob("test_battery_[!e]*.py"))

# A user without an entry in /etc/passwd, and not one that sandboxes run as.
_UID = 54321
_SECONDS = 300

# Packages are found where this interpreter finds them, even by another one of the same version.
_PYTEST = (
    "import site, sys\n"
    f"site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    "import assayoffice.sandbox.programs, pytest\n"
    "sys.exit(pytest.main(sys.argv[1:]))"
)


def _interpreter(uid: int) -> str:
    """A Python of this version that a user can run, with our packages."""
    trial = _PYTEST.replace("pytest.main(sys.argv[1:])", "sys.version_info[:2] != %r")
    complaints = []
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            tried = subprocess.run(
                [python, "-B", "-c", trial % (sys.version_info[:2],)],
                **_as(uid),
                cwd=TESTS,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
            )
        except PermissionError as error:
            complaints.append(str(error))
            continue
        if tried.returncode == 0:
            return python
        complaints.append(tried.stderr.strip().rpartition("\n")[2] or f"{python}: other version")
    pytest.skip(f"no Python for other users that can read this checkout: {complaints}")


def _as(uid: int):
    return {"user": uid, "group": uid, "extra_groups": []}


@pytest.fixture
def home():
    """A folder that any user can write to, on a path that any user can enter."""
    made = tempfile.mkdtemp(prefix="battery-")
    Path(made).chmod(0o777)
    yield made
    shutil.rmtree(made)


def _run(prefix: list[str], python: str, home: str, tier: Tier, **how) -> None:
    environment = {
        "HOME": home,
        "TMPDIR": home,
        "PATH": os.environ["PATH"],
        "ASSAY_BATTERY_TIER": tier,
    }
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(TESTS.parent)]
    done = subprocess.run(
        [*prefix, python, "-B", "-c", _PYTEST, *options, *map(str, _BATTERY)],
        cwd=TESTS.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        **how,
    )
    summary = done.stdout.rstrip().rpartition("\n")[2]
    assert re.fullmatch(r"\d+ passed in .*", summary), done.stdout[-6000:] + done.stderr[-2000:]


@pytest.mark.skipif(os.geteuid() != 0, reason="this user is unprivileged: the battery has run so")
@pytest.mark.heavy
def test_battery_as_an_unprivileged_user(home: str) -> None:
    _run([], _interpreter(_UID), home, Tier.NAMESPACES, **_as(_UID))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give capabilities away as Docker does")
@pytest.mark.heavy
def test_battery_where_containers_may_not_make_namespaces(home: str) -> None:
    prefix = [sys.executable, str(TESTS / "docker_filter.py")]
    _run(prefix, sys.executable, home, Tier.LANDLOCK)
