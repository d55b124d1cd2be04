"""Policies: what a TOML file may say, and which rows one admits."""

import dataclasses
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assayoffice.rl.results import Hallmark, ItemError
from assayoffice.rl.rewrites.cli import app
from assayoffice.rl.rewrites.gates import failed
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.policy import (
    CHECKS,
    SET_CHECKS,
    STRICT,
    Gate,
    Policy,
    PolicyError,
    SetPolicy,
    read_policy,
)
from assayoffice.rl.rewrites.reports import Check, CheckState, Report
from assayoffice.rl.rewrites.rewrite import Thresholds
from assayoffice.rl.rewrites.rows import RewriteRow, row_of
from assayoffice.rl.stamps import Stamp

DIGEST = "ab" * 32
STATES = {each.name: each for each in CheckState}


def policy_of(folder: Path, text: str) -> Policy:
    file = folder / "policy.toml"
    file.write_text(text)
    return read_policy(file)


def row(kind: str = "paraphrase", verifier: str = "numeric") -> RewriteRow:
    content = {
        "id": "a",
        "kind": kind,
        "problem": "How long?",
        "verifier": verifier,
        "reference": "13",
        "original": {"id": "o"},
        "provenance": {"source": "synthetic"},
    }
    return row_of(content, "rows.jsonl", 1)


def report(score: float = 1.0, **states: str) -> Report:
    usual = dict.fromkeys(CHECKS, "NOT_APPLICABLE")
    usual |= dict.fromkeys(("round_trip", "discrimination", "leak", "wording"), "PASSED")
    checks = [
        Check(name, STATES[state], explanation=f"of {name}")
        for name, state in (usual | states).items()
    ]
    hallmark = Hallmark("numeric", "1", DIGEST)
    return Report("a", tuple(checks), score, 4, hallmark, Stamp(DIGEST, DIGEST))


class TestStrict:
    def test_what_it_writes_is_what_is_left_out(self, tmp_path):
        """The file documents the defaults, so it must not differ from them."""
        strict, empty = read_policy(), policy_of(tmp_path, "")
        assert dataclasses.replace(strict, requirements=(), sets=empty.sets) == empty
        shares = dataclasses.replace(strict.sets, shares={})
        assert shares == empty.sets == SetPolicy()

    def test_every_gate_is_written(self):
        text = STRICT.read_text()
        assert all(re.search(rf"^{name} = ", text, re.MULTILINE) for name in CHECKS)
        assert all(name in text for name in SET_CHECKS)

    def test_printed_policy_reads_as_the_default(self, tmp_path):
        printed = CliRunner().invoke(app, ["policy"])
        assert policy_of(tmp_path, printed.stdout) == read_policy()

    @pytest.mark.parametrize("name", CHECKS)
    @pytest.mark.parametrize("state", ["FAILED", "UNDECIDED"])
    def test_no_check_may_fail_or_stay_undecided(self, name, state):
        assert name in failed(read_policy(), row(), report(**{name: state}))

    def test_row_that_passes_is_admitted(self):
        assert failed(read_policy(), row(), report()) == ()

    @pytest.mark.parametrize(
        ("kind", "verifier", "asked"),
        [
            ("paraphrase", "numeric", ("round_trip", "discrimination")),
            ("variation", "choice", ("round_trip", "discrimination")),
            ("paraphrase", "code", ("tests",)),
            ("variation", "lean", ("statement",)),
            (
                "proof_to_numeric",
                "numeric",
                ("round_trip", "discrimination", "premises|key|solutions"),
            ),
            ("code_to_puzzle", "numeric", ("round_trip", "discrimination", "key")),
            ("paraphrase", "my_own", ()),
        ],
    )
    def test_what_must_have_been_checked(self, kind, verifier, asked):
        nothing = report(**dict.fromkeys(CHECKS, "NOT_APPLICABLE"))
        assert failed(read_policy(), row(kind, verifier), nothing) == asked

    @pytest.mark.parametrize("name", ["premises", "key", "solutions"])
    def test_one_of_several_is_enough(self, name):
        found = report(**{name: "PASSED"})
        assert failed(read_policy(), row("proof_to_numeric"), found) == ()

    def test_error_is_no_finding(self):
        import grpc

        error = ItemError("a", grpc.StatusCode.UNAVAILABLE, "WORKER_DIED", "gone")
        assert failed(read_policy(), row(), error) == ()
        assert not RowOutcome(row(), "rows.jsonl", 1, "a", error).admitted


