"""Which tests there are on this host, and that none of them is left out where it counts."""

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

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
