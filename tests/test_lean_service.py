"""Proofs through the service: judged by a real Lean in sandboxes, once for equal ones.

Against real server processes whose headers are those of examples/lean.
"""

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from lean_toolchain import headers, modules, settings_file, toolchain
from process_tree import running_below
from test_cli_verify import real
from test_rechecks import NOT_SERVING, SERVING, watch
from test_service_code import program_below, seconds_until_gone

from assayoffice.rl import Client, ItemError, Outcome, Submission, Verdict
from assayoffice.rl.demo_lean import Lean, NoLeanError
from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.v1 import task_pb2, verifier_pb2
from assayoffice.v1.verifier_pb2_grpc import VerifierServiceStub

pytestmark = pytest.mark.heavy  # each of its servers loads a Lean

SECONDS = 120
# Within which a Lean must be seen running, whatever else this machine does.
PATIENCE_SECONDS = 15
COMMUTES = "(p q : Prop) (hp : p) (hq : q) : p ∧ q"
PROOF = "⟨hp, hq⟩"
# Unfolds for a long time, and no step of it is like another.
GROWS = """def grow : Nat → Nat → Bool
  | 0, _ => true
  | n + 1, a => grow n (2 * a) && grow n (2 * a + 1)
"""
ENDLESS = f"set_option maxHeartbeats 4000000\n{GROWS}\ntheorem target : grow 40 0 = true := rfl"


