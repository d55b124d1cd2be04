"""A server as its supervisor sees it: start, address, signals, exit codes, access, log."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rewrites_served import check, custom
from test_service import SECONDS, call_details, reason, toy
from typer.testing import CliRunner

from assayoffice.server import doctor
from assayoffice.server.cli import app
from assayoffice.server.config import Settings
from assayoffice.server.doctor import Finding
from assayoffice.v1 import task_pb2, verifier_pb2
from assayoffice.v1.rewrite_pb2_grpc import RewriteServiceStub
from assayoffice.v1.verifier_pb2_grpc import VerifierServiceStub

pytestmark = pytest.mark.heavy  # each test starts a server

PLUGINS = Path(__file__).parent / "plugins"
LIST = verifier_pb2.ListVerifiersRequest()


@dataclass
class Serving:
    process: subprocess.Popen[str]
    endpoint: str
    log: Path

    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextlib.contextmanager
def serving(
    log: Path, *flags: str, listen: str = "127.0.0.1:0", plugins: Path = PLUGINS
) -> Iterator[Serving]:
    command = [sys.executable, "-P", "-m", "assayoffice.server", "--json", "--listen", listen]
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [*command, *flags],
            env={**os.environ, "PYTHONPATH": str(plugins)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    with process:
        try:
            assert process.stdout is not None
            yield Serving(process, json.loads(process.stdout.readline())["endpoint"], log)
        finally:
            process.kill()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator:
    """Starts a server with the given flags, which ends with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *flags, **more: stack.enter_context(serving(tmp_path / "log", *flags, **more))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server for the tests that do not stop it, open to the network."""
    with serving(tmp_path_factory.mktemp("shared") / "log", listen="0.0.0.0:0") as server:
        yield server


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "assayoffice.server", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


class TestStopping:
    def test_sigterm_finishes_calls_and_refuses_new_ones(self, serve):
        server = serve()
        with grpc.insecure_channel(server.endpoint) as channel:
            stub = VerifierServiceStub(channel)
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
            submission = toy("burn")
            running = stub.Verify.future(
                verifier_pb2.VerifyRequest(submission=submission), timeout=SECONDS
            )
            stub.ListVerifiers(LIST, timeout=SECONDS)
            server.process.send_signal(signal.SIGTERM)
            assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
            with pytest.raises(grpc.RpcError) as caught:
                stub.ListVerifiers(LIST, timeout=SECONDS)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
            assert reason(running.result().result) == "CPU_TIME"
        assert server.process.wait(SECONDS) == 0

    def test_open_stream_is_answered_as_far_as_it_was_read_and_ended(self, serve):
        server = serve()
        with grpc.insecure_channel(server.endpoint) as channel:
            ended = threading.Event()

            def requests():
                yield verifier_pb2.VerifyStreamRequest(submission=toy("burn", id="1"))
                yield verifier_pb2.VerifyStreamRequest(submission=toy("gold", id="2"))
                ended.wait(SECONDS)

            call = VerifierServiceStub(channel).VerifyStream(requests(), timeout=SECONDS)
            assert next(call).result.id == "2"
            server.process.send_signal(signal.SIGINT)
            assert next(call).result.id == "1"
            with pytest.raises(grpc.RpcError) as caught:
                next(call)
            ended.set()
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
            assert call_details(caught.value).info.reason == "SHUTTING_DOWN"
        assert server.process.wait(SECONDS) == 0

    def test_second_signal_does_not_wait(self, serve):
        server = serve("--drain-seconds", "3600")
        with grpc.insecure_channel(server.endpoint) as channel:
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            next(watch)
            running = VerifierServiceStub(channel).Verify.future(
                verifier_pb2.VerifyRequest(submission=toy("sleep")), timeout=SECONDS
            )
            VerifierServiceStub(channel).ListVerifiers(LIST, timeout=SECONDS)
            server.process.send_signal(signal.SIGTERM)
            assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(SECONDS) == 128 + signal.SIGTERM
            assert running.exception() is not None

    def test_end_of_stdin_drains_where_that_is_wanted(self, serve):
        server = serve("--stop-with-stdin")
        server.process.stdin.close()
        assert server.process.wait(SECONDS) == 0


class TestFailingToStart:
    def test_port_in_use_is_said(self, shared):
        second = run("--listen", shared.endpoint)
        assert second.returncode == 1
        assert f"cannot listen on {shared.endpoint}: it is in use" in second.stderr

    def test_settings_that_cannot_be_used_exit_with_2(self, tmp_path):
        config = tmp_path / "assay.toml"
        config.write_text("worker = 2")
        result = run("--config", str(config))
        assert result.returncode == 2
        assert "did you mean workers?" in " ".join(result.stderr.split())

    def test_certificate_that_does_not_fit_is_said(self, tmp_path):
        (tmp_path / "pem").write_text("no certificate")
        pem = str(tmp_path / "pem")
        result = run("--listen", "127.0.0.1:0", "--tls-certificate", pem, "--tls-key", pem)
        assert result.returncode == 2
        assert "tls_certificate, tls_key: cannot be used" in result.stderr


class TestAccess:
    def test_calls_need_the_token_and_tls_while_health_needs_no_token(self, serve, tmp_path):
        certificate, key = self.certificate(tmp_path)
        token = tmp_path / "token"
        token.write_text("s3cret\n")
        flags = ["--tls-certificate", certificate, "--tls-key", key, "--token-file", token]
        server = serve(*map(str, flags), listen="localhost:0")
        trusted = grpc.ssl_channel_credentials(certificate.read_bytes())
        with grpc.secure_channel(server.endpoint, trusted) as channel:
            stub = VerifierServiceStub(channel)
            for metadata in [(), (("authorization", "Bearer other"),)]:
                with pytest.raises(grpc.RpcError) as caught:
                    stub.ListVerifiers(LIST, timeout=SECONDS, metadata=metadata)
                assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
                assert call_details(caught.value).info.reason == "UNAUTHENTICATED"
            right = (("authorization", "Bearer s3cret"),)
            assert stub.ListVerifiers(LIST, timeout=SECONDS, metadata=right).verifiers
            health = health_pb2_grpc.HealthStub(channel)
            answer = health.Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with grpc.insecure_channel(server.endpoint) as channel:
            with pytest.raises(grpc.RpcError) as caught:
                VerifierServiceStub(channel).ListVerifiers(LIST, timeout=SECONDS)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE

    @staticmethod
    def certificate(folder: Path) -> tuple[Path, Path]:
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("no openssl to make a certificate with")
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt"]
        command += ["ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"]
        command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate]
        subprocess.run(command, check=True, capture_output=True)
        return certificate, key


class TestLog:
    def test_call_is_one_line_without_anybodys_texts(self, shared):
        with grpc.insecure_channel(shared.endpoint) as channel:
            submissions = [toy("a private answer"), toy("raise", word="a private word")]
            request = verifier_pb2.VerifyBatchRequest(submissions=[*submissions, toy("gold")])
            VerifierServiceStub(channel).VerifyBatch(request, timeout=SECONDS)
        calls = [event for event in shared.events() if event["event"] == "call"]
        [call] = [each for each in calls if each["method"] == "VerifyBatch"]
        assert (call["status"], call["items"]) == ("OK", 3)
        assert call["verifiers"] == {"toy": 3}
        assert call["results"] == {"VERIFIER_DEFECT": 1, "correct": 1, "incorrect": 1}
        assert "private" not in shared.log.read_text()

    def test_call_that_checks_rewrites_is_one_line_as_well(self, shared):
        with grpc.insecure_channel(shared.endpoint) as channel:
            word = "a private word"
            solved = custom("toy", word=word, wrong_answers=["a private answer"], solutions=[word])
            wrong = custom("toy", word=word, wrong_answers=[word])
            lost = custom("toy", word=word, solutions=["raise"])
            check(RewriteServiceStub(channel), solved, wrong, lost)
        calls = [event for event in shared.events() if event["event"] == "call"]
        [call] = [each for each in calls if each["method"] == "CheckRewrites"]
        assert (call["status"], call["items"], call["verifiers"]) == ("OK", 3, {"toy": 3})
        assert call["results"] == {"VERIFIER_DEFECT": 1, "failed": 1, "passed": 1}
        assert "private" not in shared.log.read_text()

    def test_door_open_to_the_network_is_warned_of(self, shared):
        warnings = [each["event"] for each in shared.events() if each["level"] == "WARNING"]
        assert "open to the network without a token" in warnings


def announce(folder: Path, name: str, code: str) -> Path:
    """Install a plug-in by hand; returns its module."""
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    entry_points = f"[assayoffice.verifiers]\n{name} = {name}:Verifier\n"
    (metadata / "entry_points.txt").write_text(entry_points)
    module = folder / f"{name}.py"
    module.write_text(code)
    return module


def test_health_tells_when_no_worker_can_be_had_and_when_one_can(serve, tmp_path):
    harmless = "class Verifier:\n    pass\n"
    module = announce(tmp_path, "brittle", harmless)
    server = serve(plugins=tmp_path)
    with grpc.insecure_channel(server.endpoint) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        module.write_text("import os; os._exit(1)")
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        for child in children.read_text().split():
            os.kill(int(child), signal.SIGKILL)
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        module.write_text(harmless)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING


# Loads, and takes its process down when its cases are read.
DEADLY = """
import os
from assay_toy import ToyVerifier
from pydantic import BaseModel, model_validator

