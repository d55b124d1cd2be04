"""``assay rewrites check``: what is written, what is kept, and with which exit code."""

import json
import os
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_rewrite_service import (
    DIGESTS,
    STAMP,
    FakeRewriteService,
    error,
    good_row,
    report,
    serving,
)
from fake_service import abort, status
from typer.testing import CliRunner, Result

from assayoffice.rl.rewrites.cli import SCHEMA, app

TRIANGLE = {
    "id": "triangle",
    "kind": "proof_to_numeric",
    "domain": "geometry",
    "problem": "fail premises. What is AC?",
    "verifier": "numeric",
    "reference": "13",
    "original": {"id": "o1", "problem": "Prove that ABC is isosceles."},
    "provenance": {"source": "synthetic"},
    "premises": {"unknowns": {"AC": "positive"}, "constraints": ["AC == 1"], "asked": "AC"},
}
BAD = good_row("bad", problem="fail leak. fail wording. How many?")
NO_ROW = {"id": "none", "kind": "variation"}


@pytest.fixture
def rows_file(tmp_path: Path):
    def write(*rows: object, name: str = "rows.jsonl") -> Path:
        path = tmp_path / name
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("".join(line + "\n" for line in lines))
        return path

    return write


def check(*args: object, service: FakeRewriteService | None = None, **settings) -> Result:
    """Runs the command on a scripted service; without a cache unless one is named."""
    env = {"COLUMNS": "100", "GITHUB_ACTIONS": None, **settings.pop("env", {})}
    caching = [] if "--cache" in args or "--no-cache" in args else ["--no-cache"]
    with serving(service or FakeRewriteService()) as endpoint:
        command = ["check", *map(str, args), *caching, "--endpoint", endpoint]
        return CliRunner(env=env).invoke(app, command, **settings)


def lines_of(done: Result) -> list[dict]:
    return [json.loads(line) for line in done.stdout.splitlines()]


