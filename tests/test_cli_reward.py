"""``assay reward`` and ``assay recipes``: what is written, and with which exit code."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_service import (
    DIGEST,
    FakeRewardService,
    abort,
    reward,
    reward_error,
    serving,
    spin_until,
    status,
)
from typer.testing import CliRunner, Result

from assayoffice.rl.recipe_options import options_of
from assayoffice.rl.reward_cli import app
from assayoffice.rl.scoring import ROWS_PER_CALL
from assayoffice.v1 import reward_pb2

ASSAY_REWARDS = [sys.executable, "-c", "from assayoffice.rl.reward_cli import app; app()"]
EXAMPLES = Path(__file__).parents[1] / "examples" / "rollouts.jsonl"
GOOD = {"id": "a", "verifier": "numeric", "response": "7", "reference": "7"}
BAD = {**GOOD, "id": "b", "response": "8"}


def assay(*args: object, stdin: str | None = None, service=None, columns: int = 100) -> Result:
    with serving(service or FakeRewardService()) as endpoint:
        command = [*map(str, args), "--endpoint", endpoint]
        return CliRunner(env={"COLUMNS": str(columns)}).invoke(app, command, input=stdin)


def rewarded(*args: object, recipe: str = "accuracy@1", stdin=None, service=None) -> Result:
    return assay("reward", "--recipe", recipe, *args, stdin=stdin, service=service)


@pytest.fixture
def rows_file(tmp_path: Path):
    def write(*rows: object) -> Path:
        path = tmp_path / "rows.jsonl"
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("".join(line + "\n" for line in lines))
        return path

    return write


class TestRows:
    def test_facts_of_the_generation_reach_the_service(self, rows_file):
        service = FakeRewardService()
        path = rows_file(
            {**GOOD, "token_ids": [5, 6, 2], "finish_reason": "stop"},
            {**GOOD, "token_count": 9, "finish_reason": "length"},
            {**GOOD, "finish_reason": "aborted", "token_ids": None},
            GOOD,
        )
        assert rewarded(path, service=service).exit_code == 0
        sent = [each.generation for each in service.batches[0].rollouts]
        assert [list(each.token_ids) for each in sent] == [[5, 6, 2], [], [], []]
        assert [each.token_count for each in sent] == [0, 9, 0, 0]
        assert [each.finish_reason for each in sent] == [
            reward_pb2.FINISH_REASON_STOP,
            reward_pb2.FINISH_REASON_LENGTH,
            reward_pb2.FINISH_REASON_ABORTED,
            reward_pb2.FINISH_REASON_UNSPECIFIED,
        ]

    def test_list_of_responses_has_lists_of_facts(self, rows_file):
        service = FakeRewardService()
        row = {**GOOD, "response": ["7", "8"], "token_ids": [[1], [2, 3]]}
        row["finish_reason"] = ["stop", "length"]
        done = rewarded(rows_file(row), "--json", service=service)
        assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["a/0", "a/1"]
        sent = [each.generation for each in service.batches[0].rollouts]
        assert [list(each.token_ids) for each in sent] == [[1], [2, 3]]
        assert [each.finish_reason for each in sent] == [1, 2]

    def test_parquet_of_verl_with_facts(self, tmp_path):
        path = tmp_path / "rollouts.parquet"
        row = {
            "prompt": [{"role": "user", "content": "3 + 4?"}],
            "reward_model": {"style": "rule", "ground_truth": "7"},
            "responses": ["7", "8"],
            "token_ids": [[1, 2], [3]],
            "finish_reason": ["stop", "stop"],
        }
        pq.write_table(pa.Table.from_pylist([row]), path)
        service = FakeRewardService()
        flags = ["--json", "--response-column", "responses", "--verifier", "numeric"]
        done = rewarded(path, *flags, service=service)
        assert [json.loads(line)["total"] for line in done.stdout.splitlines()] == [0.98, -0.01]
        assert service.batches[0].rollouts[0].submission.prompt == "3 + 4?"

    @pytest.mark.parametrize(
        ("facts", "message"),
        [
            ({"token_ids": "123"}, "token_ids: must be a list of integers, not text"),
            ({"token_ids": [1, None]}, "token_ids[1]: must be an integer, not null"),
            ({"token_ids": [True]}, "token_ids[0]: must be an integer, not true/false"),
            ({"token_ids": [1.5]}, "token_ids[0]: must be an integer, not the number 1.5"),
            ({"token_ids": [-1]}, "generation.token_ids[0]: -1 is not in [0, 2**32)"),
            ({"token_count": "9"}, "token_count: must be an integer, not text"),
            ({"token_ids": [1], "token_count": 2}, "but there are 1 token_ids; leave it out"),
            (
                {"finish_reason": "eos"},
                "finish_reason: must be one of stop, length, aborted, or left out, not 'eos'",
            ),
            ({"finish_reason": 1}, "or left out, not the number 1"),
            (
                {"response": ["7", "8"], "token_ids": [[1]]},
                "token_ids: must be a list of 2, as many as responses, not 1 values",
            ),
            (
                {"response": ["7"], "token_count": 1},
                "token_count: must be a list of 1, as many as responses, not the number 1",
            ),
            (
                {"response": ["7", "8"], "finish_reason": ["stop", "eos"]},
                "finish_reason[1]: must be one of",
            ),
            ({"reference": None}, "task: missing"),
        ],
    )
    def test_unusable_row_says_where_and_what_to_do_and_harms_no_other(
        self, rows_file, facts, message
    ):
        done = rewarded(rows_file(GOOD, {**GOOD, "id": "bad", **facts}, GOOD), "--json")
        assert done.exit_code == 3
        first, bad, last = map(json.loads, done.stdout.splitlines())
        assert first["total"] == last["total"] == 1.0
        assert bad.keys() == {"id", "error"}
        assert "rows.jsonl row 2: " in bad["error"]["message"]
        assert message in bad["error"]["message"]


class TestOutput:
    def test_json_lines_are_in_input_order_with_exactly_the_promised_keys(self, rows_file):
        done = rewarded(rows_file({**BAD, "token_count": 3}, "{broken", GOOD), "--json")
        first, broken, last = map(json.loads, done.stdout.splitlines())
        assert done.exit_code == 3
        assert first == {
            "id": "b",
            "total": -0.03,
            "components": [
                {"name": "accuracy", "value": 0.0, "weight": 1.0, "rule": "different"},
                {"name": "length", "value": -3.0, "weight": 0.01, "rule": ""},
            ],
            "token_count": 3,
            "verdict": {
                "outcome": "INCORRECT",
                "score": 0.0,
                "reason": "DIFFERENT",
                "extracted": "8",
                "method": "exact",
                "hallmark": f"numeric@1:{DIGEST}",
            },
        }
        assert last["total"] == 1.0
        assert "row 2: not JSON" in broken["error"]["message"]

    def test_table_and_summary_count_everything(self, rows_file):
        done = rewarded(rows_file(GOOD, {**BAD, "token_count": 1000}, GOOD, "nonsense"))
        assert done.exit_code == 3
        text = " ".join(done.stdout.split())
        assert ": accuracy@1 " in text
        assert "b -10.0000 INCORRECT accuracy 0 different, length -1000 1,000" in text
        assert "accuracy 0.6667 0.6667 equal 2, different 1" in text
        assert "length -333.3333 -3.3333" in text
        assert "1 ERROR INVALID_ROW no reward" in text
        assert "mean reward -2.6667 over 3 rewards; 1 error;" in text
        assert f"recipe accuracy@1:{DIGEST}" in text
        assert "✗ " in text and "row 4: not JSON" in text
        assert max(map(len, done.stdout.splitlines())) <= 100

    def test_foreign_text_cannot_paint_the_terminal(self, rows_file):
        def painted(rollout):
            result = reward(rollout)
            result.reward.components[0].name = "\x1b[31m[bold]accuracy\x07"
            return result

        done = rewarded(rows_file(GOOD), service=FakeRewardService(painted))
        assert "[bold]accuracy" in done.stdout
        assert "\x1b" not in done.stdout and "\x07" not in done.stdout

    def test_output_file_gets_the_json_and_stdout_the_table(self, rows_file, tmp_path):
        output = tmp_path / "out.jsonl"
        done = rewarded(rows_file(GOOD, BAD), "--output", output)
        assert done.exit_code == 0
        assert [json.loads(line)["id"] for line in output.read_text().splitlines()] == ["a", "b"]
        assert "mean reward" in done.stdout

    def test_stdin_is_read(self):
        done = rewarded("-", "--json", stdin=json.dumps(GOOD) + "\n")
        assert (done.exit_code, json.loads(done.stdout)["total"]) == (0, 1.0)

    def test_many_rows_are_all_answered_in_order(self, rows_file):
        path = rows_file(*({**GOOD, "id": str(n)} for n in range(1000)))
        done = rewarded(path, "--json", "--concurrency", 8)
        assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [
            str(n) for n in range(1000)
        ]

    def test_rows_before_an_outage_are_written_and_the_outage_is_4(self, rows_file):
        def before_call(context: grpc.ServicerContext) -> None:
            if len(service.batches) == 2:
                context.set_trailing_metadata((("grpc-retry-pushback-ms", "-1"),))
                context.abort(grpc.StatusCode.UNAVAILABLE, "gone")

        service = FakeRewardService(before_call=before_call)
        path = rows_file(*({**GOOD, "id": str(n)} for n in range(1000)))
        done = rewarded(path, "--json", "--concurrency", 1, service=service)
        assert done.exit_code == 4 and "gone" in done.stderr
        assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [
            str(n) for n in range(2 * ROWS_PER_CALL)
        ]

    def test_interrupt_ends_at_once_without_a_traceback(self, rows_file):
        def before_call(context: grpc.ServicerContext) -> None:
            if service.calls > 1:
                spin_until(lambda: not context.is_active())

        service = FakeRewardService(before_call=before_call)
        with serving(service) as endpoint:
            flags = ["--recipe", "accuracy@1", "--json", "--endpoint", endpoint]
            command = [*ASSAY_REWARDS, "reward", rows_file(*[GOOD] * 1000), *flags]
            with subprocess.Popen(command, stderr=subprocess.PIPE) as user:
                spin_until(lambda: service.calls == 5, seconds=60)
                user.send_signal(signal.SIGINT)
                _, stderr = user.communicate(timeout=20)
        assert user.returncode == 130
        assert b"Traceback" not in stderr


class TestRefusals:
    @pytest.mark.parametrize(
        ("recipe", "arguments", "message"),
        [
            ("accuracy", [], "write name@version"),
            ("Accuracy@1", [], "is no name"),
            ("accuracy@1", ["--options", "{"], "not JSON"),
            ("accuracy@1", ["--options", "[]"], "must be an object"),
            ("accuracy@1", ["--require-hallmark", "numeric"], "NAME=DIGEST"),
            ("accuracy@1", ["--config", __file__], "--endpoint names another"),
        ],
    )
    def test_unusable_command_line_is_2_and_asks_nobody(
        self, rows_file, recipe, arguments, message
    ):
        service = FakeRewardService()
        done = rewarded(rows_file(GOOD), *arguments, recipe=recipe, service=service)
        assert done.exit_code == 2 and message in _unframed(done.stderr)
        assert service.calls == 0

    def test_file_that_is_not_there_is_2(self):
        assert rewarded("no/such/file.jsonl").exit_code == 2

    def test_output_does_not_overwrite_the_rows(self, rows_file):
        path = rows_file(GOOD)
        assert rewarded(path, "--output", path).exit_code == 2
        assert json.loads(path.read_text()) == GOOD

    @pytest.mark.parametrize(("reason", "code"), [("INVALID_RECIPE", 2), ("INVALID_REQUEST", 4)])
    def test_recipe_that_the_service_refuses_is_2_and_other_refusals_4(
        self, rows_file, reason, code
    ):
        def before_call(context: grpc.ServicerContext) -> None:
            message = "recipe.options.max_tokens: must be positive"
            abort(context, status(grpc.StatusCode.INVALID_ARGUMENT, reason, message))

        service = FakeRewardService(before_call=before_call)
        flags = ["--options", '{"max_tokens": -1}']
        done = rewarded(rows_file(GOOD), *flags, recipe="shaped@3", service=service)
        assert (done.exit_code, done.stdout) == (code, "")
        assert "recipe.options.max_tokens: must be positive" in _unframed(done.stderr)
        assert ("--options" in done.stderr) == (code == 2)
        assert not service.batches

    def test_options_without_a_form_on_the_wire_are_2(self, rows_file):
        done = rewarded(rows_file(GOOD), "--options", '{"max_tokens": 9007199254740993}')
        assert done.exit_code == 2
        assert "recipe.options.max_tokens: integers above" in _unframed(done.stderr)

    def test_nobody_there_is_4(self, rows_file):
        command = ["reward", str(rows_file(GOOD)), "--recipe", "accuracy@1"]
        done = CliRunner().invoke(app, [*command, "--endpoint", "127.0.0.1:1"])
        assert done.exit_code == 4
        assert done.stdout == "" and "UNAVAILABLE" in done.stderr

    def test_errors_of_the_service_are_3_and_name_file_and_row(self, rows_file):
        service = FakeRewardService(
            lambda each: reward_error(each, grpc.StatusCode.NOT_FOUND, "UNKNOWN_VERIFIER")
        )
        done = rewarded(rows_file(GOOD), "--json", service=service)
        assert done.exit_code == 3
        assert "rows.jsonl row 1: as scripted" in json.loads(done.stdout)["error"]["message"]


class TestRecipes:
    def test_table_explains_the_options(self):
        done = assay("recipes")
        text = " ".join(done.stdout.split())
        assert done.exit_code == 0
        assert "accuracy@1 The score [0 to 1] no options" in text
        assert "max_tokens 31744 Longest response [tokens]." in text
        assert 'think "required" One of "required", "ignored".' in text
        assert "components required list What is added up." in text

    def test_json_is_one_object_a_line(self):
        accuracy, shaped = map(json.loads, assay("recipes", "--json").stdout.splitlines())
        assert accuracy.keys() == {
            "name",
            "version",
            "summary",
            "options_schema",
            "default_digest",
        }
        assert (accuracy["name"], accuracy["version"]) == ("accuracy", "1")
        assert json.loads(shaped["options_schema"])["required"] == ["components"]

    def test_options_within_lists_are_listed_for_each_variant(self):
        half = {"properties": {"weight": {"type": "number"}, "kind": {"const": "half"}}}
        whole = {"properties": {"size": {"type": "integer", "default": 3}}}
        schema = {
            "$defs": {"Half": half},
            "properties": {
                "parts": {
                    "type": "array",
                    "items": {"oneOf": [{"$ref": "#/$defs/Half"}, whole]},
                }
            },
        }
        assert [(each.name, each.default) for each in options_of(json.dumps(schema))] == [
            ("parts", ""),
            ("parts[].kind", ""),
            ("parts[].weight", ""),
            ("parts[].size", "3"),
        ]

    @pytest.mark.parametrize(
        "schema",
        [
            "",
            "not JSON",
            "[" * 100_000,
            "null",
            '{"properties": []}',
            '{"properties": {"a": 3, "b": {"enum": 1, "type": [], "description": {}}}}',
            '{"properties": {"a": {"$ref": "#/nowhere"}, "b": {"$ref": 3}}}',
            '{"properties": {"a": {"items": {"$ref": "#"}}, "b": {"$ref": "#"}}}',
        ],
    )
    def test_no_schema_raises_or_goes_on_for_ever(self, schema):
        assert len(options_of(schema)) <= 1000


def _unframed(text: str) -> str:
    """What an error box says, on one line."""
    return " ".join(text.replace("│", " ").split())


@pytest.mark.heavy
class TestRealServer:
    """Nothing is faked here: a server is started, and its verifiers and recipes decide."""

    OPTIONS = '{"max_tokens": 64, "correct_control_tokens": 32, "incorrect_control_tokens": 16}'

    def test_shipped_examples_get_the_rewards_they_promise(self, endpoint):
        flags = ["--recipe", "phi4_reasoning_plus@1", "--options", self.OPTIONS, "--json"]
        done = real("reward", EXAMPLES, *flags, "--endpoint", endpoint)
        assert (done.returncode, done.stderr) == (3, "")  # One comes without its tokens.
        found = [json.loads(line) for line in done.stdout.splitlines()]
        promised = [json.loads(line) for line in EXAMPLES.read_text().splitlines()]
        assert len(found) == len(promised)
        for result, row in zip(found, promised, strict=True):
            assert result["id"] == row["id"]
            if isinstance(row["expected"], float):
                assert result["total"] == pytest.approx(row["expected"], abs=1e-6)
            else:
                assert result["error"]["reason"] == row["expected"]
                assert "row 7: generation.token_ids: " in result["error"]["message"]
                assert "generation.finish_reason: " in result["error"]["message"]

    def test_recipe_that_is_not_served_is_2_and_says_what_is(self, endpoint):
        for recipe, message in [("dapo@2", "is served in version '1'"), ("dap@1", "'dapo'?")]:
            done = real("reward", EXAMPLES, "--recipe", recipe, "--endpoint", endpoint)
            assert (done.returncode, done.stdout) == (2, "")
            assert message in _unframed(done.stderr)

    def test_every_served_recipe_is_listed_with_its_options(self, endpoint):
        done = real("recipes", "--endpoint", endpoint)
        text = " ".join(done.stdout.split())
        assert done.returncode == 0
        for name in ("accuracy@1", "r1@1", "dapo@1", "phi4_reasoning_plus@1", "weighted@1"):
            assert name in text
        assert "max_tokens 31744 " in text
        assert 'components[].component required string One of "accuracy".' in text

    def test_option_that_does_not_exist_is_2_and_a_near_one_is_named(self, endpoint, tmp_path):
        flags = ["--recipe", "dapo@1", "--options", '{"max_token": 8}']
        empty = tmp_path / "rows.jsonl"
        empty.touch()
        done = real("reward", empty, *flags, "--endpoint", endpoint)
        assert (done.returncode, done.stdout) == (2, "")
        assert "recipe.options.max_token" in _unframed(done.stderr)
        assert "'max_tokens'" in _unframed(done.stderr)

    def test_without_an_endpoint_a_service_is_started_for_the_command(self):
        done = real("reward", EXAMPLES, "--recipe", "accuracy@1", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        totals = [json.loads(line)["total"] for line in done.stdout.splitlines()]
        assert totals == [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]


def real(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from assayoffice.cli import main; main()", *map(str, args)],
        capture_output=True,
        text=True,
        timeout=120,
    )
