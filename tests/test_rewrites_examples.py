"""The shipped examples: what is sound is admitted, what is broken is told what it is broken by."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lean_toolchain import headers, modules, toolchain
from typer.testing import CliRunner

from assayoffice.cli import app
from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.rl.rewrites.rows import Kind

FOLDER = Path(__file__).parents[1] / "examples" / "rewrites"
SET_CHECKS = {"near_duplicates", "unchanged"}

Report = Mapping[str, Any]


def checked(name: str, *flags: str) -> tuple[int, dict[str, Report], Report]:
    """The exit code, the report of each row by its id, and that of the set."""
    command = ["rewrites", "check", str(FOLDER / name), "--json", "--no-cache", *flags]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    rows = {line["id"]: line for line in lines if "id" in line}
    return result.exit_code, rows, next(line["set"] for line in lines if "set" in line)


def written(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text().splitlines()]


def check_of(report: Report, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(each for each in report["checks"] if each["name"] == name)
    return found


def findings(report: Report) -> list[tuple[str, str]]:
    """The checks that kept a row out, with their reasons."""
    return [(name, check_of(report, name)["reason"]) for name in report["failed"]]


@pytest.fixture(scope="module")
def broken(endpoint: str) -> tuple[int, dict[str, Report], Report]:
    return checked("broken.jsonl", "--endpoint", endpoint)


def test_every_sound_row_is_admitted_and_so_is_the_set(endpoint: str) -> None:
    code, rows, whole = checked("sound.jsonl", "--endpoint", endpoint)
    assert {id: row.get("failed", row.get("error")) for id, row in rows.items()} == {
        row["id"]: [] for row in written("sound.jsonl")
    }
    assert whole["failed"] == []
    assert code == 0
    repaired = check_of(rows["triangle-repaired"], "premises")
    assert (repaired["reason"], repaired["method"]) == ("UNIQUE", "exact")
    # A premise too many is a note, and no reason to keep a row out.
    notes = check_of(rows["equal-parts-twice-said"], "premises")["evidence"]
    assert "8*s == 112" in [each["text"] for each in notes if each["label"] == "redundant"]


def test_every_broken_row_is_told_what_it_is_broken_by(
    broken: tuple[int, dict[str, Report], Report],
) -> None:
    code, rows, _ = broken
    assert code == 1
    expected, found = {}, {}
    for row in written("broken.jsonl"):
        expect = row["provenance"]["expect"]
        if expect["check"] in SET_CHECKS:
            expected[row["id"]] = []
        elif expect["check"] == "round_trip":
            # Where the task cannot be used, there is nothing to try answers on.
            expected[row["id"]] = [
                ("round_trip", expect["reason"]),
                ("discrimination", "NO_TRIALS"),
            ]
        else:
            expected[row["id"]] = [(expect["check"], expect["reason"])]
        found[row["id"]] = findings(rows[row["id"]])
    assert found == expected


def test_what_is_broken_about_the_set_names_the_rows(
    broken: tuple[int, dict[str, Report], Report],
) -> None:
    _, _, whole = broken
    expected = [
        (row["provenance"]["expect"]["check"], row["provenance"]["expect"]["reason"], row["id"])
        for row in written("broken.jsonl")
        if row["provenance"]["expect"]["check"] in SET_CHECKS
    ]
    found = [
        (check["name"], check["reason"], row["id"])
        for check in whole["checks"]
        if check["state"] == "FAILED"
        for row in check["rows"]
    ]
    assert found == expected


def test_the_triangle_names_the_sides_that_contradict_each_other(
    broken: tuple[int, dict[str, Report], Report],
) -> None:
    _, rows, _ = broken
    assert next(iter(rows)) == "triangle"
    premises = check_of(rows["triangle"], "premises")
    conflict = [each["text"] for each in premises["evidence"] if each["label"] == "conflict"]
    assert {"AB == 13", "BC == 10"} <= set(conflict)
    assert premises["method"] == "exact"
    # A vote of solvers sees nothing wrong with it.
    assert check_of(rows["triangle"], "solutions")["state"] == "PASSED"


@pytest.mark.heavy
def test_lean_rows_are_checked_where_there_is_a_lean(tmp_path: Path) -> None:
    settings = tmp_path / "lean.toml"
    settings.write_text(
        f'[headers.examples]\ntoolchain = "{toolchain()}"\npath = ["{modules()}"]\n'
        f'source = {json.dumps(headers()["assay"].source)}\nreplay = "none"\n'
    )
    with EmbeddedServer(start_seconds=300, flags=("--lean", str(settings))) as ready:
        code, rows, _ = checked("lean.jsonl", "--endpoint", ready.endpoint)
    assert code == 1
    for row in written("lean.jsonl"):
        expect = row["provenance"].get("expect")
        wanted = [(expect["check"], expect["reason"])] if expect else []
        # A statement that Lean cannot read is a reference that cannot be read, too.
        found = [each for each in findings(rows[row["id"]]) if each[0] != "round_trip"]
        assert found == wanted, row["id"]


def test_the_examples_are_of_all_kinds_and_a_third_is_broken() -> None:
    sound, broken = written("sound.jsonl"), written("broken.jsonl")
    assert len(sound) + len(broken) >= 64
    assert 0.28 <= len(broken) / (len(sound) + len(broken)) <= 0.4
    for rows in (sound, broken):
        assert {row["kind"] for row in rows} == set(Kind)
        assert {row["provenance"]["source"] for row in rows} == {"real", "synthetic"}
    assert len({row["domain"] for row in sound}) >= 8
    used = Counter(name for row in sound for name in row)
    for name in ("premises", "key", "solutions", "wrong_answers", "reference_solution"):
        assert used[name] >= 3, name