class TestExitCodes:
    def test_0_when_all_are_admitted(self, rows_file):
        done = check(rows_file(good_row("a"), good_row("b")))
        assert done.exit_code == 0
        assert "2 admitted, 0 kept out, 0 errors; 2 rows" in done.stdout

    def test_1_when_a_row_is_kept_out(self, rows_file):
        assert check(rows_file(good_row("a"), BAD)).exit_code == 1

    def test_1_when_the_set_fails(self, rows_file):
        twice = good_row("b", problem=good_row("a")["problem"])
        done = check(rows_file(good_row("a"), twice))
        assert done.exit_code == 1
        assert "the set: duplicates" in done.stdout
        assert "2 admitted, 0 kept out" in done.stdout

    def test_3_when_a_row_cannot_be_used_and_the_others_are_checked(self, rows_file):
        service = FakeRewriteService()
        done = check(rows_file(good_row("a"), NO_ROW, BAD, "{"), service=service)
        assert done.exit_code == 3
        assert service.checked == ["a", "bad"]
        assert "rows.jsonl row 2: problem: missing" in " ".join(done.stdout.split())

    def test_3_when_the_service_has_an_error_for_a_row(self, rows_file):
        def die(each):
            if each.submission.id == "b":
                return error(each, grpc.StatusCode.UNAVAILABLE, "VERIFIER_UNAVAILABLE", "no lean")
            return report(each)

        path = rows_file(good_row("a"), good_row("b"))
        done = check(path, "--json", service=FakeRewriteService(die))
        assert done.exit_code == 3
        first, second, _ = lines_of(done)
        assert first["admitted"] and "admitted" not in second and "score" not in second
        assert second["error"]["message"] == f"{path} row 2: no lean"

    def test_errors_of_the_service_call_fields_as_rows_do(self, rows_file):
        said = {
            "a": "prompt: must have at most 9 bytes; numeric.reference: must not be empty",
            "b": "numeric: tolerance belongs to match RELATIVE",
            "c": "solutions[0]: the prompt: numeric: stays as it is",
        }

        def refuse(each):
            message = said[each.submission.id]
            return error(each, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_SUBMISSION", message)

        path = rows_file(*(good_row(id) for id in said))
        done = check(path, "--json", service=FakeRewriteService(refuse))
        assert [each["error"]["message"] for each in lines_of(done)[:-1]] == [
            f"{path} row 1: problem: must have at most 9 bytes; task.reference: must not be empty",
            f"{path} row 2: task: tolerance belongs to match RELATIVE",
            f"{path} row 3: solutions[0]: the prompt: numeric: stays as it is",
        ]

    def test_4_when_nobody_answers(self, rows_file):
        command = [
            "check",
            str(rows_file(good_row("a"))),
            "--endpoint",
            "127.0.0.1:1",
            "--no-cache",
        ]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 4 and "UNAVAILABLE" in done.stderr

    def test_4_when_the_hallmark_is_another(self, rows_file):
        answer = status(grpc.StatusCode.FAILED_PRECONDITION, "HALLMARK_MISMATCH", "another one")
        service = FakeRewriteService(before_call=lambda context: abort(context, answer))
        flags = ["--require-hallmark", "numeric=" + "ab" * 32]
        done = check(rows_file(good_row("a")), *flags, service=service)
        assert done.exit_code == 4 and "another one" in done.stderr

    def test_2_when_the_policy_asks_something_of_a_verifier_that_is_not_there(
        self, rows_file, tmp_path
    ):
        policy = tmp_path / "policy.toml"
        policy.write_text('[require.keys]\nverifier = "numreic"\nchecks = ["key"]\n')
        done = check(rows_file(good_row("a")), "--policy", policy)
        said = " ".join(done.stderr.replace("│", " ").split())
        assert done.exit_code == 2
        assert "require.keys.verifier: 'numreic' is not known; did you mean 'numeric'?" in said
        # Ours, and those of the service, which may be out of service now.
        policy.write_text('[require.a]\nverifier = "lean"\n[require.b]\nverifier = "polygon"\n')
        service = FakeRewriteService(digests={**DIGESTS, "polygon": "78" * 32})
        assert check(rows_file(good_row("a")), "--policy", policy, service=service).exit_code == 0

    def test_2_with_a_message_that_does_not_paint_the_terminal(self, rows_file, tmp_path):
        listed = tmp_path / "list.jsonl"
        listed.write_text(json.dumps({"\x1b]0;title\x07": "a text"}))
        done = check(rows_file(good_row("a")), "--decontaminate", listed)
        assert done.exit_code == 2
        assert "only \ufffd]0;title\ufffd" in " ".join(done.stderr.split())
        assert "\x1b" not in done.stderr

    @pytest.mark.parametrize("flag", ["--output", "--junit"])
    def test_2_when_a_disk_is_full_which_is_named(self, rows_file, flag):
        done = check(rows_file(good_row("a")), flag, "/dev/full")
        assert done.exit_code == 2
        assert "No space left on device: '/dev/full'" in " ".join(done.stderr.split())

    @pytest.mark.parametrize(
        ("flags", "says"),
        [
            (["--policy", "none.toml"], "No such file"),
            (["--cache", "x", "--no-cache"], "contradicts --no-cache"),
            (["--output", "rows.jsonl"], "would overwrite the rows"),
            (["--stamp", "rows.jsonl"], "would overwrite the rows"),
            (["--report", "x.html", "--junit", "x.html"], "would overwrite --report"),
            (["--junit", "nowhere/x.xml"], "nowhere is no folder"),
            (["--report", "."], ". is a folder; name a file"),
            (["--stamp", "/dev/null"], "/dev/null is no regular file"),
            (["--report", "/dev/null"], "/dev/null is no regular file"),
            (["--output", "hard-link.jsonl"], "would overwrite the rows"),
            (["--policy", "p.toml", "--output", "p.toml"], "would overwrite the policy"),
            (["--cache", "c", "--junit", "c"], "would overwrite the cache"),
            (["--decontaminate", "d.txt", "--report", "d.txt"], "would overwrite a list"),
            (["--decontaminate", "none.jsonl"], "none.jsonl"),
            (["none.jsonl"], "there is no such file"),
            (["."], "is a folder"),
            (["rows.jsonl"], "given twice"),
        ],
    )
    def test_2_when_the_command_line_cannot_be_used(
        self, rows_file, flags, says, monkeypatch, tmp_path
    ):
        rows_file(good_row("a"))
        monkeypatch.chdir(tmp_path)
        os.link("rows.jsonl", "hard-link.jsonl")
        Path("p.toml").write_text("")
        Path("d.txt").write_text("a text\n")
        service = FakeRewriteService()
        done = check("rows.jsonl", *flags, service=service)
        assert done.exit_code == 2
        assert says in " ".join(done.stderr.replace("│", " ").split())
        assert service.calls == 0
        assert json.loads(Path("rows.jsonl").read_text())["id"] == "a"

    def test_2_when_the_policy_cannot_be_used(self, rows_file, tmp_path):
        (tmp_path / "policy.toml").write_text("[gates]\nleek = 1")
        done = check(rows_file(good_row("a")), "--policy", tmp_path / "policy.toml")
        assert done.exit_code == 2
        assert "gates.leek: there is no such key; did you mean 'leak'?" in " ".join(
            done.stderr.replace("│", " ").split()
        )


class TestOutput:
    def test_json_has_a_line_for_each_row_and_one_for_the_set_and_nothing_else(
        self, rows_file, tmp_path
    ):
        path = rows_file(TRIANGLE, good_row("a"), NO_ROW)
        done = check(path, "--json", "--github", "-o", tmp_path / "out.jsonl")
        triangle, row, none, sets = lines_of(done)
        assert done.stdout == (tmp_path / "out.jsonl").read_text()
        assert (triangle["file"], triangle["row"], triangle["id"]) == (str(path), 1, "triangle")
        assert (triangle["admitted"], triangle["failed"]) == (False, ["premises"])
        assert (triangle["kind"], triangle["domain"], triangle["verifier"]) == (
            "proof_to_numeric",
            "geometry",
            "numeric",
        )
        checks = {each["name"]: each for each in triangle["checks"]}
        assert checks["premises"]["reason"] == "AS_SCRIPTED"
        assert checks["leak"]["evidence"] == [
            {"label": "sign", "text": "-13", "detail": "", "expected": True}
        ]
        assert (row["admitted"], row["score"], row["applicable"]) == (True, 1.0, 4)
        assert row["stamp"] == {"hallmark": STAMP.hallmark, "content": STAMP.content}
        assert row["hallmark"].startswith("numeric@1:")
        assert none["error"]["reason"] == "INVALID_ROW"
        assert sets["set"]["failed"] == []
        assert {each["name"] for each in sets["set"]["checks"]} >= {"duplicates", "balance"}

    def test_people_are_told_where_what_and_why(self, rows_file):
        path = rows_file(good_row("a"), TRIANGLE)
        shown = check(path).stdout
        assert re.search(rf"✗ .*{path.name}:2 triangle", shown.replace("\n", ""))
        assert "premises AS_SCRIPTED: the script says so of premises" in shown
        assert re.search(r"premises +0 +1 +0 +1 +1", shown)
        assert re.search(r"1 admitted, 1 kept out, 0 errors; 2 rows; .* rows/s$", shown)

    def test_log_has_evidence_apart_and_lines_that_end(self, rows_file):
        def survive(each):
            answer = report(each, discrimination=2)
            evidence = answer.report.checks[1].evidence.add()
            evidence.label, evidence.text, evidence.detail = "sign", "-13", "is the reference"
            return answer

        shown = check(rows_file(good_row("a")), service=FakeRewriteService(survive)).stdout
        lines = shown.splitlines()
        assert "      sign: -13 — is the reference" in lines
        # What is as it should be is no reason.
        assert shown.count("sign: -13") == 1
        assert all(line == line.rstrip() and len(line) <= 100 for line in lines)

    def test_few_are_shown_and_the_others_counted(self, rows_file):
        rows = [{**BAD, "id": f"b{number}"} for number in range(30)]
        shown = check(rows_file(*rows)).stdout
        assert shown.count("✗") == 20 + shown.count("✗ the set")
        assert "and 10 more rows" in shown

    def test_nothing_a_model_wrote_paints_the_terminal_or_is_obeyed(self, rows_file):
        def shout(each):
            answer = report(each, leak=2)
            for one in answer.report.checks:
                one.explanation = "\x1b[31mred\n::error::forged ##[error]forged"
            return answer

        service = FakeRewriteService(shout)
        path = rows_file(good_row("a\x1b[2J"))
        done = check(path, "--github", service=service)
        assert "\x1b" not in done.stdout
        before, quiet, after = re.split(r"::(?:stop-commands::)?[0-9a-f]{32}(?:::)?\n", done.stdout)
        assert before == "" and "forged" in quiet
        obeyed = [line for line in after.splitlines() if line.startswith("::")]
        assert len(obeyed) == 1 and obeyed[0].startswith("::error file=")
        written = check(path, "--json", service=FakeRewriteService(shout)).stdout
        assert "##[" not in written
        assert "##[error]forged" in json.loads(written.splitlines()[0])["checks"][3]["explanation"]

    def test_github_actions_are_noticed(self, rows_file, tmp_path):
        path = rows_file(BAD)
        env = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path)}
        assert "\n::error file=rows.jsonl,line=1," in check(path, env=env).stdout
        assert "::error" not in check(path, "--no-github", env=env).stdout
        with_json = check(path, "--json", env=env)
        assert "::error" not in with_json.stdout and "::error" in with_json.stderr

    def test_junit(self, rows_file, tmp_path):
        path = rows_file(good_row("a"), BAD, NO_ROW)
        check(path, "--junit", tmp_path / "out.xml")
        suite = ET.parse(tmp_path / "out.xml").getroot()[0]
        assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
        facts = {each.get("name"): each.get("value", "") for each in suite.iter("property")}
        assert facts["policy"] == "strict" and facts["hallmarks"].startswith("numeric@1:")

    def test_page(self, rows_file, tmp_path):
        assert check(rows_file(TRIANGLE), "--report", tmp_path / "out.html").exit_code == 1
        page = (tmp_path / "out.html").read_text()
        assert "the script says so of premises" in page
        assert "strict" in page and "Prove that ABC is isosceles." in page

    def test_extra_that_is_missing_is_said_before_anything_is_asked(self, rows_file, monkeypatch):
        monkeypatch.setitem(sys.modules, "assayoffice.rl.rewrites.sets.checks", None)
        service = FakeRewriteService()
        done = check(rows_file(good_row("a")), service=service)
        assert done.exit_code == 2 and service.calls == 0
        assert "pip install 'assayoffice[rewrites]'" in " ".join(done.stderr.split())

    def test_order_is_that_of_the_rows_whoever_answers_first(self, rows_file):
        import random
        import time

        rows = [good_row(f"r{number}") for number in range(200)]

        def dawdle(context: grpc.ServicerContext) -> None:
            time.sleep(random.uniform(0, 0.1))

        path = rows_file(*rows)
        first = check(path, "--json", service=FakeRewriteService(before_call=dawdle))
        again = check(path, "--json", "--concurrency", 1)
        assert [each["id"] for each in lines_of(first)[:-1]] == [each["id"] for each in rows]
        assert first.stdout == again.stdout

    def test_several_files_are_one_set(self, rows_file):
        one = rows_file(good_row("a"), name="one.jsonl")
        two = rows_file(
            good_row("a"), good_row("b", problem=good_row("a")["problem"]), name="two.jsonl"
        )
        done = check(one, two, "--json")
        first, again, other, sets = lines_of(done)
        assert f"is that of {one} row 1 already" in again["error"]["message"]
        assert first["admitted"] and other["admitted"]
        assert sets["set"]["failed"] == ["duplicates"]

    def test_stdin(self):
        done = check("-", "--json", input=json.dumps(good_row("a")))
        assert lines_of(done)[0]["file"] == "<stdin>"

    def test_policy_decides(self, rows_file, tmp_path):
        policy = tmp_path / "policy.toml"
        policy.write_text('[gates]\nleak = "report"\nwording = "report"\n')
        assert check(rows_file(BAD), "--policy", policy).exit_code == 0

    def test_thresholds_reach_the_service(self, rows_file, tmp_path):
        policy, service = tmp_path / "policy.toml", FakeRewriteService()
        policy.write_text("[thresholds]\nkill_rate = 0.5\n")
        check(rows_file(good_row("a")), "--policy", policy, service=service)
        assert service.batches[0].thresholds.kill_rate == 0.5
        assert service.batches[0].thresholds.mutation_score == 0.8

    def test_decontaminate(self, rows_file, tmp_path):
        row = good_row("a", problem=" ".join(f"word{number}" for number in range(20)) + "?")
        (tmp_path / "held-out.txt").write_text(str(row["problem"]))
        done = check(rows_file(row), "--decontaminate", tmp_path / "held-out.txt", "--json")
        assert done.exit_code == 1
        assert lines_of(done)[-1]["set"]["failed"] == ["contamination"]


