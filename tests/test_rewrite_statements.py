"""What proofs say about Lean statements, from the statement's text to conclusions, by real Lean."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from lean_toolchain import headers

from assayoffice.server.rewrites import statement_check
from assayoffice.server.rewrites.tried import Concluded, Tried
from assayoffice.v1 import rewrite_pb2
from assayoffice.verifiers.base import (
    Effort,
    InvalidTaskError,
    Submission,
    UnscorableReferenceError,
)
from assayoffice.verifiers.code.task import CodeExtraction
from assayoffice.verifiers.lean import Candidate, LeanTask, LeanVerifier, Trust, settings
from assayoffice.verifiers.lean.settings import LeanSettings, Replay
from assayoffice.verifiers.rewrites import statement_trials
from assayoffice.verifiers.rewrites.statements import Statement, statement_of
from assayoffice.verifiers.rewrites.trials import Part, Trial

PASSED = rewrite_pb2.CHECK_STATE_PASSED
FAILED = rewrite_pb2.CHECK_STATE_FAILED
UNDECIDED = rewrite_pb2.CHECK_STATE_UNDECIDED
NOT_APPLICABLE = rewrite_pb2.CHECK_STATE_NOT_APPLICABLE

COMMUTES = "(a b : Nat) : a + b = b + a"
BY_INDUCTION = """```lean4
by
  induction b with
  | zero => rw [Nat.add_zero, Nat.zero_add]
  | succ b ih => rw [Nat.add_succ, Nat.succ_add, ih]
```"""
ALL: frozenset[str] = frozenset()
CANARIES = frozenset(("trivial", "rfl", "decide", "simp", "omega"))
NEGATIONS = frozenset(("rfl", "negation, decide", "negation, counterexample, decide"))
CONTRADICTIONS = frozenset(("rfl", "negation, decide", "contradiction, core"))
PROOF = frozenset(("proof", "rfl"))
PARITY = "def Even (n : Nat) : Prop := n % 2 = 0\ndef Odd (n : Nat) : Prop := n % 2 = 1\n"


@pytest.fixture(scope="module")
def verifier() -> Iterator[LeanVerifier]:
    before = settings.configured()
    settings.configure(LeanSettings((replace(headers()["assay"], replay=Replay.KERNEL),)))
    try:
        made = LeanVerifier()
    finally:
        settings.configure(before)
    with closing(made):
        yield made


@pytest.fixture(scope="module")
def statement(verifier) -> Callable[..., Concluded]:
    """The check of a task and a reference proof, as the service makes it.

    With ``only``, of the trials that have these labels, since each is a run of Lean.
    """

    def check(text: str, proof: str = "", only: frozenset[str] = ALL, **fields: Any) -> Concluded:
        task = replace(LeanTask(text, cpu_seconds=20.0), **fields)
        trials = statement_trials.trials(task, proof, ())
        tried = [judged(verifier, task, each) for each in trials if not only or each.label in only]
        return statement_check.statement("lean", tried, bool(proof))

    return check


def judged(verifier: LeanVerifier, task: LeanTask, trial: Trial) -> Tried:
    said = (trial.part.value, trial.label, trial.text, trial.accepted)
    try:
        verdict = verifier.verify(Submission(trial.response, trial.task or task), Effort.FULL)
    except (UnscorableReferenceError, InvalidTaskError) as error:
        return Tried(*said, "ERROR", error.reason, str(error))
    return Tried(*said, verdict.outcome.value, verdict.reason, verdict.explanation)


def labels(concluded: Concluded) -> list[str]:
    return [each.label for each in concluded.check.evidence]


class TestCheck:
    def test_theorem_with_a_proof(self, statement):
        concluded = statement(COMMUTES, BY_INDUCTION)
        assert (concluded.check.name, concluded.check.state) == ("statement", PASSED)
        assert (concluded.check.reason, concluded.value) == ("PROVED", 1.0)
        assert concluded.check.figures["canaries"] == 5
        assert concluded.check.figures["negations"] == 8

    def test_proof_of_a_whole_file(self, statement):
        text = "(xs : List Nat) : xs.reverse.reverse = xs"
        lemma = "theorem first (xs : List Nat) : xs.reverse.reverse = xs := xs.reverse_reverse\n"
        concluded = statement(
            text,
            f"{lemma}theorem target {text} :=\n  first xs",
            PROOF,
            candidate=Candidate.FILE,
            extraction=CodeExtraction.WHOLE,
        )
        assert concluded.check.reason == "PROVED"

    @pytest.mark.heavy
    @pytest.mark.parametrize(
        ("text", "closed_by"),
        [
            ("(p : Prop) (h : p) : p", "trivial"),
            ("(a : Nat) : a * (1 + 0) = a * 1", "rfl"),
            (": 12 * 12 = 144 ∧ 12 < 13", "decide"),
            ("(a : Nat) : a + 0 = a", "simp"),
        ],
    )
    def test_what_takes_no_thought_is_trivial(self, statement, text, closed_by):
        concluded = statement(text, "```lean4\nby sorry\n```", CANARIES)
        assert (concluded.check.state, concluded.check.reason) == (FAILED, "TRIVIAL")
        assert closed_by in labels(concluded)
        assert concluded.value == 0.0

    @pytest.mark.heavy
    @pytest.mark.parametrize(
        "text",
        [
            ": 2 + 2 = 5",
            "(a b : Nat) : a + b = a",
            "(n : Nat) (h : n > 2) : n > 3",
            "(n : Nat) : n - 1 + 1 = n",
            "(p q : Prop) (h : p) : p ∧ q",
            "(f : Nat → Nat) (n : Nat) : f n = n",
            "(xs : List Nat) : xs ++ xs = xs",
            "{α : Type} [here : Inhabited α] (a b : α) : a = b",
            "[Inhabited Nat] {a : Nat} : a = 0",
            ": ∀ n : Nat, n > 2 → n < 5",
            "theorem named (a b : Nat) : a - b = b - a := by sorry",
        ],
    )
    def test_what_has_a_counterexample_is_false(self, statement, text):
        concluded = statement(text, only=NEGATIONS)
        assert (concluded.check.state, concluded.check.reason) == (FAILED, "FALSE")
        assert "negation" in concluded.check.explanation
        assert concluded.check.evidence[0].text.startswith(": ¬ (")
        assert not concluded.check.evidence[0].expected
        assert concluded.value == 0.0

    def test_false_by_its_context(self, statement):
        text = "(n : Nat) (h : Even n) : Odd n"
        concluded = statement(text, only=NEGATIONS, context=PARITY)
        assert concluded.check.reason == "FALSE"

    @pytest.mark.parametrize(
        "text",
        [
            "(n : Nat) (h : n < 3) (k : 5 < n) : n * n = n + n",
            "(n : Nat) (h : n < n) : n * n = n + n",
            "(n : Nat) (h : n < 0) : n * n = n + n",
            "(n : Nat) (h : n = 1) (k : n = 2) : n * n = n + n",
            "(p q : Prop) (h : p) (k : ¬p) : q ∧ p",
        ],
    )
    def test_hypotheses_that_contradict_each_other(self, statement, text):
        concluded = statement(text, only=CONTRADICTIONS)
        assert (concluded.check.state, concluded.check.reason) == (FAILED, "FALSE")
        assert "hypotheses contradict each other" in concluded.check.explanation
        assert labels(concluded) == ["contradiction, core"]
        assert concluded.check.evidence[0].text.endswith(": False")

    def test_falsehood_may_be_what_is_to_be_shown(self, statement):
        concluded = statement(
            "(n : Nat) (h : n < 3) (k : 5 < n) : False",
            "```lean4\nabsurd (Nat.lt_trans k h) (by decide)\n```",
        )
        assert concluded.check.reason == "PROVED"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("(a b : Nat) : a * b = b * c", "`c`"),
            ("(a b : Nat : a * b = b * a", "a `)` is missing"),
            ("(a b : Natural) : a * b = b * a", "Natural"),
            ("a * b = b * a", "lacks the `:`"),
            ("", "empty"),
        ],
    )
    @pytest.mark.parametrize("proof", ["```lean4\nNat.mul_comm a b\n```", ""])
    def test_with_a_typo_it_is_no_statement(self, statement, text, said, proof):
        concluded = statement(text, proof, PROOF)
        assert (concluded.check.state, concluded.check.reason) == (FAILED, "NOT_ELABORATED")
        assert concluded.value == 0.0
        if proof:
            assert said in concluded.check.explanation

    def test_proof_that_is_none(self, statement):
        concluded = statement(COMMUTES, "```lean4\nNat.add_assoc a b 0\n```", PROOF)
        assert (concluded.check.state, concluded.check.reason) == (FAILED, "PROOF_REJECTED")
        assert labels(concluded) == ["proof"]
        assert "mismatch" in concluded.check.explanation

    def test_without_a_proof(self, statement):
        concluded = statement(COMMUTES, only=NEGATIONS)
        assert (concluded.check.state, concluded.check.reason) == (UNDECIDED, "NO_PROOF")
        assert concluded.value == 0.5

    def test_other_verifiers_have_no_statement(self):
        concluded = statement_check.statement("code", [], has_proof=False)
        assert (concluded.check.state, concluded.value) == (NOT_APPLICABLE, 1.0)

    def test_negation_that_cannot_be_read_is_no_finding(self):
        """As with universes: what is wrong is ours."""
        tried = [
            Tried("SOLUTION", "proof", "", True, "CORRECT", "PROVED"),
            Tried("CANARY", "rfl", "", False, "INCORRECT", "ELABORATION_FAILED"),
            Tried("NEGATION", "negation, simp", "", False, "ERROR", "UNSCORABLE_REFERENCE", "no"),
        ]
        assert statement_check.statement("lean", tried, has_proof=True).check.reason == "PROVED"


class TestTrials:
    def test_of_the_row_are_judged_as_they_are(self):
        task = LeanTask(COMMUTES, trust=Trust.REPLAYED)
        proof, *others = statement_trials.trials(task, BY_INDUCTION, ("```lean4\nrfl\n```",))
        assert (proof.part, proof.task, proof.response) == (Part.SOLUTION, None, BY_INDUCTION)
        (wrong,) = (trial for trial in others if trial.part is Part.WRONG_ANSWER)
        assert (wrong.task, wrong.accepted) == (None, False)
        assert not any(trial.accepted for trial in others)

    def test_of_ours_keep_header_context_and_limits(self):
        task = LeanTask(COMMUTES, header="assay", context=PARITY, cpu_seconds=7.0)
        for trial in statement_trials.trials(task, "", ()):
            assert (trial.task.header, trial.task.context) == ("assay", PARITY)
            assert trial.task.cpu_seconds == 7.0
            assert trial.task.extraction is CodeExtraction.WHOLE

    @pytest.mark.parametrize(
        "text",
        [
            "(" * 100_000 + ")" * 100_000 + " : True",
            "(a : Nat) " * 20_000 + ": a = a",
            " ".join(f"(a{number} : Nat)" for number in range(50)) + " : a0 = a1",
            " ".join(f"(a{number} : Nat)" for number in range(12)) + " : a0 = a1",
            "(a : Nat) /- : a = a",
            '(a : ": a = a',
            ".{",
            ".{u : p",
            ":",
            ": : :",
            "[ : p",
            "[] : True",
            "\ud800 : p",
        ],
        ids=range(13),
    )
    def test_hostile_statements_make_no_trouble(self, text):
        trials = statement_trials.trials(LeanTask(text), "", ())
        assert len(trials) <= 13
        assert all(len(trial.response) < 64 << 10 for trial in trials)


class TestStatement:
    @pytest.mark.parametrize(
        ("signature", "parts"),
        [
            (": p → q", Statement("", "", (), "p → q")),
            (COMMUTES, Statement("", "(a b : Nat)", ("a", "b"), "a + b = b + a")),
            (
                ".{u, v} {α : Type u} ⦃x : α⦄ [Zero α] [i : Ring α] (h : x = x) y : ∃ z : α, y = z",
                Statement(
                    ".{u, v}",
                    "{α : Type u} ⦃x : α⦄ [Zero α] [i : Ring α] (h : x = x) y",
                    ("α", "x", "_", "i", "h", "y"),
                    "∃ z : α, y = z",
                ),
            ),
            (
                "(f : (n : Nat) → Fin (n + 1)) (s : { n : Nat // n > 0 }) (_ : True) : f 0 = 0",
                Statement(
                    "",
                    "(f : (n : Nat) → Fin (n + 1)) (s : { n : Nat // n > 0 }) (_ : True)",
                    ("f", "s", "_"),
                    "f 0 = 0",
                ),
            ),
        ],
    )
    def test_parts(self, signature, parts):
        assert statement_of(signature) == parts

    def test_without_a_colon(self):
        assert statement_of("(a : Nat)") is None

    def test_negation_is_of_all_of_it(self):
        found = statement_of(".{u} {α : Type u} (a b : α) : a = b")
        assert found is not None
        negated = " ".join(found.negation.split())
        assert negated == ".{u} : ¬ (∀ {α : Type u} (a b : α), a = b )"

    def test_contradiction_is_of_hypotheses(self):
        for signature, wanted in (
            ("(h : p) : q", "(h : p) : False"),
            (": q", None),
            ("(h : p) : False", None),
        ):
            found = statement_of(signature)
            assert found is not None and found.contradiction == wanted
