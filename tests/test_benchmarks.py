"""Each benchmark runs on a few rows and gives all its figures. What they are is not asserted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from figures import Share, percentile
from lean_toolchain import settings_file
from rows import shipped

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
ROWS = [
    {"gold": r"\frac{1}{2}", "answer": "0.5", "label": 1, "source": "numbers"},
    {"gold": "7", "answer": "8", "label": 0, "source": "numbers"},
    {"gold": "(1, 2)", "answer": "(1, 2)", "label": 1, "source": "tuples"},
    {"gold": "18", "response": r"Nine times two is \boxed{18}.", "label": 1, "question": "9 * 2?"},
]
CHEAT = {"gold": "7", "answer": r"7 \text{ or } 8", "label": 0}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def benchmark(name: str, *arguments: object) -> tuple[str, str]:
    """Standard output and standard error, where the tables go when the figures are JSON."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / name, *map(str, arguments)],
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


class TestNumeric:
    @pytest.mark.heavy
    def test_both_judges_are_measured_on_the_same_rows(self, data, tmp_path):
        (tmp_path / "cheats.jsonl").write_text(json.dumps(CHEAT) + "\n")
        wrong = tmp_path / "wrong.jsonl"
        stdout, tables = benchmark("numeric.py", data, "--json", "--errors", wrong)
        figures = json.loads(stdout)
        assert figures.keys() == {"rows", "cheats"}
        for judged in figures.values():
            assert judged.keys() == {"assayoffice", "math-verify"}
        ours = figures["rows"]["assayoffice"]
        assert (ours["rows"], ours["accuracy_percent"], ours["hung_or_died"]) == (4, 100, 0)
        assert figures["cheats"]["assayoffice"]["false_positive_percent"] == 0
        assert "false positives" in tables and "tuples" in tables and "1 cheats" in tables
        assert wrong.exists()

    def test_without_rows_the_cases_of_the_verifier_are_judged(self):
        cases = shipped()
        assert len(cases) > 20
        assert {row.source for row in cases} == {"right", "wrong", "malformed", "cheating"}
        assert all(row.right == (row.source == "right") for row in cases)


@pytest.mark.heavy
def test_service_is_measured_beside_the_peer(data):
    stdout, tables = benchmark("service.py", data, "--quick", "--json")
    figures = json.loads(stdout)
    for each in figures["throughput"].values():
        assert each["errors"] == 0 and each["items_per_second"] > 0
    beside = figures["latency"]["beside_hostile"]
    assert beside["singles"]["failed"] == 0
    assert sum(beside["hostile"].values()) > 0 and "CORRECT" not in beside["hostile"]
    assert "protovalidate" in tables and "math-verify" in tables


@pytest.mark.heavy
def test_rewards_of_a_step_are_measured_beside_the_peer(data):
    stdout, tables = benchmark("rewards.py", data, "--quick", "--json")
    steps = json.loads(stdout)["steps"]
    assert steps.keys() == {"one endpoint", "two endpoints", "peer"}
    for each in steps.values():
        assert each["errors"] == 0 and each["samples"] > 0 and each["seconds"] > 0
    assert "math-verify" in tables and "two endpoints" in tables


@pytest.mark.heavy
def test_mutants_are_put_to_both_judges(data):
    stdout, tables = benchmark("rewrites.py", data, "--quick", "--json")
    figures = json.loads(stdout)
    ours, peer = figures["assayoffice"], figures["math-verify"]
    assert ours["mutants"] == peer["mutants"] > 0 and ours["right_answers"] > 0
    assert (ours["kill_percent"], ours["acceptance_percent"]) == (100, 100)
    assert "kill rate" in tables and "math-verify" in tables


@pytest.mark.heavy
def test_sandbox_is_measured_beside_what_others_do():
    stdout, tables = benchmark("sandbox.py", "--quick", "--soak", 20, "--json")
    figures = json.loads(stdout)
    ways = {"python3 -I -S", "bubblewrap", "warm fork", "slot, namespaces", "slot, landlock"}
    assert figures["ways"].keys() == ways
    assert all(way["test_p50_ms"] > 0 for way in figures["ways"].values())
    assert figures["tests_per_second"] > 0
    assert figures["soak"]["runs"] == 20
    assert {"descriptors", "processes", "mounts"}.isdisjoint(figures["soak"]["left"])
    assert "bubblewrap" in tables and "left behind" in tables


@pytest.mark.heavy
def test_proofs_are_measured_beside_bare_lean():
    stdout, tables = benchmark("lean.py", "--lean", settings_file(), "--quick", "--json")
    figures = json.loads(stdout)
    assert figures["ways"].keys() == {"lean", "audited", "replayed", "replayed, new statement"}
    assert all(way["p50_ms"] > 0 for way in figures["ways"].values())
    assert figures["checks_per_second"] > 0 and figures["audit_ms"] > 0
    assert "of lean" in tables and "checks/s" in tables


class TestFigures:
    def test_interval_of_wilson(self):
        # Newcombe (1998), table I: 81 of 263, and 0 of 20.
        assert Share(81, 263).interval_percent == pytest.approx((25.53, 36.62), abs=0.01)
        assert Share(0, 20).interval_percent == pytest.approx((0, 16.11), abs=0.01)

    def test_percentile_is_a_value_that_was_measured(self):
        assert [percentile([3, 1, 2], percent) for percent in (1, 50, 67, 100)] == [1, 2, 3, 3]