class TestGates:
    @pytest.mark.parametrize(
        ("gate", "keeps_out"),
        [
            ("required", {"FAILED", "UNDECIDED", "NOT_APPLICABLE"}),
            ("applicable", {"FAILED", "UNDECIDED"}),
            ("report", set()),
        ],
    )
    def test_meaning(self, tmp_path, gate, keeps_out):
        policy = policy_of(tmp_path, f'[gates]\nsolutions = "{gate}"')
        found = {state for state in STATES if failed(policy, row(), report(solutions=state)) != ()}
        assert found == keeps_out

    def test_required_check_that_the_service_does_not_have_keeps_out(self, tmp_path):
        policy = policy_of(tmp_path, '[gates]\nsolutions = "required"')
        whole = report(solutions="PASSED")
        without = dataclasses.replace(
            whole, checks=tuple(each for each in whole.checks if each.name != "solutions")
        )
        assert failed(policy, row(), whole) == ()
        assert failed(policy, row(), without) == ("solutions",)

    def test_check_that_the_policy_does_not_know_keeps_out_if_it_fails(self):
        newer = Check("novelty", CheckState.FAILED)
        found = dataclasses.replace(report(), checks=(*report().checks, newer))
        assert failed(read_policy(), row(), found) == ("novelty",)

    def test_score(self, tmp_path):
        policy = policy_of(tmp_path, "minimum_score = 0.9")
        assert failed(policy, row(), report(score=0.9)) == ()
        assert failed(policy, row(), report(score=0.89)) == ("score",)

    def test_findings_say_what_to_do(self):
        kept = report(score=0.5, leak="FAILED")
        names = ("leak", "key", "premises|key|solutions", "score")
        found = RowOutcome(row(), "rows.jsonl", 1, "a", kept, names).findings()
        assert [each.check for each in found] == list(names)
        assert found[0].explanation == "of leak"
        assert "the policy asks for the check key" in found[1].explanation
        assert "one of the checks premises, key, solutions" in found[2].explanation
        assert "0.5 is below the policy's minimum" in found[3].explanation


class TestReading:
    def test_everything_can_be_set(self, tmp_path):
        policy = policy_of(
            tmp_path,
            """
            minimum_score = 0.5
            [gates]
            leak = "report"
            [require.puzzles]
            kind = "code_to_puzzle"
            one_of = ["key", "tests"]
            [thresholds]
            kill_rate = 0.95
            agreement = 1
            [sets]
            near_duplicate_similarity = 0.7
            decontaminate = ["held-out.jsonl"]
            decontaminate_column = "question"
            ngram_words = 5
            [sets.gates]
            balance = "report"
            [sets.shares.real]
            "*" = [0.1, 1]
            algebra = [0.2, 0.9]
            """,
        )
        assert policy.minimum_score == 0.5
        assert policy.gates["leak"] is Gate.REPORT and policy.gates["key"] is Gate.APPLICABLE
        (requirement,) = policy.requirements
        assert (requirement.kind, requirement.verifier) == ("code_to_puzzle", None)
        assert requirement.one_of == ("key", "tests")
        assert policy.thresholds == Thresholds(0.95, 1.0, 0.8, 1.0)
        assert policy.sets.decontaminate == (str(tmp_path / "held-out.jsonl"),)
        assert (policy.sets.ngram_words, policy.sets.short_ngram_words) == (5, 5)
        assert policy.sets.gates == {"balance": "report"}
        assert policy.sets.shares == {"real": {"*": (0.1, 1.0), "algebra": (0.2, 0.9)}}

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("minimum_scor = 1", "minimum_scor: there is no such key; did you mean"),
            ("minimum_score = 2", "minimum_score: must be a share in [0, 1], not 2"),
            ("minimum_score = nan", "minimum_score: must be finite"),
            ("minimum_score = true", "minimum_score: must be a number"),
            ('[gates]\nroundtrip = "report"', "gates.roundtrip: there is no such key; did you me"),
            ('[gates]\nleak = "off"', "gates.leak: 'off' is not known; there are required, appl"),
            ('[gates]\nleak = "reported"', "did you mean 'report'?"),
            ("gates = 1", "gates: must be a table, not the number 1"),
            ("[require]\nx = 1", "require.x: must be a table"),
            ('[require.x]\nkind = "puzzle"', "require.x.kind: 'puzzle' is not known"),
            ('[require.x]\nchecks = ["keys"]', "require.x.checks: 'keys' is not known; did you m"),
            ('[require.x]\ncheck = ["key"]', "require.x.check: there is no such key; did you mea"),
            ("[thresholds]\nkill_rate = -0.1", "thresholds.kill_rate: must be at least 0"),
            ("[thresholds]\nkillrate = 1", "thresholds.killrate: there is no such key; did you"),
            ("[sets]\nshingle_words = 11", "sets.shingle_words: must be at most 10, not 11"),
            ("[sets]\nnear_duplicate_similarity = 0.1", "must be at least 0.3, not 0.1"),
            ("[sets]\nngram_words = 5\nshort_ngram_words = 6", "must be at most 5, not 6"),
            ("[sets]\nmin_rows_for_shares = 0", "must be at least 1, not 0"),
            ('[sets.gates]\nduplicate = "report"', "sets.gates.duplicate: there is no such key"),
            ('[sets.gates]\nbalance = "applicable"', "sets.gates.balance: 'applicable' is not"),
            ("[sets.shares.real]\nx = [0.9, 0.1]", "sets.shares.real.x: must be the smallest and"),
            ("[sets.shares.real]\nx = [0, 1, 1]", "sets.shares.real.x: must be the smallest"),
            ("[sets.shares.real]\nx = 0.5", "sets.shares.real.x: must be the smallest"),
            ("[sets.shares.kinds]\nx = [0, 1]", "sets.shares.kinds: there is no such key; did"),
            ("[gates", "not TOML"),
        ],
    )
    def test_mistakes_are_named(self, tmp_path, text, says):
        with pytest.raises(PolicyError) as raised:
            policy_of(tmp_path, text)
        assert str(raised.value).startswith(f"{tmp_path / 'policy.toml'}: ")
        assert says in str(raised.value)

    def test_file_that_is_not_utf8(self, tmp_path):
        (tmp_path / "policy.toml").write_bytes(b"# \xff")
        with pytest.raises(PolicyError, match="byte 2 is not UTF-8"):
            read_policy(tmp_path / "policy.toml")
