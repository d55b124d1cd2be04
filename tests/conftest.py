"""Which tests there are on this host."""

import pytest

from assayoffice.sandbox.programs.toolchains import found

# Judged where they are installed for all users, and part of no promise elsewhere.
_OPTIONAL_LANGUAGES = {"rust", "go"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of optional languages that this host does not have."""
    absent = _OPTIONAL_LANGUAGES - set(found())
    left_out = [item for item in items if _language(item) in absent]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _language(item: pytest.Item) -> object:
    spec = getattr(item, "callspec", None)
    return None if spec is None else spec.params.get("language")
