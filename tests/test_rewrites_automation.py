"""What others run unread: the action, the workflow that calls it, the pre-commit hook."""

import json
import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACTION = ROOT / ".github" / "actions" / "check-rewrites" / "action.yml"
WORKFLOW = ROOT / ".github" / "workflows" / "check-rewrites.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
EXAMPLES = ROOT / "examples" / "rewrites"


def read(file: Path) -> Mapping[Any, Any]:
    loaded: Mapping[Any, Any] = yaml.safe_load(file.read_text())
    return loaded


def step(name: str) -> Mapping[str, Any]:
    steps = read(ACTION)["runs"]["steps"]
    return next(each for each in steps if each.get("name") == name)


@pytest.fixture
def runner(endpoint: str, tmp_path: Path) -> Mapping[str, str]:
    """The environment of a step, with an `assay` that asks a service of the test."""
    assay, temp = tmp_path / "bin" / "assay", tmp_path / "temp"
    assay.parent.mkdir()
    temp.mkdir()
    arguments = f'"$1" "$2" --endpoint {endpoint} "${{@:3}}"'
    program = "from assayoffice.cli import main; main()"
    assay.write_text(f"#!/bin/bash\nexec {sys.executable} -c '{program}' {arguments}\n")
    assay.chmod(0o755)
    return {
        "PATH": f"{assay.parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "RUNNER_TEMP": str(temp),
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(ROOT),
    }


def run_check(runner: Mapping[str, str], **inputs: str) -> subprocess.CompletedProcess[str]:
    """Runs the step that checks, as GitHub runs bash."""
    names = {name: value for name, value in step("Check")["env"].items()}
    assert names == {"FILES": "${{ inputs.files }}", "POLICY": "${{ inputs.policy }}"}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step("Check")["run"]],
        env={**runner, "FILES": "", "POLICY": "", **inputs},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.heavy
def test_the_action_fails_for_broken_rows_and_says_where(runner: Mapping[str, str]) -> None:
    result = run_check(runner, FILES="examples/rewrites/b*.jsonl")
    assert result.returncode == 1, result.stderr
    assert "::error file=examples/rewrites/broken.jsonl,line=1" in result.stdout
    temp = Path(runner["RUNNER_TEMP"])
    suites = ET.parse(temp / "rewrites" / "junit.xml").getroot()
    assert suites.get("failures") not in (None, "0")
    assert "triangle" in (temp / "rewrites" / "report.html").read_text()
    assert (temp / "rewrites-cache" / "reports.sqlite").exists()


@pytest.mark.heavy
def test_the_action_passes_sound_rows_under_a_policy_of_the_caller(
    runner: Mapping[str, str], tmp_path: Path
) -> None:
    policy = tmp_path / "my policy.toml"
    policy.write_text("minimum_score = 0.1\n")
    result = run_check(runner, FILES="examples/**/sound.jsonl", POLICY=str(policy))
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_action_does_not_pass_for_want_of_files(runner: Mapping[str, str]) -> None:
    result = run_check(runner, FILES="nothing/*.jsonl")
    assert result.returncode == 2
    assert "::error::no file matches" in result.stdout


def test_the_action_runs_nothing_that_an_input_holds(runner: Mapping[str, str]) -> None:
    # An expression in a script is put in before bash reads it; one in its environment is not.
    for each in read(ACTION)["runs"]["steps"]:
        assert "${{" not in each.get("run", "")
    temp = Path(runner["RUNNER_TEMP"])
    result = run_check(runner, FILES=f"$(touch {temp}/ran) ; touch {temp}/ran")
    assert result.returncode == 2
    assert not (temp / "ran").exists()


def test_the_action_installs_the_code_that_it_came_with(tmp_path: Path) -> None:
    script = step("Install")["run"].replace("python -m pip install --quiet", "echo")
    result = subprocess.run(
        ["bash", "-c", script],
        env={"GITHUB_ACTION_PATH": str(ACTION.parent), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == f"{ROOT}[rewrites]"


def test_the_workflow_calls_the_action_with_all_that_it_is_given() -> None:
    workflow, action = read(WORKFLOW), read(ACTION)
    # YAML 1.1 reads the key `on` as true.
    inputs = set(workflow[True]["workflow_call"]["inputs"])
    steps = workflow["jobs"]["check"]["steps"]
    called = steps[-1]
    assert called["uses"] == "./.assayoffice/.github/actions/check-rewrites"
    assert set(called["with"]) <= set(action["inputs"])
    used = set(re.findall(r"inputs\.([a-z-]+)", json.dumps(steps)))
    assert used == inputs
    assert workflow["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("file", [ACTION, WORKFLOW])
def test_actions_of_others_are_pinned_by_commit(file: Path) -> None:
    used = re.findall(r"uses: (\S+)", file.read_text())
    assert used
    for each in used:
        assert each.startswith("./") or re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", each), each


@pytest.mark.heavy
def test_the_hook_checks_the_files_it_is_given(runner: Mapping[str, str]) -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text())
    assert hook["id"] == "assay-rewrites-check"
    assert re.search(hook["files"], "examples/rewrites/sound.jsonl")
    assert not re.search(hook["files"], "examples/responses.jsonl")
    for name, code in (("sound.jsonl", 0), ("broken.jsonl", 1)):
        result = subprocess.run(
            [*shlex.split(hook["entry"]), str(EXAMPLES / name)],
            env=dict(runner),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert result.returncode == code, result.stdout + result.stderr