class TestStamps:
    def test_admitted_rows_are_stamped_and_otherwise_as_they_were(self, rows_file, tmp_path):
        first = good_row("a", provenance={"source": "real", "é": [1.5, None, {"z": 1, "a": 2}]})
        stale = good_row("b", stamp={"hallmark": "00" * 32, "content": "00" * 32})
        path = rows_file(first, BAD, NO_ROW, stale)
        before = path.read_bytes()
        done = check(path, "--stamp", tmp_path / "out.jsonl")
        assert "2 of 4 rows" in done.stderr
        written = (tmp_path / "out.jsonl").read_text().splitlines()
        stamp = {"hallmark": STAMP.hallmark, "content": STAMP.content}
        assert [json.loads(line) for line in written] == [
            {**first, "stamp": stamp},
            {**stale, "stamp": stamp},
        ]
        assert list(json.loads(written[0])) == [*first, "stamp"]
        assert "é" in written[0]
        assert path.read_bytes() == before
        assert sorted(each.name for each in tmp_path.iterdir()) == ["out.jsonl", "rows.jsonl"]

    def test_parquet_keeps_its_columns(self, tmp_path):
        rows = [good_row("a"), BAD, good_row("b", premises=json.dumps(TRIANGLE["premises"]))]
        rows = [{"premises": None, **row, "original": json.dumps(row["original"])} for row in rows]
        path = tmp_path / "rows.parquet"
        table = pa.Table.from_pylist(rows).replace_schema_metadata({"made": "by us"})
        pq.write_table(table, path, row_group_size=2)
        assert check(path, "--stamp", tmp_path / "out.parquet").exit_code == 1
        stamped = pq.read_table(tmp_path / "out.parquet")
        stamp = {"hallmark": STAMP.hallmark, "content": STAMP.content}
        assert stamped.drop_columns(["stamp"]).equals(table.take([0, 2]))
        assert stamped.column("stamp").to_pylist() == [stamp, stamp]
        assert stamped.schema.metadata == {b"made": b"by us"}
        # What was stamped can be checked again, and stamped again.
        again = check(tmp_path / "out.parquet", "--stamp", tmp_path / "again.parquet")
        assert again.exit_code == 0
        assert pq.read_table(tmp_path / "again.parquet").equals(stamped)

    @pytest.mark.parametrize("changed", [{"problem": "Which number?"}, {"verifier": "choice"}])
    def test_parquet_that_changes_while_it_is_checked_gets_no_stamps(self, tmp_path, changed):
        def write(row: dict) -> None:
            row = {**row, "original": json.dumps(row["original"])}
            pq.write_table(pa.Table.from_pylist([row]), tmp_path / "new.parquet")
            os.replace(tmp_path / "new.parquet", tmp_path / "rows.parquet")

        write(good_row("a"))
        calls: list[object] = []

        def before_call(context: object) -> None:
            calls.append(context)
            if len(calls) == 2:  # The first only asks for digests.
                write(good_row("a", **changed))

        service = FakeRewriteService(before_call=before_call)
        stamped = tmp_path / "out.parquet"
        done = check(tmp_path / "rows.parquet", "--stamp", stamped, service=service)
        assert done.exit_code == 2
        assert "row 1: was changed while it was checked" in " ".join(done.stderr.split())
        assert not list(tmp_path.glob("out*"))

    def test_nothing_to_stamp_is_a_file_without_rows(self, tmp_path):
        row = {**BAD, "original": json.dumps(BAD["original"])}
        path = tmp_path / "rows.parquet"
        pq.write_table(pa.Table.from_pylist([row]).slice(0, 0), path)
        assert check(path, "--stamp", tmp_path / "out.parquet").exit_code == 3
        stamped = pq.read_table(tmp_path / "out.parquet")
        assert stamped.num_rows == 0 and stamped.schema.names == [*row, "stamp"]

    def test_link_is_written_through(self, rows_file, tmp_path):
        (tmp_path / "out.jsonl").symlink_to(tmp_path / "there.jsonl")
        assert check(rows_file(good_row("a")), "--stamp", tmp_path / "out.jsonl").exit_code == 0
        assert (tmp_path / "out.jsonl").is_symlink()
        assert json.loads((tmp_path / "there.jsonl").read_text())["id"] == "a"

    def test_nothing_is_written_for_a_set_that_fails(self, rows_file, tmp_path):
        path = rows_file(good_row("a"), good_row("b", problem=good_row("a")["problem"]))
        done = check(path, "--stamp", tmp_path / "out.jsonl")
        assert "not written, because the set fails duplicates" in " ".join(done.stderr.split())
        assert not (tmp_path / "out.jsonl").exists()

    def test_parquet_from_json_lines_is_refused(self, rows_file, tmp_path):
        done = check(rows_file(good_row("a")), "--stamp", tmp_path / "out.parquet")
        assert done.exit_code == 2
        assert "writes parquet from parquet only" in " ".join(done.stderr.split())
        assert not list(tmp_path.glob("out*"))


