"""What a skipped test is to CI, by runs of pytest with the conftest of these tests."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPED = {
    "test": "import pytest\n@pytest.mark.skipif(True, reason='not here')\ndef test(): pass\n",
    "fixture": (
        "import pytest\n@pytest.fixture\ndef lean(): pytest.skip('not here')\n"
        "def test(lean): pass\n"
    ),
    "module": "import pytest\npytest.skip('not here', allow_module_level=True)\n",
}


def summary(folder: Path, text: str, ci: str) -> str:
    shutil.copyfile(Path(__file__).with_name("conftest.py"), folder / "conftest.py")
    (folder / "test_it.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rA", folder],
        cwd=folder,
        # What the conftest imports lies beside it.
        env={**os.environ, "CI": ci, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout


@pytest.mark.parametrize("text", SKIPPED.values(), ids=SKIPPED)
def test_skip_fails_where_ci_is_set_and_nowhere_else(text: str, tmp_path: Path) -> None:
    failed = summary(tmp_path, text, "1")
    assert "not here; nothing may be skipped" in failed
    assert re.search(r"\n1 (failed|error) in ", failed)
    assert "\n1 skipped in " in summary(tmp_path, text, "")


def test_failure_that_is_expected_is_no_skip(tmp_path: Path) -> None:
    text = "import pytest\n@pytest.mark.xfail\ndef test(): assert False\n"
    assert "\n1 xfailed in " in summary(tmp_path, text, "1")
