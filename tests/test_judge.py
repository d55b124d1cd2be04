"""Jobs in, replies out: what a worker process does, without the process."""

import base64
import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from google.protobuf import json_format
from google.rpc import code_pb2, error_details_pb2, status_pb2

from assayoffice.sandbox.frames import MAX_REPLY_BYTES
from assayoffice.server import convert, rewrites
from assayoffice.server.jobs import DIGEST_BYTES, Operation, Subject, Tag
from assayoffice.server.judge import Judge
from assayoffice.server.rewrites import changes, inside, replies, responses
from assayoffice.server.rewrites.digests import Digests
from assayoffice.server.rewrites.texts import MAX_EVIDENCE
from assayoffice.v1 import rewrite_pb2, task_pb2, verdict_pb2, verifier_pb2
from assayoffice.verifiers import (
    Effort,
    Limits,
    NeedsFullEffort,
    Outcome,
    SandboxFailedError,
    Submission,
    Verdict,
    registry,
)
from assayoffice.verifiers.code.task import (
    CallTest,
    Checker,
    CodeExtraction,
    CodeTask,
    Comparator,
    StdioTest,
)
from assayoffice.verifiers.lean.task import Candidate, LeanTask, Trust
from assayoffice.verifiers.numeric.task import Match, NumericTask, Units
from assayoffice.verifiers.registry import Hallmark, Loaded, Unloadable

PLUGINS = Path(__file__).parent / "plugins"


class FakeNumeric:
    """Takes the real NumericTask and keeps it, to see what arrives."""

    name = "numeric"
    version = "1"
    summary = "fake"
    task_type = NumericTask
    limits = Limits(1.0, 1.0, 1, 1.0)
    decided_by = ()

    def verify(self, submission, effort):
        self.seen = submission
        return Verdict(Outcome.CORRECT, 1.0, "EQUAL")


class FakeCode:
    """Takes real CodeTasks; reduces each submission to its last word, which is what counts."""

    name = "code"
    version = "1"
    summary = "fake"
    task_type = CodeTask
    limits = Limits(1.0, 1.0, 1, 1.0, sandboxed=True)
    decided_by = ()

    def verify(self, submission, effort):
        self.seen = submission
        if submission.response == "lost":
            raise SandboxFailedError("the slot was killed")
        program = submission.response.split()[-1]
        if effort is Effort.QUICK:
            raise NeedsFullEffort(Submission(program, submission.task))
        return Verdict(Outcome.CORRECT, 1.0, "PASSED", extracted=program)


class FakeLean:
    """Takes real LeanTasks, and knows no Lean."""

    name = "lean"
    version = "1"
    summary = "fake"
    task_type = LeanTask
    limits = Limits(1.0, 1.0, 1, 1.0, sandboxed=True)
    decided_by = ()

    def verify(self, submission, effort):
        self.seen = submission
        return Verdict(Outcome.CORRECT, 1.0, "PROVED", integrity="audited")


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.syspath_prepend(str(PLUGINS))
    return Judge({"toy": registry.load(carriers=[convert])["toy"]})


def toy_submission(response: str, task: dict[str, object]) -> bytes:
    message = verifier_pb2.Submission(verifier="toy", response=response)
    json_format.ParseDict(task, message.custom)
    return message.SerializeToString()


def quick(judge: Judge, submission: bytes) -> bytes:
    return judge(Operation.QUICK.value + body(digest_of(judge, submission), submission))


def full(judge: Judge, submission: bytes) -> bytes:
    return judge(Operation.FULL.value + body(digest_of(judge, submission), submission))


def body(digest: bytes, submission: bytes) -> bytes:
    return Subject.SUBMISSION.value + digest + submission


def digest_of(judge: Judge, submission: bytes) -> bytes:
    name = verifier_pb2.Submission.FromString(submission).verifier
    described = verifier_pb2.ListVerifiersResponse.FromString(judge(Operation.DESCRIBE.value))
    (info,) = (each for each in described.verifiers if each.name == name)
    return bytes.fromhex(info.hallmark.digest)