class TestCache:
    def test_only_what_is_new_is_checked_again(self, rows_file, tmp_path):
        service, cache = FakeRewriteService(), tmp_path / "cache.sqlite"
        flags = ["--cache", cache, "--json"]
        first = check(rows_file(good_row("a"), BAD), *flags, service=service)
        again = check(rows_file(good_row("a"), BAD), *flags, service=service)
        assert service.checked == ["a", "bad"]
        assert again.stdout == first.stdout and again.exit_code == 1
        moved = {**good_row("a"), "id": "moved", "domain": "other"}
        done = check(rows_file(good_row("c"), moved), *flags, service=service)
        assert service.checked == ["a", "bad", "c"]
        assert [each["id"] for each in lines_of(done)[:-1]] == ["c", "moved"]

    def test_cached_are_counted(self, rows_file, tmp_path):
        flags = [rows_file(good_row("a"), good_row("b")), "--cache", tmp_path / "cache.sqlite"]
        assert "cache" not in check(*flags).stdout
        assert "2 rows (2 from the cache)" in check(*flags).stdout

    def test_other_checks_or_thresholds_check_again_and_other_gates_do_not(
        self, rows_file, tmp_path
    ):
        service, cache = FakeRewriteService(), tmp_path / "cache.sqlite"
        path, policy = rows_file(good_row("a")), tmp_path / "policy.toml"

        def calls(text: str) -> int:
            policy.write_text(text)
            check(path, "--cache", cache, "--policy", policy, service=service)
            return len(service.batches)

        assert calls("") == 1
        assert calls('[gates]\nleak = "report"') == 1
        assert calls("[thresholds]\nkill_rate = 0.9") == 2
        service.digests = {**DIGESTS, "choice": "ff" * 32}
        assert calls("") == 2
        service.digests = {**DIGESTS, "numeric": "ff" * 32}
        assert calls("") == 3

    def test_errors_are_not_kept(self, rows_file, tmp_path):
        flags = [rows_file(good_row("a")), "--cache", tmp_path / "cache.sqlite"]

        def die(each):
            return error(each, grpc.StatusCode.INTERNAL, "WORKER_DIED")

        assert check(*flags, service=FakeRewriteService(die)).exit_code == 3
        assert check(*flags).exit_code == 0

    def test_damaged_cache_is_a_warning(self, rows_file, tmp_path):
        (tmp_path / "cache.sqlite").write_text("damaged" * 1000)
        done = check(rows_file(good_row("a")), "--cache", tmp_path / "cache.sqlite")
        assert done.exit_code == 0
        assert "warning: cache" in done.stderr and "1 admitted" in done.stdout


class TestPrinting:
    def test_schema(self):
        done = CliRunner().invoke(app, ["schema"])
        assert done.exit_code == 0 and done.stdout == SCHEMA.read_text()
