"""Verifiers of other packages, served beside the built-in ones by a real server."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from assayoffice import Client
from assayoffice.rl import ItemError, Submission, Verdict
from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.rl.rewrites.reports import Report
from assayoffice.rl.rewrites.rewrite import Rewrite

EXAMPLE = Path(__file__).parents[1] / "examples" / "plugin"

WRONG_CASE = (
    '{"id": "claims-too-much", "kind": "right", "response": "<answer>1</answer>", '
    '"task": {"numbers": [1], "target": 2}, "outcome": "CORRECT"}\n'
)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that finds the example and two broken plug-ins, besides the built-in verifiers."""
    site = tmp_path_factory.mktemp("site")
    install(tmp_path_factory.mktemp("source"), site)
    announce(site, "exploding", "raise RuntimeError('no licence found')")
    announce(
        site,
        "miscounting",
        "from assay_countdown import CountdownVerifier\n"
        "class Verifier(CountdownVerifier):\n"
        "    name = 'miscounting'\n",
    )
    (site / "cases").mkdir()
    (site / "cases" / "miscounting.jsonl").write_text(WRONG_CASE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(site))
        with EmbeddedServer(start_seconds=60) as ready:
            yield ready.endpoint


def install(source: Path, site: Path) -> None:
    """Install the example as a user would, but from a copy, since building leaves files behind."""
    copy = shutil.copytree(EXAMPLE, source / "plugin")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-build-isolation", "--target", site, copy], check=True)


def announce(site: Path, name: str, code: str) -> None:
    (site / f"{name}.py").write_text(code)
    metadata = site / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        f"[assayoffice.verifiers]\n{name} = {name}:Verifier\n"
    )


def health(endpoint: str, service: str) -> health_pb2.HealthCheckResponse.ServingStatus:
    with grpc.insecure_channel(endpoint) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=20).status


@pytest.fixture
def client(endpoint: str) -> Iterator[Client]:
    with Client(endpoint) as client:
        yield client


def play(answer: str, **task: object) -> Submission:
    return Submission("1", "countdown", f"<answer>{answer}</answer>", task)


def test_installed_plugin_judges(client):
    task = {"numbers": [3, 3, 8, 8], "target": 24}
    right = client.verify(play("8/(3-8/3)", **task), timeout=20)
    wrong = client.verify(play("8+8+3+3", **task), timeout=20)
    assert isinstance(right, Verdict) and isinstance(wrong, Verdict)
    assert (right.score, right.reason) == (1.0, "REACHES_TARGET")
    assert (wrong.score, wrong.reason) == (0.0, "MISSES_TARGET")
    assert right.hallmark.verifier == "countdown"


def test_task_that_does_not_fit_the_schema_is_an_error_that_names_the_field(client):
    result = client.verify(play("1", numbers=["one"], target=1), timeout=20)
    assert isinstance(result, ItemError)
    assert result.reason == "INVALID_TASK"
    assert "numbers.0" in result.message


def test_schema_of_a_plugin_is_listed(client):
    listed = {each.name: each for each in client.list_verifiers(timeout=20)}
    assert listed["countdown"].serving
    assert listed["countdown"].task_field == "custom"
    assert set(json.loads(listed["countdown"].task_schema)["required"]) == {"numbers", "target"}


@pytest.mark.parametrize(
    ("name", "why"),
    [("exploding", "no licence found"), ("miscounting", "claims-too-much")],
)
def test_broken_plugin_does_not_serve_and_says_why(client, endpoint, name, why):
    listed = {each.name: each for each in client.list_verifiers(timeout=20)}
    assert not listed[name].serving
    assert why in listed[name].detail
    assert health(endpoint, name) == health_pb2.HealthCheckResponse.NOT_SERVING
    result = client.verify(Submission("1", name, "<answer>1</answer>", {}), timeout=20)
    assert isinstance(result, ItemError)
    assert result.reason == "VERIFIER_UNAVAILABLE"


def test_broken_plugins_leave_the_others_in_service(client, endpoint):
    assert health(endpoint, "") == health_pb2.HealthCheckResponse.SERVING
    result = client.verify(Submission("1", "choice", r"\boxed{B}", {"reference": "B"}), timeout=20)
    assert isinstance(result, Verdict)
    assert result.score == 1.0


def test_rewrites_for_a_plugin_are_checked_with_what_they_know(client):
    task = {"numbers": [3, 3, 8, 8], "target": 24}
    rewrite = Rewrite(
        Submission("1", "countdown", "", task, "How do 3, 3, 8 and 8 make 24?"),
        solutions=("<answer>8/(3-8/3)</answer>", "<answer>8+8+3+3</answer>"),
        wrong_answers=("<answer>8*3</answer>", "24"),
    )
    misfit = Rewrite(Submission("2", "countdown", "", {"numbers": [1]}, "Which?"))
    known, other = client.check_rewrites([rewrite, misfit], timeout=60)
    assert isinstance(known, Report) and isinstance(other, Report)
    checks = {check.name: check for check in known.checks}
    assert checks["discrimination"].reason == "TOLD_APART"
    assert checks["discrimination"].figures["wrong_answers"] == 2
    assert checks["solutions"].figures["agreement"] == 0.5
    assert known.hallmark.verifier == "countdown"
    assert {check.name: check.reason for check in other.checks}["round_trip"] == "TASK_INVALID"