def verdict_of(reply: bytes) -> verdict_pb2.Verdict:
    assert reply[:1] == Tag.ANSWER.value
    return verdict_pb2.Verdict.FromString(reply[1:])


def error_of(reply: bytes) -> tuple[status_pb2.Status, str, list[str]]:
    assert reply[:1] == Tag.ERROR.value
    status = status_pb2.Status.FromString(reply[1:])
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        assert detail.Unpack(info) or detail.Unpack(bad)
    assert info.domain == "assayoffice"
    return status, info.reason, [each.field for each in bad.field_violations]


class TestJudging:
    def test_verdict_carries_what_the_verifier_found(self, toy):
        verdict = verdict_of(quick(toy, toy_submission("gold", {"word": "gold"})))
        assert verdict.outcome == verdict_pb2.OUTCOME_CORRECT
        assert (verdict.score, verdict.reason, verdict.extracted) == (1.0, "SAME", "gold")

    def test_quick_job_may_ask_for_full_effort(self, toy):
        submission = toy_submission("slow", {"word": "slow"})
        assert quick(toy, submission) == Tag.NEEDS_FULL.value
        assert verdict_of(full(toy, submission)).method == "FULL"

    def test_unscorable_reference_is_an_error_that_names_the_field(self, toy):
        status, reason, fields = error_of(quick(toy, toy_submission("gold", {"word": ""})))
        assert (status.code, reason) == (code_pb2.INVALID_ARGUMENT, "UNSCORABLE_REFERENCE")
        assert fields == ["custom.word"]

    @pytest.mark.parametrize("task", [{"word": 7}, {}, {"word": "a", "worth": 1}])
    def test_task_that_does_not_fit_the_schema_is_an_error(self, toy, task):
        _, reason, _ = error_of(quick(toy, toy_submission("gold", task)))
        assert reason == "INVALID_TASK"

    def test_task_of_another_verifier_is_an_error(self, toy):
        message = verifier_pb2.Submission(
            verifier="toy", numeric=task_pb2.NumericTask(reference="1")
        )
        status, reason, _ = error_of(quick(toy, message.SerializeToString()))
        assert reason == "INVALID_TASK"
        assert "'custom', not 'numeric'" in status.message

    def test_defect_of_a_verifier_is_raised_and_never_a_verdict(self, toy):
        with pytest.raises(RuntimeError, match="a defect"):
            full(toy, toy_submission("raise", {"word": "gold"}))

    def test_worker_with_other_code_than_was_announced_refuses_to_judge(self, toy):
        submission = toy_submission("gold", {"word": "gold"})
        with pytest.raises(LookupError, match="has changed on disk"):
            toy(Operation.QUICK.value + body(bytes(32), submission))


class TestTypedTasks:
    def numeric(self) -> tuple[FakeNumeric, Loaded]:
        fake = FakeNumeric()
        return fake, Loaded("numeric", fake, Hallmark("numeric", "1", "0" * 64, {}))

    def receive(self, task: task_pb2.NumericTask) -> NumericTask:
        fake, loaded = self.numeric()
        message = verifier_pb2.Submission(verifier="numeric", response="1", numeric=task)
        verdict_of(quick(Judge({"numeric": loaded}), message.SerializeToString()))
        received: NumericTask = fake.seen.task
        return received

    def test_unset_fields_take_the_defaults_of_the_verifier(self):
        assert self.receive(task_pb2.NumericTask(reference="1")) == NumericTask("1")

    def test_set_fields_arrive(self):
        task = task_pb2.NumericTask(
            reference="1",
            match=task_pb2.MATCH_RELATIVE,
            tolerance=0.25,
            units=task_pb2.UNITS_REQUIRED,
            reasoning_end="",
        )
        assert self.receive(task) == NumericTask(
            "1", match=Match.RELATIVE, tolerance=0.25, units=Units.REQUIRED, reasoning_end=""
        )

    def test_every_enum_value_of_the_wire_has_a_member_and_comes_back(self):
        _, loaded = self.numeric()
        for field in task_pb2.NumericTask.DESCRIPTOR.fields:
            for value in field.enum_type.values[1:] if field.enum_type else ():
                sent = task_pb2.NumericTask(reference="1", **{field.name: value.number})
                received = self.receive(sent)
                back = verifier_pb2.Submission.FromString(
                    convert.submission_to_proto("", loaded, Submission("1", received))
                )
                default = getattr(NumericTask("1"), field.name)
                if getattr(received, field.name) != default:
                    assert back.numeric == sent


