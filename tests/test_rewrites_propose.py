"""``assay rewrites propose`` against a real service, and a model whose answers a test chooses."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from fake_completions import Asked, FakeCompletions, Raw, completion, unused_port
from typer.testing import CliRunner, Result

from assayoffice.cli import app
from assayoffice.rl.rewrites.propose.prompts import PromptName, prompt

TRAIN = {
    "id": "train",
    "kind": "variation",
    "domain": "physics",
    "problem": "A train covers 180 km in two and a half hours. What is its average speed in km/h?",
    "verifier": "numeric",
    "reference": "72",
    "original": {"id": "speed", "problem": "Prove that average speed is distance over time."},
    "provenance": {"source": "real"},
    "premises": {"unknowns": {"v": "positive"}, "constraints": ["v*2.5 == 180"], "asked": "v"},
}
PRICE = {
    "id": "price",
    "kind": "variation",
    "problem": "After a rise of 20 % a ticket costs 54 euros. How many euros did it cost before?",
    "verifier": "numeric",
    "reference": "45",
    "original": {"id": "percent", "problem": "Prove that a rise of p % multiplies by 1 + p/100."},
    "provenance": {"source": "real"},
    "key": {"source": "print(54 * 100 // 120)"},
}
BROKEN = {**PRICE, "id": "broken", "reference": "40"}
SWIMMER: Mapping[str, Any] = {
    "problem": "A swimmer needs 40 seconds for a lane of 50 metres. What is her speed in m/s?",
    "reference": "1.25",
    "premises": {"unknowns": {"v": "positive"}, "constraints": ["40*v == 50"], "asked": "v"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, *rows: Mapping[str, Any]) -> Path:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def arguments(file: Path, api: str, endpoint: str, *flags: str) -> list[str]:
    folder = file.parent
    return [
        *("rewrites", "propose", str(file), "--api", api, "--model", "tiny"),
        *("--output", str(folder / "out.jsonl"), "--rejected", str(folder / "rejected.jsonl")),
        *("--endpoint", endpoint, "--api-attempts", "2", *flags),
    ]


def run(file: Path, fake: FakeCompletions, endpoint: str, *flags: str) -> Result:
    command = arguments(file, fake.url, endpoint, *flags)
    return CliRunner().invoke(app, command, catch_exceptions=False)


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    file = folder / name
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def says(answer: object) -> Callable[[Asked], str]:
    return lambda asked: answer if isinstance(answer, str) else json.dumps(answer)


def reasons(folder: Path) -> list[str]:
    return [each["reason"] for each in lines(folder, "rejected.jsonl")]


def test_what_passes_is_stamped_and_says_where_it_comes_from(folder: Path, endpoint: str) -> None:
    file = write(folder, TRAIN)
    thought = f"<think>A draft: {{}}</think>\nHere:\n```json\n{json.dumps(SWIMMER)}\n```\n"
    with FakeCompletions(says(thought)) as fake:
        flags = ("--prompt", "variation", "--temperature", "0.3", "--seed", "5")
        result = run(file, fake, endpoint, *flags)
        assert result.exit_code == 0, result.output
        assert TRAIN["problem"] in fake.user(0) and "Its answer: 72" in fake.user(0)
    (row,) = lines(folder, "out.jsonl")
    assert row["problem"] == SWIMMER["problem"]
    assert row["premises"] == SWIMMER["premises"]
    assert (row["kind"], row["domain"], row["verifier"]) == ("variation", "physics", "numeric")
    assert row["original"] == {"id": "train", "problem": TRAIN["problem"]}
    assert set(row["stamp"]) == {"hallmark", "content"} and len(row["stamp"]["hallmark"]) == 64
    assert (row["provenance"]["source"], row["provenance"]["generator"]) == ("synthetic", "tiny")
    lineage = row["provenance"]["lineage"]
    assert lineage["prompt"] == "variation@1"
    assert lineage["prompt_digest"] == prompt(PromptName.VARIATION).digest
    assert (lineage["parent"], lineage["index"]) == ("train", 0)
    assert lineage["endpoint_model"] == "tiny-build-7"
    assert (lineage["temperature"], lineage["seed"]) == (0.3, fake.requests[0]["seed"])
    checked = CliRunner().invoke(
        app,
        ["rewrites", "check", str(folder / "out.jsonl"), "--endpoint", endpoint, "--no-cache"],
    )
    assert checked.exit_code == 0, checked.output


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("I am sorry, but I cannot.", "NOT_JSON"),
        ('{"problem": "What is', "NOT_JSON"),
        ("{" * 50_000, "NOT_JSON"),
        ('{"a":' * 30_000, "NOT_JSON"),
        ("[1, 2]", "NOT_JSON"),
        ('{"problem": "What is $\\frac{1}{2}$ of 8?", "reference": "4"}', "ESCAPES"),
        ({**SWIMMER, "premises": None}, "NO_EVIDENCE"),
        ({**SWIMMER, "premises": None, "key": {"source": "print(1.25)"}}, "NO_EVIDENCE"),
        (
            {**SWIMMER, "premises": {**SWIMMER["premises"], "constraints": ["v == 1.25"]}},
            "NO_EVIDENCE",
        ),
        ({**SWIMMER, "problem": 7}, "INVALID_ROW"),
        ({"problem": SWIMMER["problem"], "key": {"source": "print(1)"}}, "INVALID_ROW"),
        ({**SWIMMER, "premises": {"unknowns": {"v": "any"}}}, "INVALID_ROW"),
        ({**SWIMMER, "reference": "1.5"}, "premises:OTHER_ANSWER"),
        ({**SWIMMER, "reference": "\\frac{5}{"}, "round_trip:REFERENCE_UNREADABLE"),
        ({**SWIMMER, "key": {"source": "print(1 + 1)"}}, "key:DISAGREES"),
        ({**SWIMMER, "problem": "Prove that a swimmer has a speed."}, "wording:ASKS_FOR_PROOF"),
        ({**SWIMMER, "reference": "x" * 30_000}, "INVALID_SUBMISSION"),
        (
            {**SWIMMER, "problem": TRAIN["problem"], "reference": "1.25"},
            "UNCHANGED",
        ),
    ],
)
def test_what_does_not_pass_is_told_why_and_not_written(
    folder: Path, endpoint: str, answer: object, reason: str
) -> None:
    with FakeCompletions(says(answer)) as fake:
        result = run(write(folder, TRAIN), fake, endpoint, "--prompt", "variation")
    assert reasons(folder) == [reason]
    assert lines(folder, "out.jsonl") == []
    assert result.exit_code == 1, result.output
    (rejected,) = lines(folder, "rejected.jsonl")
    assert rejected["message"] and rejected["provenance"]["lineage"]["parent"] == "train"


def test_a_cut_off_answer_is_told_from_a_bad_one(folder: Path, endpoint: str) -> None:
    def respond(asked: Asked) -> Raw:
        return Raw(body=completion('{"problem": "What', asked, finish_reason="length"))

    with FakeCompletions(respond) as fake:
        run(write(folder, TRAIN), fake, endpoint, "--prompt", "variation")
    assert reasons(folder) == ["CUT_OFF"]


def test_a_model_can_neither_stamp_nor_date_back_nor_loosen(folder: Path, endpoint: str) -> None:
    forged = {
        **SWIMMER,
        "id": "mine",
        "kind": "paraphrase",
        "verifier": "choice",
        "stamp": {"hallmark": "a" * 64, "content": "b" * 64},
        "provenance": {"source": "real", "generator": "a professor"},
        "original": {"id": "none"},
        "solutions": ["\\boxed{1.25}"] * 8,
        "task": {"reference": "1.25", "match": "RELATIVE", "tolerance": 0.9},
    }
    with FakeCompletions(says(forged)) as fake:
        assert run(write(folder, TRAIN), fake, endpoint, "--prompt", "variation").exit_code == 0
    (row,) = lines(folder, "out.jsonl")
    assert row["id"].startswith("train/variation/")
    assert (row["kind"], row["verifier"]) == ("variation", "numeric")
    assert row["provenance"]["source"] == "synthetic"
    assert row["provenance"]["generator"] == "tiny"
    assert row["stamp"]["hallmark"] != "a" * 64
    assert row["original"]["id"] == "train"
    assert "solutions" not in row and "task" not in row


def test_a_paraphrase_keeps_the_task_of_its_row(folder: Path, endpoint: str) -> None:
    said = {
        "problem": "In 2.5 hours a train gets 180 km far. How many km/h is that on average?",
        "reference": "73",
        "premises": {"unknowns": {"v": "real"}, "constraints": ["v == 73"], "asked": "v"},
        "key": {"source": "print(73)"},
    }
    with FakeCompletions(says(said)) as fake:
        result = run(write(folder, TRAIN), fake, endpoint, "--prompt", "paraphrase")
    assert result.exit_code == 0, result.output
    (row,) = lines(folder, "out.jsonl")
    assert (row["reference"], row["premises"]) == ("72", TRAIN["premises"])
    assert row["problem"] == said["problem"] and "key" not in row


def test_a_paraphrase_with_other_values_does_not_inherit_the_answer(
    folder: Path, endpoint: str
) -> None:
    said = {"problem": "In 2.5 hours a train gets 190 km far. How many km/h is that on average?"}
    with FakeCompletions(says(said)) as fake:
        result = run(write(folder, TRAIN), fake, endpoint, "--prompt", "paraphrase")
    assert result.exit_code == 1, result.output
    (rejected,) = lines(folder, "rejected.jsonl")
    assert rejected["reason"] == "VALUES_CHANGED"
    assert rejected["message"] == "problem: no longer says 180"


def test_repeats_of_rows_and_of_each_other_are_rejected(folder: Path, endpoint: str) -> None:
    repeated = {**PRICE, "problem": PRICE["problem"]}
    answers = {0: SWIMMER, 1: SWIMMER, 2: repeated}

    def respond(asked: Asked) -> str:
        number = int(asked["messages"][-1]["content"].partition("number ")[2].split(" ")[0])
        return json.dumps(answers[number - 1])

    file = write(folder, TRAIN, PRICE)
    with FakeCompletions(respond) as fake:
        run(file, fake, endpoint, "--prompt", "variation", "--count", "3", "--limit", "3")
    assert len(lines(folder, "out.jsonl")) == 1
    assert reasons(folder) == ["DUPLICATE", "DUPLICATE"]


def test_rows_that_do_not_pass_are_not_rewritten(folder: Path, endpoint: str) -> None:
    with FakeCompletions(says(SWIMMER)) as fake:
        result = run(write(folder, BROKEN), fake, endpoint, "--prompt", "variation")
    assert fake.requests == [] and result.exit_code == 1
    assert "left out" in result.output and "1 row (key 1)" in result.output


def test_originals_become_problems_and_lack_what_a_paraphrase_needs(
    folder: Path, endpoint: str
) -> None:
    original = {"id": "speed", "problem": "Prove that average speed is distance over time."}
    flags = ("--prompt", "proof_to_numeric", "--prompt", "paraphrase")
    with FakeCompletions(says(SWIMMER)) as fake:
        result = run(write(folder, original), fake, endpoint, *flags)
    assert result.exit_code == 0, result.output
    (row,) = lines(folder, "out.jsonl")
    assert (row["kind"], row["original"]) == ("proof_to_numeric", original)
    assert "paraphrase@1 leaves out 1 row" in result.output


def test_solutions_are_sampled_and_can_outvote_the_model(folder: Path, endpoint: str) -> None:
    def respond(asked: Asked) -> str:
        if "\\boxed{}" in asked["messages"][0]["content"]:
            return "50/40, so \\boxed{1.3}"
        return json.dumps(SWIMMER)

    flags = ("--prompt", "variation", "--solutions", "3")
    with FakeCompletions(respond) as fake:
        run(write(folder, TRAIN), fake, endpoint, *flags)
    assert reasons(folder) == ["solutions:OTHER_CONSENSUS"]
    seeds = [each["seed"] for each in fake.requests]
    assert len(seeds) == 4 and len(set(seeds)) == 4


def test_trouble_is_no_finding_and_is_asked_for_again(folder: Path, endpoint: str) -> None:
    file = write(folder, TRAIN)
    with FakeCompletions(lambda asked: Raw(500, headers={"Retry-After": "0"})) as fake:
        result = run(file, fake, endpoint, "--prompt", "variation")
    assert result.exit_code == 3 and "HTTP 500" in result.output
    assert lines(folder, "out.jsonl") == lines(folder, "rejected.jsonl") == []
    with FakeCompletions(says(SWIMMER)) as fake:
        assert run(file, fake, endpoint, "--prompt", "variation").exit_code == 0
    assert len(lines(folder, "out.jsonl")) == 1


def test_a_model_that_dies_is_gone_on_with_where_it_stopped(folder: Path, endpoint: str) -> None:
    file = write(folder, TRAIN)
    flags = ("--prompt", "variation", "--count", "4", "--concurrency", "1")
    served = threading.Semaphore(2)

    def respond(asked: Asked) -> str | Raw:
        return json.dumps(SWIMMER) if served.acquire(blocking=False) else Raw(401, b"expired")

    with FakeCompletions(respond) as fake:
        result = run(file, fake, endpoint, *flags)
    assert result.exit_code == 4 and "expired" in result.output
    finished = len(lines(folder, "out.jsonl")) + len(lines(folder, "rejected.jsonl"))
    assert finished == 2
    with FakeCompletions(says(SWIMMER)) as fake:
        result = run(file, fake, endpoint, *flags, "--json")
        assert len(fake.requests) == 2
    assert json.loads(result.stdout.splitlines()[-1])["summary"]["finished_before"] == 2
    with FakeCompletions(says(SWIMMER)) as fake:
        assert run(file, fake, endpoint, *flags).exit_code == 0
        assert fake.requests == []
    # A parent that was changed is another parent.
    write(folder, {**TRAIN, "domain": "motion"})
    with FakeCompletions(says(SWIMMER)) as fake:
        run(file, fake, endpoint, *flags)
        assert len(fake.requests) == 4


def test_a_policy_for_a_verifier_that_is_not_there_is_refused(folder: Path, endpoint: str) -> None:
    policy = folder / "policy.toml"
    policy.write_text('[require.keys]\nverifier = "numreic"\nchecks = ["key"]\n')
    with FakeCompletions(says(SWIMMER)) as fake:
        flags = ("--prompt", "variation", "--policy", str(policy))
        result = run(write(folder, TRAIN), fake, endpoint, *flags)
    assert result.exit_code == 2 and "'numreic' is not known" in result.output
    assert fake.requests == []


def test_nobody_at_the_endpoint(folder: Path, endpoint: str) -> None:
    api = f"http://127.0.0.1:{unused_port()}/v1"
    command = arguments(write(folder, TRAIN), api, endpoint, "--prompt", "variation")
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 4 and "refused" in result.output


def test_nobody_at_the_service(folder: Path) -> None:
    with FakeCompletions(says(SWIMMER)) as fake:
        nobody = f"127.0.0.1:{unused_port()}"
        result = run(write(folder, TRAIN), fake, nobody, "--prompt", "variation")
    assert result.exit_code == 4


def test_a_torn_line_is_cut_off_and_its_proposal_made_again(folder: Path, endpoint: str) -> None:
    file = write(folder, TRAIN)
    with FakeCompletions(says(SWIMMER)) as fake:
        run(file, fake, endpoint, "--prompt", "variation")
        output = folder / "out.jsonl"
        whole = output.read_bytes()
        output.write_bytes(whole[:-40])
        result = run(file, fake, endpoint, "--prompt", "variation")
    assert "cut an unfinished line" in result.output
    assert output.read_bytes() == whole


def test_a_file_of_something_else_is_not_appended_to(folder: Path, endpoint: str) -> None:
    (folder / "out.jsonl").write_text('{"precious": true}\n')
    with FakeCompletions(says(SWIMMER)) as fake:
        result = run(write(folder, TRAIN), fake, endpoint, "--prompt", "variation")
    assert result.exit_code == 2 and "not written by" in result.output
    assert (folder / "out.jsonl").read_text() == '{"precious": true}\n'


def test_the_order_is_that_of_the_rows_whoever_answers_first(folder: Path, endpoint: str) -> None:
    def respond(asked: Asked) -> str:
        said = asked["messages"][-1]["content"]
        time.sleep(0.5 if "train" in said else 0.0)
        return json.dumps({"problem": f"no {said.count('train')}"})

    with FakeCompletions(respond) as fake:
        run(write(folder, TRAIN, PRICE), fake, endpoint, "--prompt", "variation", "--json")
    parents = [row["provenance"]["lineage"]["parent"] for row in lines(folder, "rejected.jsonl")]
    assert parents == ["train", "price"]


def test_the_key_comes_from_a_variable_or_a_file_and_is_never_shown(
    folder: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(folder, TRAIN)
    key_file = folder / "key"
    key_file.write_text("from-file\n")
    monkeypatch.setenv("SOME_KEY", "from-variable")
    for flags in (("--api-key-env", "SOME_KEY"), ("--api-key-file", str(key_file))):
        with FakeCompletions(
            lambda asked: Raw(403, b"no: from-variable\x1b]0;from-file\x07")
        ) as fake:
            result = run(file, fake, endpoint, "--prompt", "variation", *flags)
            assert result.exit_code == 4
            key = "from-variable" if "SOME_KEY" in flags else "from-file"
            assert key not in result.output
            assert "\x1b]" not in result.output and "\ufffd]0;" in result.output
        assert fake.headers[0]["Authorization"].startswith("Bearer from-")
    unset = arguments(file, "http://h/v1", endpoint, "--prompt", "variation", "--api-key-env", "NO")
    result = CliRunner().invoke(app, unset)
    assert result.exit_code == 2 and "NO is not set" in result.output


def test_control_c_ends_at_once_and_keeps_what_was_finished(folder: Path, endpoint: str) -> None:
    release = threading.Event()

    def respond(asked: Asked) -> str:
        if "number 1 " not in asked["messages"][-1]["content"]:
            release.wait(60)
        return json.dumps(SWIMMER)

    with FakeCompletions(respond) as fake:
        flags = ("--prompt", "variation", "--count", "3")
        command = arguments(write(folder, TRAIN), fake.url, endpoint, *flags)
        program = "from assayoffice.cli import main; main()"
        child = subprocess.Popen(
            [sys.executable, "-c", program, *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "NO_COLOR": "1"},
        )
        deadline = time.monotonic() + 60
        while not lines(folder, "out.jsonl") and time.monotonic() < deadline:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        start = time.monotonic()
        child.communicate(timeout=30)
        assert time.monotonic() - start < 10
        release.set()
    assert child.returncode not in (0, 1, 2, 3, 4)
    assert len(lines(folder, "out.jsonl")) == 1
