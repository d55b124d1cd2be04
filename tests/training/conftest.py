"""What tests of training share: scripts in processes like a trainer's, models, and patience."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assayoffice.rl.verl import cpu

FOLDER = Path(__file__).parent

# Their warnings are for who writes them. One that is put down to any other module fails a test.
_UPSTREAM = (
    "ray",
    "tensordict",
    "torch",
    "torchdata",
    "transfer_queue",
    "transformers",
    "verl",
    "vllm",
)

Run = Callable[..., subprocess.CompletedProcess[str]]


def pytest_configure(config: pytest.Config) -> None:
    """Let warnings pass that come from within upstream's own modules."""
    for package in _UPSTREAM:
        config.addinivalue_line("filterwarnings", rf"ignore:::{package}(\..*)?$")


@pytest.fixture(scope="session")
def run_script() -> Run:
    """Runs a script of this folder in a trainer's environment, or one that differs from it.

    A process of its own, because what verl and vLLM are told, they are told once per process.
    """

    def run(
        script: str, *arguments: object, **differs: str | None
    ) -> subprocess.CompletedProcess[str]:
        changed = {**os.environ, **cpu.ENVIRONMENT, **differs}
        return subprocess.run(
            [sys.executable, FOLDER / script, *map(str, arguments)],
            env={name: value for name, value in changed.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=600,
        )

    return run


@pytest.fixture(scope="session")
def model_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The toy model, and one that differs from it only in its weights."""
    from assayoffice.rl.toy import model

    folders = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    for seed, folder in enumerate(folders):
        model.build(folder, seed=seed)
    return folders