class TestPrograms:
    EVERYTHING = CodeTask(
        stdio=(StdioTest("1\n", "2\n"), StdioTest("", "x", "empty")),
        calls=(CallTest("[1]", "2"),),
        language="cpp",
        comparator=Comparator.UNORDERED_LINES,
        absolute_tolerance=0.5,
        checker=Checker("int main() {}", "c"),
        partial_credit=True,
        compare_argument=0,
        extraction=CodeExtraction.WHOLE,
        reasoning_end="",
        cpu_seconds=2.5,
        memory_bytes=2**30,
        output_bytes=1,
        processes=3,
    )

    def code(self) -> tuple[FakeCode, Loaded, Judge]:
        fake = FakeCode()
        loaded = Loaded("code", fake, Hallmark("code", "1", "0" * 64, {}), ("c", "python"))
        return fake, loaded, Judge({"code": loaded})

    @pytest.mark.parametrize("task", [CodeTask(asserts="assert f() == 1"), EVERYTHING])
    def test_tests_and_options_arrive_as_they_were_sent(self, task):
        fake, loaded, judge = self.code()
        full(judge, convert.submission_to_proto("a", loaded, Submission("x", task)))
        assert fake.seen == Submission("x", task)

    def test_unset_fields_take_the_defaults_of_the_verifier(self):
        fake, _, judge = self.code()
        sent = task_pb2.CodeTask(stdio=[task_pb2.StdioTest()], checker=task_pb2.Checker(source="x"))
        message = verifier_pb2.Submission(verifier="code", response="x", code=sent)
        full(judge, message.SerializeToString())
        assert fake.seen.task == CodeTask(stdio=(StdioTest("", ""),), checker=Checker("x"))

    def test_what_wants_full_effort_is_reduced_to_what_matters(self):
        _, loaded, judge = self.code()
        replies = {
            quick(judge, convert.submission_to_proto(id, loaded, Submission(text, task, id)))
            for id, text in [("1", "I think p"), ("2", "Surely p"), ("3", "p")]
            for task in [CodeTask(asserts="assert True", language="python")]
        }
        (reply,) = replies
        digest, reduced = (
            bytes(32),
            convert.submission_to_proto(
                "", loaded, Submission("p", CodeTask(asserts="assert True"))
            ),
        )
        assert reply == Tag.NEEDS_FULL.value + body(digest, reduced)
        assert verdict_of(judge(Operation.FULL.value + reply[1:])).extracted == "p"

    def test_what_is_too_large_to_be_answered_is_judged_as_it_is(self):
        _, loaded, judge = self.code()
        task = CodeTask(stdio=(StdioTest("x" * MAX_REPLY_BYTES, ""),))
        submission = convert.submission_to_proto("1", loaded, Submission("I think p", task))
        assert quick(judge, submission) == Tag.NEEDS_FULL.value

    def test_lost_run_is_trouble_that_may_pass_and_no_verdict(self):
        _, loaded, judge = self.code()
        reply = quick(
            judge, convert.submission_to_proto("1", loaded, Submission("lost", CodeTask()))
        )
        assert reply[:1] == Tag.TROUBLE.value
        status, reason, _ = error_of(Tag.ERROR.value + reply[1:])
        assert (status.code, reason) == (code_pb2.UNAVAILABLE, "SANDBOX_FAILED")

    def test_languages_are_listed(self):
        *_, judge = self.code()
        described = verifier_pb2.ListVerifiersResponse.FromString(judge(Operation.DESCRIBE.value))
        (info,) = described.verifiers
        assert info.languages == ["c", "python"]
        assert info.task_field == "code"
        assert info.limits.sandboxed


