"""Which tests there are on this host, that none is left out in CI, and what many share."""

import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from toy_service import toy_server

from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.sandbox.programs.toolchains import found

# Judged where they are installed for all users, and part of no promise elsewhere.
_OPTIONAL_LANGUAGES = {"rust", "go"}

_Report = TypeVar("_Report", pytest.TestReport, pytest.CollectReport)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of optional languages that this host does not have."""
    absent = _OPTIONAL_LANGUAGES - set(found())
    left_out = [item for item in items if _language(item) in absent]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Where the users that programs in sandboxes run as get to; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="assayoffice-test-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Address of a service for all tests that ask it and change nothing: a start takes seconds."""
    with EmbeddedServer(start_seconds=120) as ready:
        yield ready.endpoint


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[str, int]]:
    """The same with the toy verifier of ``tests/plugins``: its address and process id."""
    with toy_server() as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Have a test fail that is skipped where CI runs."""
    report = yield
    return report if hasattr(report, "wasxfail") else _without_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Have a module fail that is skipped where CI runs."""
    return _without_skip((yield))


def _without_skip(report: _Report) -> _Report:
    """A skip says that something was not tried, and a green run must not hide it."""
    if os.environ.get("CI") and report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}; nothing may be skipped where CI is set"
    return report


def _language(item: pytest.Item) -> object:
    spec = getattr(item, "callspec", None)
    return None if spec is None else spec.params.get("language")