def proof(
    text: str, id: str = "", words: str = "So:", statement: str = COMMUTES, **task: object
) -> Submission:
    response = f"{words}\n```lean\n{text}\n```\n"
    return Submission(id, "lean", response, {"statement": statement, **task})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One header, without a replay: its own cases, which each server judges first, take less."""
    source = json.dumps(headers()["assay"].source)
    file = tmp_path_factory.mktemp("lean") / "lean.toml"
    file.write_text(
        f'[headers.audited]\ntoolchain = "{toolchain()}"\npath = ["{modules()}"]\n'
        f'source = {source}\nreplay = "none"\n'
    )
    return file


@pytest.fixture(scope="module")
def server(file: Path) -> Iterator[tuple[str, int]]:
    """Address and process id of a server."""
    embedded = EmbeddedServer(start_seconds=SECONDS, flags=("--lean", str(file)))
    with embedded as ready, Client(ready.endpoint) as client:
        states = {each.name: each.detail for each in client.list_verifiers(timeout=SECONDS)}
        assert ready.verifiers["lean"] == "SERVING", states["lean"]
        yield ready.endpoint, embedded._process.pid


@pytest.fixture(scope="module")
def client(server: tuple[str, int]) -> Iterator[Client]:
    with Client(server[0]) as client:
        yield client


@pytest.fixture
def channel(server: tuple[str, int]) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server[0]) as channel:
        yield channel


class TestVerdicts:
    def test_proofs_of_a_batch_get_what_they_deserve(self, client):
        results = client.verify_batch(
            [
                proof(PROOF, "right", header="audited"),
                proof("⟨hq, hp⟩", "wrong", header="audited"),
                proof("sorry", "left out", header="audited"),
                Submission("no proof", "lean", "Clear.", {"statement": ":", "header": "audited"}),
                proof(PROOF, "no such header", header="mathlib"),
                proof(PROOF, "no statement", statement=": Nat.nowhere = 1", header="audited"),
                proof("rfl", "misspelt", statement="(n : Nat) : m = n", header="audited"),
                proof(PROOF, "not replayed", header="audited", trust="REPLAYED"),
                Submission("neighbour", "numeric", r"\boxed{7}", {"reference": "7"}),
            ],
            timeout=SECONDS,
        )
        found = {each.id: each.reason for each in results}
        assert found == {
            "right": "PROVED",
            "wrong": "ELABORATION_FAILED",
            "left out": "SCREENED",
            "no proof": "NO_PROOF",
            "no such header": "INVALID_TASK",
            "no statement": "UNSCORABLE_REFERENCE",
            "misspelt": "UNSCORABLE_REFERENCE",
            "not replayed": "VERIFIER_UNAVAILABLE",
            "neighbour": "EQUAL",
        }

    def test_verdict_says_how_far_the_proof_was_checked(self, client):
        result = client.verify(proof(PROOF, header="audited"), timeout=SECONDS)
        assert isinstance(result, Verdict) and result.outcome is Outcome.CORRECT
        assert result.integrity == "audited"
        assert all(check.passed for check in result.checks)
        names = [check.name for check in result.checks]
        assert names[:2] == ["screen", "elaboration"] and names[-1] == "axioms"

    def test_file_with_lemmas_is_taken_as_a_whole(self, client):
        text = f"theorem lemma1 {COMMUTES} := {PROOF}\n\ntheorem target {COMMUTES} :="
        result = client.verify(
            proof(f"{text} lemma1 p q hp hq", header="audited", candidate="FILE"), timeout=SECONDS
        )
        assert (result.id, result.reason) == ("", "PROVED")

    def test_time_of_lean_counts_and_is_limited_by_the_task(self, client):
        task = {"candidate": "FILE", "statement": ": grow 40 0 = true", "context": GROWS}
        result = client.verify(
            proof(ENDLESS, header="audited", cpu_seconds=1.0, **task), timeout=SECONDS
        )
        assert isinstance(result, Verdict) and result.outcome is Outcome.LIMIT_EXCEEDED
        assert result.reason == "CPU_TIME"
        assert result.timing.cpu_seconds >= 1.0

    def test_what_decides_is_in_the_hallmark(self, client):
        (info,) = [each for each in client.list_verifiers(timeout=SECONDS) if each.name == "lean"]
        parts = " ".join(f"{name}={part}" for name, part in info.hallmark_parts.items())
        assert "eb6cafb7290e8bd5f2937522d8d804f58f02bafc" in parts
        assert "tool audited " in parts


class TestEqualProofs:
    def test_are_checked_once_whatever_is_said_around_them(self, client):
        text = f"have h := hp\n{PROOF}"
        group = [proof(text, f"{n}", f"Attempt {n}:", header="audited") for n in range(32)]
        results = client.verify_batch(group, timeout=SECONDS)
        assert {each.reason for each in results} == {"PROVED"}
        cached = Counter(each.timing.cached for each in results if isinstance(each, Verdict))
        assert cached == {False: 1, True: 31}

    def test_different_ones_are_checked_side_by_side(self, client):
        texts = [f"have h{n} := hp\n{PROOF if n % 2 else 'hq'}" for n in range(24)]
        group = [proof(text, f"{n}", header="audited") for n, text in enumerate(texts)]
        results = client.verify_batch(group, timeout=SECONDS)
        outcomes = [each.outcome for each in results if isinstance(each, Verdict)]
        assert outcomes == [Outcome.INCORRECT, Outcome.CORRECT] * 12


class TestUnwantedProofs:
    def endless(self, words: str) -> verifier_pb2.Submission:
        task = task_pb2.LeanTask(
            statement=": grow 40 0 = true",
            context=GROWS,
            header="audited",
            candidate=task_pb2.LEAN_CANDIDATE_FILE,
            cpu_seconds=600,
        )
        response = f"```lean\n{ENDLESS}\n-- {words}\n```"
        return verifier_pb2.Submission(id=words, verifier="lean", response=response, lean=task)

    def test_cancelling_a_call_kills_its_lean(self, server, channel):
        before = running_below(server[1])
        request = verifier_pb2.VerifyRequest(submission=self.endless("cancelled"))
        call = VerifierServiceStub(channel).Verify.future(request, timeout=SECONDS)
        lean = program_below(server[1], before)
        assert b"lean" in Path(f"/proc/{lean}/cmdline").read_bytes()
        call.cancel()
        seconds_until_gone(lean)

    def test_deadline_kills_the_lean_and_is_no_verdict(self, server, channel):
        before = running_below(server[1])
        request = verifier_pb2.VerifyBatchRequest(submissions=[self.endless("late")])
        call = VerifierServiceStub(channel).VerifyBatch.future(request, timeout=PATIENCE_SECONDS)
        lean = program_below(server[1], before)
        (result,) = call.result().results
        assert result.error.code == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
        seconds_until_gone(lean)


def test_task_can_be_made_by_reflection(channel):
    pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    descriptor = pool.FindMessageTypeByName("assayoffice.v1.VerifyRequest")
    request = message_factory.GetMessageClass(descriptor)()
    request.submission.verifier = "lean"
    request.submission.response = f"```lean\n{PROOF}\n```"
    request.submission.lean.statement = COMMUTES
    request.submission.lean.header = "audited"
    call = channel.unary_unary(
        "/assayoffice.v1.VerifierService/Verify",
        request_serializer=lambda each: each.SerializeToString(),
        response_deserializer=verifier_pb2.VerifyResponse.FromString,
    )
    assert call(request, timeout=SECONDS).result.verdict.reason == "PROVED"


def test_rows_of_a_file_are_judged_by_a_server_with_settings_of_a_file(tmp_path):
    config = tmp_path / "assay.toml"
    config.write_text(f"lean = '{settings_file()}'\n")
    path = tmp_path / "rows.jsonl"
    rows = [
        {"id": "1", "verifier": "lean", "response": f"```lean\n{text}\n```"}
        | {"task": {"statement": COMMUTES}}
        for text in (PROOF, "hp")
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    done = real("verify", path, "--json", "--config", config)
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["outcome"], first["integrity"]) == ("CORRECT", "replayed")
    assert [check["passed"] for check in first["checks"] if check["name"] == "replay"] == [True]
    assert (second["outcome"], second["integrity"]) == ("INCORRECT", "")
    assert [check["name"] for check in second["checks"]] == ["screen", "elaboration"]


class TestWithoutLean:
    def test_all_else_is_served(self):
        with EmbeddedServer(start_seconds=SECONDS) as ready, Client(ready.endpoint) as client:
            assert ready.verifiers["lean"] == "NOT_SERVING"
            assert ready.verifiers["code"] == ready.verifiers["numeric"] == "SERVING"
            refused, judged = client.verify_batch(
                [
                    proof(PROOF, "a"),
                    Submission("b", "numeric", r"\boxed{7}", {"reference": "7"}),
                ],
                timeout=SECONDS,
            )
        assert isinstance(refused, ItemError) and refused.reason == "VERIFIER_UNAVAILABLE"
        assert "no Lean is configured" in refused.message and "setting `lean`" in refused.message
        assert isinstance(judged, Verdict) and judged.outcome is Outcome.CORRECT

    def test_toolchain_that_is_not_there_takes_nothing_else_out_of_service(self, tmp_path):
        file = tmp_path / "lean.toml"
        file.write_text('[headers.a]\ntoolchain = "/nonexistent/lean"\nsource = ""\n')
        flags = ("--lean", str(file))
        with EmbeddedServer(start_seconds=SECONDS, flags=flags) as ready:
            assert ready.verifiers["lean"] == "NOT_SERVING"
            assert ready.verifiers["code"] == "SERVING"
            with Client(ready.endpoint) as client:
                listed = {each.name: each for each in client.list_verifiers(timeout=SECONDS)}
        assert "/nonexistent/lean" in listed["lean"].detail


class TestDoctor:
    def findings(self, monkeypatch, file: Path) -> tuple[int, dict[str, dict]]:
        monkeypatch.setenv("ASSAY_LEAN", str(file))
        done = real("doctor", "--json")
        found = {each["subject"]: each for each in map(json.loads, done.stdout.splitlines())}
        return done.returncode, found

    def test_header_is_told_with_its_lean(self, monkeypatch):
        code, found = self.findings(monkeypatch, settings_file())
        assert code == 0
        told = found["Lean header assay"]
        assert told["ok"] and "Lean 4.35.0 (eb6cafb7290e)" in told["detail"]
        assert "replay: kernel" in told["detail"]
        assert found["verifier lean"]["ok"]

    def test_headers_that_are_of_no_use_are_failures_with_remedies(self, monkeypatch, tmp_path):
        file = tmp_path / "lean.toml"
        file.write_text(
            '[headers.absent]\ntoolchain = "/nonexistent/lean"\nsource = ""\n'
            f'[headers.misspelt]\ntoolchain = "{toolchain()}"\npath = ["{modules()}"]\n'
            'source = """\nprelude\nimport Assay\nset_option nowhere true\n"""\n'
        )
        code, found = self.findings(monkeypatch, file)
        assert code == 1
        for header, why in (
            ("absent", "/nonexistent/lean"),
            ("misspelt", "line 3: Unknown option"),
        ):
            told = found[f"Lean header {header}"]
            assert not told["ok"] and why in told["detail"] and told["remedy"]
        assert not found["verifier lean"]["ok"]
        assert found["verifier numeric"]["ok"]


@pytest.fixture
def own_toolchain() -> Iterator[Path]:
    """A toolchain that may be changed, where all users can reach it."""
    with tempfile.TemporaryDirectory(prefix="assay-tests-") as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "toolchain"
        shutil.copytree(toolchain(), folder, copy_function=os.link)
        yield folder


def test_lean_that_breaks_while_it_serves_is_taken_out_of_service(own_toolchain, tmp_path):
    source = json.dumps(headers()["assay"].source)
    file = tmp_path / "lean.toml"
    file.write_text(
        f'[headers.a]\ntoolchain = "{own_toolchain}"\npath = ["{modules()}"]\nsource = {source}\n'
    )
    flags = ("--lean", str(file), "--recheck-seconds", "5")
    with (
        EmbeddedServer(start_seconds=SECONDS, flags=flags) as ready,
        grpc.insecure_channel(ready.endpoint) as channel,
        Client(ready.endpoint) as client,
    ):
        health = watch(channel, "lean")
        assert next(health).status == SERVING
        lean = own_toolchain / "bin" / "lean"
        lean.unlink()
        lean.write_text("#!/bin/sh\nexit 1\n")
        lean.chmod(0o755)
        assert next(health).status == NOT_SERVING
        refused = client.verify(proof(PROOF), timeout=SECONDS)
    assert isinstance(refused, ItemError) and refused.reason == "VERIFIER_UNAVAILABLE"
    assert "case a/" in refused.message and "wanted CORRECT PROVED" in refused.message


def test_module_that_changes_while_it_serves_is_not_relied_on(tmp_path):
    source = json.dumps(headers()["assay"].source)
    with tempfile.TemporaryDirectory(prefix="assay-tests-") as name:
        Path(name).chmod(0o755)
        own = Path(name) / "modules"
        shutil.copytree(modules(), own)
        file = tmp_path / "lean.toml"
        file.write_text(
            f'[headers.a]\ntoolchain = "{toolchain()}"\npath = ["{own}"]\nsource = {source}\n'
        )
        with (
            EmbeddedServer(start_seconds=SECONDS, flags=("--lean", str(file))) as ready,
            Client(ready.endpoint) as client,
        ):
            assert client.verify(proof(PROOF), timeout=SECONDS).reason == "PROVED"
            shutil.copyfile(modules() / "Assay" / "List.olean", own / "Assay" / "Nat.olean")
            refused = client.verify(proof(f"by exact {PROOF}"), timeout=SECONDS)
    assert isinstance(refused, ItemError) and refused.reason == "VERIFIER_UNAVAILABLE"
    assert "Nat.olean has changed since the service read it" in refused.message


class TestDemo:
    def test_shows_what_is_accepted_and_what_plain_lean_lets_through(self):
        settings_file()  # or the reason why there is no Lean here
        shown = real("demo").stdout
        assert "only what proves its statement is accepted" in shown
        assert "exits with 0 for 4 of 5" in " ".join(shown.split())
        for reason in ("PROVED", "ELABORATION_FAILED", "STATEMENT_CHANGED"):
            assert reason in shown
        assert shown.count("SCREENED") == shown.count("AXIOM_NOT_ALLOWED") == 2
        assert "unscreened: It rests on axioms that are not allowed: sorryAx" in shown
        assert "unscreened: It declares axioms: target._native" in shown

    def test_host_without_a_compiler_is_told_so(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(NoLeanError, match="C compiler|is not installed"):
            Lean.make(tmp_path / "lean")