class TestProofs:
    EVERYTHING = LeanTask(
        "(p : Prop) : p → p",
        target="Ns.target",
        header="core",
        context="def two := 2",
        candidate=Candidate.FILE,
        trust=Trust.REPLAYED,
        extraction=CodeExtraction.WHOLE,
        reasoning_end="",
        cpu_seconds=2.5,
        memory_bytes=2**30,
        output_bytes=4096,
    )

    @pytest.mark.parametrize("task", [LeanTask(": True"), EVERYTHING])
    def test_task_arrives_as_it_was_sent_and_defaults_are_the_verifiers(self, task):
        fake = FakeLean()
        loaded = Loaded("lean", fake, Hallmark("lean", "1", "0" * 64, {}))
        judge = Judge({"lean": loaded})
        sent = convert.submission_to_proto("a", loaded, Submission("trivial", task))
        verdict = verdict_of(full(judge, sent))
        assert fake.seen == Submission("trivial", task)
        assert (verdict.reason, verdict.integrity) == ("PROVED", "audited")

    def test_wire_and_verifier_have_the_same_fields(self):
        assert list(task_pb2.LeanTask.DESCRIPTOR.fields_by_name) == [
            field.name for field in dataclasses.fields(LeanTask)
        ]


def test_describe_lists_broken_verifiers_with_the_reason(toy):
    judge = Judge({**toy._verifiers, "lean": Unloadable("lean", "no lean on this host")})
    reply = judge(Operation.DESCRIBE.value)
    by_name = {
        info.name: info for info in verifier_pb2.ListVerifiersResponse.FromString(reply).verifiers
    }
    assert by_name["lean"].state == verifier_pb2.VERIFIER_STATE_NOT_SERVING
    assert by_name["lean"].state_detail == "no lean on this host"
    assert by_name["toy"].task_field == "custom"
    assert "word" in json.loads(by_name["toy"].task_schema)["properties"]
    assert by_name["toy"].limits.quick_cpu_seconds == pytest.approx(0.1)


def test_cases_travel_as_submissions_a_client_could_have_sent(toy):
    rows = [json.loads(line) for line in toy(Operation.CASES.value + b"toy").splitlines()]
    same = rows[0]
    submission = verifier_pb2.Submission.FromString(base64.b64decode(same["submission"]))
    assert (submission.id, submission.verifier, submission.response) == ("same", "toy", "gold")
    assert verdict_of(quick(toy, base64.b64decode(same["submission"]))).reason == same["reason"]


