"""The Lean of the tests itself: its prelude compiles, proves what is true and nothing else."""

import os
import subprocess
from pathlib import Path

import pytest
from lean_toolchain import headers, modules, toolchain

RIGHT = {
    "by a lemma": "theorem t (a : Nat) : Eq (HAdd.hAdd (0 : Nat) a) a := Nat.zero_add a",
}
WRONG = {
    "another number": "theorem t : Eq (HAdd.hAdd (2 : Nat) 2) (5 : Nat) := rfl",
}


def lean(source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Compile a source under the example's header."""
    file = folder / "Candidate.lean"
    file.write_text(headers()["assay"].source + source, "utf-8")
    return subprocess.run(
        [toolchain() / "bin" / "lean", file],
        env={**os.environ, "LEAN_PATH": str(modules())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


@pytest.mark.parametrize("proof", RIGHT.values(), ids=RIGHT)
def test_right_proofs_are_accepted_without_a_word(proof: str, tmp_path: Path) -> None:
    done = lean(proof, tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("proof", WRONG.values(), ids=WRONG)
def test_wrong_proofs_are_errors(proof: str, tmp_path: Path) -> None:
    done = lean(proof, tmp_path)
    assert done.returncode == 1
    assert "error" in done.stdout
