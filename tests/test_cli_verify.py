"""``assay verify`` and ``assay verifiers``: what is written, and with which exit code."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from fake_service import (
    DIGEST,
    FakeVerifierService,
    abort,
    error,
    serving,
    spin_until,
    status,
    verdict,
)
from typer.testing import CliRunner, Result

from assayoffice.rl.cli import app
from assayoffice.rl.scoring import ROWS_PER_CALL

ASSAY_CLIENT = [sys.executable, "-c", "from assayoffice.rl.cli import app; app()"]
EXAMPLES = Path(__file__).parents[1] / "examples" / "responses.jsonl"
GOOD = {"id": "a", "verifier": "numeric", "response": "7", "reference": "7"}
BAD = {**GOOD, "id": "b", "response": "8"}


def assay(*args: object, stdin: str | bytes | None = None, service=None) -> Result:
    with serving(service or FakeVerifierService()) as endpoint:
        command = [*map(str, args), "--endpoint", endpoint]
        return CliRunner(env={"COLUMNS": "100"}).invoke(app, command, input=stdin)


@pytest.fixture
def rows_file(tmp_path: Path):
    def write(*rows: object) -> Path:
        path = tmp_path / "rows.jsonl"
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("".join(line + "\n" for line in lines))
        return path

    return write


class TestSingle:
    def test_correct_is_0_and_says_what_decided(self):
        done = assay("verify", "--response", "7", "--reference", "7")
        assert done.exit_code == 0
        assert "CORRECT" in done.stdout and DIGEST[:20] in done.stdout

    def test_incorrect_is_1(self):
        assert assay("verify", "--response", "8", "--reference", "7").exit_code == 1

    def test_error_is_3_and_has_no_score(self):
        broken = FakeVerifierService(
            lambda each: error(each, grpc.StatusCode.FAILED_PRECONDITION, "UNSCORABLE_REFERENCE")
        )
        done = assay("verify", "--response", "8", "--reference", "7", "--json", service=broken)
        assert done.exit_code == 3
        said = json.loads(done.stdout)
        assert said == {
            "id": "1",
            "error": {
                "reason": "UNSCORABLE_REFERENCE",
                "code": "FAILED_PRECONDITION",
                "message": "as scripted",
            },
        }

    def test_task_and_prompt_reach_the_service(self):
        seen = []
        service = FakeVerifierService(lambda each: seen.append(each) or verdict(each))
        task = '{"reference": "7", "match": "RELATIVE", "tolerance": 0.5}'
        arguments = ["--response", "7", "--task", task, "--prompt", "3 + 4?"]
        assert assay("verify", *arguments, service=service).exit_code == 0
        assert (seen[0].numeric.tolerance, seen[0].prompt) == (0.5, "3 + 4?")

    def test_model_text_cannot_paint_the_terminal(self):
        done = assay("verify", "--response", "\x1b[31m[bold]8\x07", "--reference", "7")
        assert "[bold]8" in done.stdout
        assert "\x1b" not in done.stdout and "\x07" not in done.stdout


class TestParts:
    """Of a verdict: the tests of a program."""

    def service(self, count: int) -> FakeVerifierService:
        def judge(submission):
            result = verdict(submission)
            result.verdict.integrity = "isolated"
            for number in range(count):
                result.verdict.checks.add(
                    name=f"test {number}", passed=number != 1, detail="said 3"
                )
            return result

        return FakeVerifierService(judge)

    def test_single_submission_shows_them_one_by_one(self):
        done = assay("verify", "--response", "7", "--reference", "7", service=self.service(30))
        assert "EQUAL 29/30" in done.stdout and "isolated" in done.stdout
        assert "✓" in done.stdout and "✗" in done.stdout and "test 1  said 3" in done.stdout
        assert "test 19" in done.stdout and "test 20" not in done.stdout
        assert "and 10 more" in done.stdout

    def test_table_counts_them_and_json_has_them(self, rows_file):
        path = rows_file(GOOD)
        assert "EQUAL 2/3" in assay("verify", path, service=self.service(3)).stdout
        row = json.loads(assay("verify", path, "--json", service=self.service(3)).stdout)
        assert row["integrity"] == "isolated"
        assert row["checks"][1] == {"name": "test 1", "passed": False, "detail": "said 3"}


class TestFile:
    def test_json_lines_are_in_input_order_with_exactly_the_promised_keys(self, rows_file):
        done = assay("verify", rows_file(BAD, "{broken", GOOD), "--json")
        first, broken, last = map(json.loads, done.stdout.splitlines())
        assert done.exit_code == 3
        assert first == {
            "id": "b",
            "outcome": "INCORRECT",
            "score": 0.0,
            "reason": "DIFFERENT",
            "extracted": "8",
            "method": "exact",
            "hallmark": f"numeric@1:{DIGEST}",
        }
        assert last["outcome"] == "CORRECT" and last["score"] == 1.0
        assert broken.keys() == {"id", "error"}
        assert broken["error"].keys() == {"reason", "code", "message"}
        assert "rows.jsonl row 2: not JSON" in broken["error"]["message"]

    def test_error_of_the_service_names_file_and_row(self, rows_file):
        unknown = FakeVerifierService(
            lambda each: error(each, grpc.StatusCode.NOT_FOUND, "UNKNOWN")
        )
        done = assay("verify", rows_file(GOOD), "--json", service=unknown)
        assert "rows.jsonl row 1: as scripted" in json.loads(done.stdout)["error"]["message"]

    def test_table_and_summary_count_everything(self, rows_file):
        done = assay("verify", rows_file(GOOD, BAD, GOOD, "nonsense"))
        assert done.exit_code == 3
        text = " ".join(done.stdout.split())
        assert "mean score 0.6667 over 3 verdicts; 1 error;" in text
        assert "2 CORRECT 66.7 %" in text and "1 ERROR INVALID_ROW no score" in text
        assert "✗ " in text and "row 4: not JSON" in text
        assert max(map(len, done.stdout.splitlines())) <= 100

    def test_wrong_answers_are_0_unless_correct_ones_are_required(self, rows_file):
        assert assay("verify", rows_file(GOOD, BAD)).exit_code == 0
        assert assay("verify", rows_file(GOOD, BAD), "--require-correct").exit_code == 1
        assert assay("verify", rows_file(GOOD), "--require-correct").exit_code == 0

    def test_stdin_is_read(self):
        done = assay("verify", "-", "--json", stdin=json.dumps(GOOD) + "\n")
        assert (done.exit_code, json.loads(done.stdout)["score"]) == (0, 1.0)

    def test_empty_file_is_no_error(self, rows_file):
        done = assay("verify", rows_file(), "--json")
        assert (done.exit_code, done.stdout) == (0, "")

    def test_output_file_gets_the_json_and_stdout_the_table(self, rows_file, tmp_path):
        output = tmp_path / "out.jsonl"
        done = assay("verify", rows_file(GOOD, BAD), "--output", output)
        assert [json.loads(line)["id"] for line in output.read_text().splitlines()] == ["a", "b"]
        assert "INCORRECT" in done.stdout

    def test_output_does_not_overwrite_the_rows(self, rows_file):
        path = rows_file(GOOD)
        assert assay("verify", path, "--output", path).exit_code == 2
        assert json.loads(path.read_text()) == GOOD

    def test_many_rows_are_all_answered_in_order(self, rows_file):
        path = rows_file(*({**GOOD, "id": str(n)} for n in range(1000)))
        done = assay("verify", path, "--json", "--concurrency", 8)
        assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [
            str(n) for n in range(1000)
        ]

    def test_late_call_gives_its_rows_errors(self, rows_file):
        service = FakeVerifierService(wait_for_company=2)
        with serving(service) as endpoint:
            arguments = ["verify", str(rows_file(GOOD)), "--json", "--timeout", "0.5"]
            done = CliRunner().invoke(app, [*arguments, "--endpoint", endpoint])
            service.release()
        assert done.exit_code == 3
        assert json.loads(done.stdout)["error"]["code"] == "DEADLINE_EXCEEDED"

    def test_rows_before_an_outage_are_written_and_the_outage_is_4(self, rows_file):
        def before_call(context: grpc.ServicerContext) -> None:
            if len(service.batches) == 2:
                context.set_trailing_metadata((("grpc-retry-pushback-ms", "-1"),))
                context.abort(grpc.StatusCode.UNAVAILABLE, "gone")

        service = FakeVerifierService(before_call=before_call)
        path = rows_file(*({**GOOD, "id": str(n)} for n in range(1000)))
        done = assay("verify", path, "--json", "--concurrency", 1, service=service)
        assert done.exit_code == 4 and "gone" in done.stderr
        assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [
            str(n) for n in range(2 * ROWS_PER_CALL)
        ]

    def test_interrupt_ends_at_once_without_a_traceback(self, rows_file):
        service = FakeVerifierService(wait_for_company=99)
        path = rows_file(*[GOOD] * 1000)
        with serving(service) as endpoint:
            command = [*ASSAY_CLIENT, "verify", path, "--json", "--endpoint", endpoint]
            with subprocess.Popen(command, stderr=subprocess.PIPE) as user:
                spin_until(lambda: service.most_at_once == 4)
                user.send_signal(signal.SIGINT)
                _, stderr = user.communicate(timeout=20)
            service.release()
        assert user.returncode == 130
        assert b"Traceback" not in stderr

    def test_reader_that_has_enough_is_no_failure_to_shout_about(self, rows_file):
        path = rows_file(*[GOOD] * 5000)
        with serving(FakeVerifierService()) as endpoint:
            command = [*ASSAY_CLIENT, "verify", path, "--json", "--endpoint", endpoint]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as user:
                assert user.stdout is not None and user.stderr is not None
                user.stdout.readline()
                user.stdout.close()
                assert user.stderr.read() == b""


class TestRefusals:
    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["--response", "7", "rows.jsonl"],
            ["rows.jsonl", "--reference", "7"],
            ["--response", "7", "--task", "{"],
            ["--response", "7", "--task", "[]"],
            ["--response", "7", "--require-hallmark", "numeric"],
            ["no/such/file.jsonl"],
            ["--response", "7", "--config", __file__],
            ["--response", "7", "--config", "no/such/file.toml"],
        ],
    )
    def test_unusable_command_line_is_2(self, arguments):
        service = FakeVerifierService()
        done = assay("verify", *arguments, service=service)
        assert done.exit_code == 2 and done.stderr
        assert service.calls == 0

    def test_nobody_there_is_4(self, rows_file):
        command = ["verify", str(rows_file(GOOD)), "--endpoint", "127.0.0.1:1"]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 4
        assert done.stdout == "" and "UNAVAILABLE" in done.stderr

    def test_other_hallmark_than_required_is_4(self, rows_file):
        def before_call(context: grpc.ServicerContext) -> None:
            if context.code() is None and service.calls > 1:
                other = status(grpc.StatusCode.FAILED_PRECONDITION, "HALLMARK_MISMATCH", "other")
                abort(context, other)

        service = FakeVerifierService(before_call=before_call)
        flags = ["--json", "--require-hallmark", f"numeric={DIGEST}"]
        done = assay("verify", rows_file(GOOD), *flags, service=service)
        assert (done.exit_code, done.stdout) == (4, "")
        assert "HALLMARK_MISMATCH" in done.stderr

    def test_required_hallmark_is_sent(self, rows_file):
        service = FakeVerifierService()
        flag = ["--require-hallmark", f"numeric={DIGEST}"]
        assay("verify", rows_file(GOOD), *flag, service=service)
        assert dict(service.batches[0].required_hallmarks) == {"numeric": DIGEST}

    def test_missing_pyarrow_is_explained(self, tmp_path, monkeypatch):
        parquet = tmp_path / "rows.parquet"
        parquet.write_bytes(b"PAR1....")
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        done = assay("verify", parquet)
        assert done.exit_code == 2 and "assayoffice[parquet]" in done.stderr.replace("\n", "")

    def test_token_file_is_sent(self, tmp_path):
        token = tmp_path / "token"
        token.write_text("s3cret\n")
        service = FakeVerifierService()
        assert assay("verifiers", "--token-file", token, service=service).exit_code == 0
        assert ("authorization", "Bearer s3cret") in service.metadata

    def test_token_in_clear_text_over_the_network_is_2(self, tmp_path):
        token = tmp_path / "token"
        token.write_text("s3cret")
        command = ["verifiers", "--token-file", str(token), "--endpoint", "rewards:50051"]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 2 and "clear text" in done.stderr


class TestVerifiers:
    def test_table_says_who_is_out_and_why(self):
        done = assay("verifiers")
        text = " ".join(done.stdout.split())
        assert done.exit_code == 0
        assert "not serving" in text and "install elan" in text and "Numbers [and more]" in text
        assert "c, python" in text

    def test_json_is_one_object_a_line(self):
        lean, numeric = map(json.loads, assay("verifiers", "--json").stdout.splitlines())
        assert (lean["name"], lean["serving"]) == ("lean", False)
        assert (numeric["digest"], numeric["task_field"]) == (DIGEST, "numeric")
        assert numeric["languages"] == ["c", "python"]
        assert numeric["hallmark_parts"] == {"python": "3.14"}


@pytest.mark.heavy
class TestRealServer:
    """Nothing is faked here: a server is started, and its verifiers judge."""

    def test_single_submission_without_an_endpoint(self):
        done = real("verify", "--response", r"So it is \boxed{0.5}.", "--reference", r"\frac12")
        assert (done.returncode, done.stderr) == (0, "")
        assert "CORRECT" in done.stdout

    def test_settings_of_a_file_reach_the_service_that_is_started(self, tmp_path):
        config = tmp_path / "assay.toml"
        config.write_text("lean = 'no/such/headers.toml'")
        done = real("verify", "--response", "7", "--reference", "7", "--config", config)
        assert (done.returncode, done.stdout) == (4, "")
        assert "lean: no/such/headers.toml: No such file" in done.stderr

    def test_shipped_examples_get_the_verdicts_they_promise(self, endpoint):
        done = real("verify", EXAMPLES, "--json", "--endpoint", endpoint)
        assert (done.returncode, done.stderr) == (3, "")  # One has a reference that is unreadable.
        found = [json.loads(line) for line in done.stdout.splitlines()]
        promised = [json.loads(line) for line in EXAMPLES.read_text().splitlines()]
        assert [(each["id"], each.get("outcome") or each["error"]["reason"]) for each in found] == [
            (each["id"], each["expected"]) for each in promised
        ]

    def test_programs_of_rows_are_judged(self, rows_file, endpoint):
        task = {"stdio": [{"input": "3", "output": "9"}, {"input": "4", "output": "16"}]}
        right = "```python\nprint(int(input()) ** 2)\n```"
        path = rows_file(
            {"response": right, "task": task},
            {"response": [right, "```\nprint(9)\n```"], "reward_model": {"ground_truth": task}},
            {"response": right, "reward_model": {"ground_truth": json.dumps(task)}},
            {"response": right, "task": {"stdio": [{"input": 3}]}},
        )
        done = real("verify", path, "--json", "--verifier", "code", "--endpoint", endpoint)
        *judged, bad = [json.loads(line) for line in done.stdout.splitlines()]
        assert [each["reason"] for each in judged] == ["PASSED", "PASSED", "WRONG_ANSWER", "PASSED"]
        assert [check["passed"] for check in judged[2]["checks"]] == [True, False]
        assert "row 4: task.stdio[0].input: must be text" in bad["error"]["message"]

    def test_bad_rows_are_explained_and_the_others_judged(self, rows_file, endpoint):
        path = rows_file(
            {**GOOD, "response": r"\boxed{7}"},
            {**GOOD, "verifier": "astrology"},
            {**GOOD, "verifier": "NOT A NAME"},
            {**GOOD, "reference": "\\frac{1"},
            {**GOOD, "reference": ""},
            {**GOOD, "response": "x" * (2**20 + 1)},
            {**GOOD, "response": r"\boxed{7}"},
        )
        done = real("verify", path, "--json", "--endpoint", endpoint)
        first, *bad, last = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 3
        assert first["score"] == last["score"] == 1.0
        assert len(bad) == 5 and all(each.keys() == {"id", "error"} for each in bad)
        for number, each in enumerate(bad, start=2):
            assert each["error"]["message"].startswith(f"{path} row {number}: ")
        assert "astrology" in bad[0]["error"]["message"]
        assert "verifier" in bad[1]["error"]["message"]
        assert bad[2]["error"]["reason"] == "UNSCORABLE_REFERENCE"
        assert "reference" in bad[3]["error"]["message"]
        assert "response" in bad[4]["error"]["message"]

    def test_hallmark_of_a_listed_verifier_is_accepted_and_another_refused(
        self, rows_file, endpoint
    ):
        listed = real("verifiers", "--json", "--endpoint", endpoint).stdout.splitlines()
        digests = {each["name"]: each["digest"] for each in map(json.loads, listed)}
        path = rows_file({**GOOD, "response": r"\boxed{7}"})
        demand = ["verify", path, "--json", "--endpoint", endpoint, "--require-hallmark"]
        accepted = real(*demand, f"numeric={digests['numeric']}")
        assert accepted.returncode == 0
        assert json.loads(accepted.stdout)["hallmark"].endswith(f":{digests['numeric']}")
        refused = real(*demand, f"numeric={DIGEST}")
        assert (refused.returncode, refused.stdout) == (4, "")

    @pytest.mark.heavy
    def test_demo_shows_every_example_and_survives(self):
        done = real("demo")
        assert done.returncode == 0, done.stdout + done.stderr
        for line in EXAMPLES.read_text().splitlines():
            assert json.loads(line)["id"] in done.stdout
        assert "only the program that works passes" in done.stdout
        assert "3 of 3 exit with 0" in done.stdout
        assert "both neighbours judged" in done.stdout and "Server stopped." in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 100


def real(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from assayoffice.cli import main; main()", *map(str, args)],
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=120,
    )