class TestRewrites:
    """What is asked about rewrites: by what is loaded, and by nothing else."""

    def digests(self, judge: Judge) -> Digests:
        hallmark = judge._verifiers["toy"].hallmark.digest
        return Digests.of(judge(Operation.CHECKS.value), bytes.fromhex(hallmark), b"")

    def toy_rewrite(self, task: dict[str, object], *wrong_answers: str) -> bytes:
        submission = verifier_pb2.Submission.FromString(toy_submission("", task))
        rewrite = rewrite_pb2.Rewrite(submission=submission, wrong_answers=wrong_answers)
        return rewrite.SerializeToString()

    def examined(self, judge: Judge, rewrite: bytes) -> replies.Examined:
        digest = self.digests(judge).examination
        reply = judge(Operation.FULL.value + Subject.EXAMINE.value + digest + rewrite)
        assert reply[:1] == Tag.ANSWER.value
        return replies.EXAMINED.read(reply[1:])

    @pytest.mark.parametrize("changed", ["rewrites/report.py", "stamps.py", "rewrite_service.py"])
    def test_digest_covers_what_concludes_and_not_only_what_is_loaded(
        self, monkeypatch, tmp_path, changed
    ):
        before = inside.checks_digest.__wrapped__()
        server = Path(rewrites.__path__[0]).parent
        copy = shutil.copytree(server, tmp_path / "server")
        monkeypatch.setattr(rewrites, "__path__", [str(copy / "rewrites")])
        assert inside.checks_digest.__wrapped__() == before
        with (copy / changed).open("a") as source:
            source.write("# another score\n")
        assert inside.checks_digest.__wrapped__() != before

    @pytest.mark.parametrize("subject", [Subject.EXAMINE, Subject.PREMISES, Subject.KEY])
    def test_nothing_about_rewrites_is_done_where_submissions_wait_behind_it(self, toy, subject):
        job = Operation.QUICK.value + subject.value + bytes(DIGEST_BYTES)
        assert toy(job) == Tag.NEEDS_FULL.value

    @pytest.mark.heavy
    def test_long_conflict_is_cut_and_says_so(self, toy):
        names = [f"x{n}" for n in range(40)]
        circle = [f"{names[n - 1]} < {name}" for n, name in enumerate(names)]
        unknowns = [rewrite_pb2.Unknown(name=name) for name in names]
        stated = rewrite_pb2.Premises(unknowns=unknowns, constraints=circle, asked="x1")
        job = Operation.FULL.value + Subject.PREMISES.value + self.digests(toy).checks
        decided = replies.DECIDED.read(toy(job + stated.SerializeToString())[1:])
        assert decided.check.reason == "CONTRADICTORY"
        assert len(decided.check.evidence) == MAX_EVIDENCE
        assert f"Of 40 the first {MAX_EVIDENCE} are listed." in decided.check.explanation

    def test_row_knows_its_wrong_answers_and_they_are_not_sent_back(self, toy):
        examined = self.examined(toy, self.toy_rewrite({"word": "gold"}, "lead", "tin"))
        assert [each.response for each in examined.waiting] == [0, 1]
        assert not any(each.expected for each in examined.waiting)
        assert examined.fault is None

    def test_fault_of_the_task_is_an_answer(self, toy):
        unreadable = self.examined(toy, self.toy_rewrite({"word": ""}, "lead"))
        misfit = self.examined(toy, self.toy_rewrite({"words": "gold"}))
        assert unreadable.fault and misfit.fault
        reasons = [unreadable.fault.reason, misfit.fault.reason]
        assert reasons == ["UNSCORABLE_REFERENCE", "INVALID_TASK"]
        assert not unreadable.waiting

    @pytest.mark.parametrize("subject", [Subject.EXAMINE, Subject.PREMISES, Subject.KEY])
    def test_worker_with_other_checks_than_were_announced_refuses(self, toy, subject):
        content = self.toy_rewrite({"word": "gold"}) if subject is Subject.EXAMINE else b""
        body = subject.value + bytes(DIGEST_BYTES) + content
        with pytest.raises(LookupError, match="has changed on disk"):
            toy(Operation.FULL.value + body)

    def test_keys_are_left_to_those_who_run_programs(self, toy):
        key = rewrite_pb2.ExecutableKey(source="print(1)").SerializeToString()
        body = Subject.KEY.value + self.digests(toy).key + key
        assert toy(Operation.QUICK.value + body) == Tag.NEEDS_FULL.value

    def test_premises_are_decided(self, toy):
        premises = rewrite_pb2.Premises(
            unknowns=[rewrite_pb2.Unknown(name="x")], constraints=["2*x == 26"], asked="x"
        )
        body = Subject.PREMISES.value + toy(Operation.CHECKS.value) + premises.SerializeToString()
        reply = toy(Operation.FULL.value + body)
        decided = replies.DECIDED.read(reply[1:])
        assert (decided.check.state, decided.answer) == ("PASSED", "13")

    def test_changed_task_travels_as_its_changes(self):
        task = CodeTask(stdio=(StdioTest("x" * 10**6, "y"),), prefix="import os")
        loaded = Loaded("code", FakeCode(), Hallmark("code", "1", "0" * 64, {}))
        changed = dataclasses.replace(
            task, extraction=CodeExtraction.WHOLE, reasoning_end="", prefix=""
        )
        base = changes.task_message(loaded, task)
        change = changes.change(loaded, base, changed)
        assert change.fields == ["prefix", "extraction", "reasoning_end"]
        assert len(change.submission) < 100
        made = responses.Response(base, "print()", change).submission()
        assert convert.submission_from_proto(made, loaded) == Submission("print()", changed)
