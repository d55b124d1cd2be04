"""Proofs judged by a service that runs as a user of no name, with real Lean."""

import json
import os
import subprocess
import sys
import sysconfig

from lean_toolchain import settings_file
from test_battery_elsewhere import _UID, TESTS, _as, _interpreter

SECONDS = 120

ENDLESS = """def grow : Nat → Nat → Bool
  | 0, _ => true
  | n + 1, a => grow n (2 * a) && grow n (2 * a + 1)
theorem target : 2 + 2 = 5 := (by decide +kernel : grow 60 0 = false) ▸ rfl"""
HUNGRY = """set_option maxRecDepth 100000
def grow : Nat → List Nat → List Nat
  | 0, l => l
  | n + 1, l => grow n (l ++ l)
theorem target : 2 + 2 = 5 := (by decide +kernel : (grow 60 [1]).length = 0) ▸ rfl"""
CANDIDATES = [
    ("theorem target : 2 + 2 = 4 := rfl", "4", {}),
    ("theorem target : 2 + 2 = 5 := rfl", "5", {}),
    (ENDLESS, "5", {"cpu_seconds": 1.0}),
    (HUNGRY, "5", {"memory_bytes": 128 << 20}),
]
JUDGE = """
import json, os, site, sys
packages, file, candidates = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
site.addsitedir(packages)
from pathlib import Path
from assayoffice.verifiers.base import Effort, Submission
from assayoffice.verifiers.code.task import CodeExtraction
from assayoffice.verifiers.lean import Candidate, LeanTask, LeanVerifier, configuration, settings
settings.configure(configuration.read(Path(file)))
verifier = LeanVerifier()
found = []
for text, sum, limits in candidates:
    task = LeanTask(
        f": 2 + 2 = {sum}", candidate=Candidate.FILE, extraction=CodeExtraction.WHOLE, **limits
    )
    found.append(verifier.verify(Submission(text, task), Effort.FULL).reason)
verifier.close()
print(json.dumps([os.getuid(), found]))
"""


def test_verdicts_of_a_user_without_rights() -> None:
    if os.geteuid() == 0:
        uid, python, identity = _UID, _interpreter(_UID), _as(_UID)
    else:  # Whoever is unprivileged already cannot become another user, and need not.
        uid, python, identity = os.getuid(), sys.executable, {}
    packages, candidates = sysconfig.get_path("purelib"), json.dumps(CANDIDATES)
    done = subprocess.run(
        [python, "-B", "-c", JUDGE, packages, settings_file(), candidates],
        **identity,
        cwd=TESTS,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    wanted = ["PROVED", "ELABORATION_FAILED", "CPU_TIME", "MEMORY"]
    assert json.loads(done.stdout) == [uid, wanted]