class Task(BaseModel):
    @model_validator(mode="before")
    @classmethod
    def exit(cls, written):
        os._exit(3)

class Verifier(ToyVerifier):
    name = "deadly"
    task_type = Task
"""


def test_host_that_cannot_isolate_programs_serves_all_else(serve):
    server = serve("--sandbox-python", "/nonexistent")
    task = task_pb2.CodeTask(stdio=[task_pb2.StdioTest(output="7")])
    program = verifier_pb2.Submission(verifier="code", response="```\nprint(7)\n```", code=task)
    with grpc.insecure_channel(server.endpoint) as channel:
        stub = VerifierServiceStub(channel)
        batch = verifier_pb2.VerifyBatchRequest(submissions=[program, toy("gold")])
        refused, judged = stub.VerifyBatch(batch, timeout=SECONDS).results
    assert (reason(refused), reason(judged)) == ("VERIFIER_UNAVAILABLE", "SAME")
    assert "no isolation for programs" in refused.error.message
    assert "/nonexistent" in refused.error.message


class TestDoctor:
    def test_isolation_and_languages_are_told_with_what_is_enforced(self, monkeypatch):
        findings = self.findings(monkeypatch)
        assert findings["sandbox"]["ok"]
        assert "tier landlock, enforces" in findings["sandbox"]["detail"]
        assert "seccomp" in findings["sandbox"]["detail"]
        assert findings["language python"]["ok"]
        assert findings["verifier code"]["ok"]

    def test_settings_count_and_lack_of_isolation_has_a_remedy(self, monkeypatch):
        findings = self.findings(monkeypatch, ASSAY_SANDBOX_PYTHON="/nonexistent")
        assert not findings["sandbox"]["ok"]
        assert "/nonexistent: does not run" in findings["sandbox: Python"]["detail"]
        assert "install bubblewrap" in findings["sandbox"]["remedy"]
        assert not findings["verifier code"]["ok"]

    def test_host_without_lean_can_serve(self, monkeypatch):
        findings = self.findings(monkeypatch)
        assert not findings["Lean"]["ok"]
        assert "setting lean" in findings["Lean"]["remedy"]
        assert not findings["verifier lean"]["ok"]
        assert not findings["Lean"]["needed"] and not findings["verifier lean"]["needed"]

    def test_bad_settings_are_2(self, monkeypatch):
        monkeypatch.setenv("ASSAY_SANDBOX_TIER", "none")
        assert CliRunner().invoke(app, ["doctor"]).exit_code == 2

    def findings(self, monkeypatch, **environment: str) -> dict[str, dict]:
        """By subject, of a host that is told to use the weaker tier, which most hosts have."""
        for name, value in {"ASSAY_SANDBOX_TIER": "landlock", **environment}.items():
            monkeypatch.setenv(name, value)
        command = [Path(sys.executable).parent / "assay", "doctor", "--json"]
        lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
        return {each["subject"]: each for each in map(json.loads, lines)}

    def test_verifier_that_cannot_serve_is_named_with_the_reason(self, tmp_path):
        announce(tmp_path, "broken", "raise RuntimeError('no licence found')")
        announce(tmp_path, "deadly", DEADLY)
        (tmp_path / "cases").mkdir()
        (tmp_path / "cases" / "deadly.jsonl").write_text('{"id": "1", "task": {}, "error": "X"}')
        assay = Path(sys.executable).parent / "assay"
        environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{PLUGINS}"}
        result = subprocess.run(
            [assay, "doctor", "--json"], env=environment, capture_output=True, text=True
        )
        findings = {each["subject"]: each for each in map(json.loads, result.stdout.splitlines())}
        assert result.returncode == 1
        assert findings["verifier choice"]["ok"]
        assert not findings["verifier broken"]["ok"]
        assert "no licence found" in findings["verifier broken"]["detail"]
        assert findings["verifier broken"]["remedy"]
        assert "died" in findings["verifier deadly"]["detail"]

    @pytest.mark.parametrize(("needed", "code"), [(True, 1), (False, 0)])
    def test_exit_code_is_about_what_is_needed(self, monkeypatch, needed, code):
        async def examine(settings: Settings) -> list[Finding]:
            return [
                Finding("light", True, "on"),
                Finding("[door]", False, "shut", "open it", needed),
            ]

        monkeypatch.setattr(doctor, "examine", examine)
        result = CliRunner().invoke(app, ["doctor"])
        assert result.exit_code == code
        assert "[door]" in result.output
        assert "open it" in result.output
