"""What every installed verifier must do, shown by the cases it ships."""

import contextlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from lean_toolchain import settings_file

from assayoffice.verifiers import (
    Effort,
    NeedsFullEffort,
    Verdict,
    VerifierError,
    VerifierUnavailableError,
    registry,
)
from assayoffice.verifiers.lean import configuration, settings
from assayoffice.verifiers.lean.settings import LeanSettings
from assayoffice.verifiers.registry import Case, Loaded, Registered


def load() -> dict[str, Registered]:
    """All verifiers, Lean's with the headers of the example where there is a Lean for the tests."""
    with contextlib.suppress(pytest.skip.Exception):
        settings.configure(configuration.read(settings_file()))
    try:
        return registry.load()
    finally:
        settings.configure(LeanSettings())


REGISTRY = load()


def judge(loaded: Loaded, case: Case) -> Verdict | VerifierError:
    """What the verifier makes of a case: quickly if it can, else at its leisure."""
    try:
        try:
            return loaded.verifier.verify(case.submission, Effort.QUICK)
        except NeedsFullEffort:
            return loaded.verifier.verify(case.submission, Effort.FULL)
    except VerifierError as error:
        return error


def every_case() -> Iterator[tuple[Loaded, Case]]:
    """Of the verifiers that can be asked; the first test names the others."""
    for loaded in REGISTRY.values():
        if isinstance(loaded, Loaded):
            with contextlib.suppress(VerifierUnavailableError):
                for case in loaded.cases():
                    yield loaded, case


@pytest.mark.parametrize("name", REGISTRY)
def test_announced_verifier_loads_and_shows_every_kind_of_submission(name):
    if name == "lean":
        settings_file()  # or the reason why there is none here
    loaded = REGISTRY[name]
    assert isinstance(loaded, Loaded), loaded
    cases = loaded.cases()
    assert {case.kind for case in cases} == {"right", "wrong", "malformed", "cheating"}
    ids = Counter(case.id for case in cases)
    assert [id for id, count in ids.items() if count > 1] == []


@pytest.mark.parametrize(
    ("loaded", "case"),
    [pytest.param(*each, id=f"{each[0].name}-{each[1].id}") for each in every_case()],
)
def test_case_is_judged_as_it_promises(loaded, case):
    found = judge(loaded, case)
    if case.error:
        assert isinstance(found, VerifierError)
        assert found.reason == case.error
    else:
        assert isinstance(found, Verdict)
        assert found.outcome is case.outcome, found
        assert case.reason in ("", found.reason), found


@pytest.mark.heavy
def test_verdicts_depend_neither_on_order_nor_on_hash_seed():
    one, other = all_verdicts("forwards", hash_seed="1"), all_verdicts("backwards", hash_seed="2")
    assert one
    assert one == other


def all_verdicts(order: str, hash_seed: str) -> list[str]:
    """The verdicts of a fresh process, one a line, sorted."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, __file__, order]
    lines = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return sorted(lines.stdout.splitlines())


if __name__ == "__main__":
    cases = list(every_case())
    for loaded, case in cases if sys.argv[1] == "forwards" else reversed(cases):
        print(loaded.name, case.id, repr(judge(loaded, case)))  # noqa: T201 - for all_verdicts
