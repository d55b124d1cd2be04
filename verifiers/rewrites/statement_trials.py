"""Trials of a Lean statement: its proof, and proofs that must not work.

A statement that a single tactic proves teaches nothing but the tactic; one whose negation can be
proved has no proof; and one whose hypotheses contradict each other is true of nothing. None of this
can be found out in general. What is tried is what goes wrong when statements are made by machines:
a forgotten hypothesis leaves small counterexamples, a mistyped one contradicts another.

The proofs are made for headers with Mathlib and for those without any library: a tactic that Lean
does not know fails like any other, so what some header may lack has a trial of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations

from assayoffice.verifiers.code.task import CodeExtraction
from assayoffice.verifiers.lean.task import Candidate, LeanTask, Trust
from assayoffice.verifiers.lean.text import assemble
from assayoffice.verifiers.rewrites.statements import Statement, statement_of
from assayoffice.verifiers.rewrites.trials import Part, Trial

#: Of a statement that is longer nothing is tried but its proof: it would be read a dozen times.
_MOST_CHARACTERS = 20_000
_MOST_CPU_SECONDS = 30.0
_MOST_ARGUMENTS, _MOST_MORE_ARGUMENTS = 12, 8
_MOST_HYPOTHESES = 5

_CANARIES = {
    "trivial": "by intros; first | trivial | assumption",
    "rfl": "by intros; rfl",
    "decide": "by decide",
    "simp": "by simp",
    "omega": "by omega",
}
# Behind a tactic that may leave goals stands `fail` and not `done`, which no `first` recovers from;
# nor does it from what fails half-way in its last alternative, which therefore does nothing.
#: What proves a claim about numbers that are given, by the library that is needed for it.
_CLOSERS = {
    "decide": ("decide", "exact rfl", "(intro k; cases k <;> fail)", "(simp <;> fail)"),
    "omega": ("omega",),
    "norm_num": ("(norm_num <;> fail)", "positivity"),
}
#: Tried one after the other, for all arguments: numbers, or what has a number's place.
_VALUES = (0, 1, 2, 3, 5, 10)
_OF_TWO = (
    "exact absurd {0} {1}",
    "exact Nat.lt_asymm {0} {1}",
    "exact Nat.lt_irrefl _ (Nat.lt_of_lt_of_le {0} {1})",
    "exact absurd (Nat.lt_trans {0} {1}) (by decide)",
    "(subst {0}; exact absurd {1} (by decide))",
)
_OF_ONE = (
    "exact absurd {0} (by decide)",
    "exact Nat.lt_irrefl _ {0}",
    "(cases {0} <;> fail)",
    "(subst {0}; contradiction)",
)


def trials(task: LeanTask, reference_solution: str, wrong_answers: tuple[str, ...]) -> list[Trial]:
    """The trials of a task; without a reference solution, of the statement and wrong proofs alone.

    Where no theorem can be made of the task's statement, or it is very long, it has none of its
    own.
    """
    made = [
        Trial(Part.WRONG_ANSWER, f"wrong answer {number}", answer, answer, accepted=False)
        for number, answer in enumerate(wrong_answers, 1)
    ]
    if reference_solution:
        proof = Trial(Part.SOLUTION, "proof", reference_solution, reference_solution, True)
        made.insert(0, proof)
    return [*made, *_of_statement(task)]


def _of_statement(task: LeanTask) -> Iterator[Trial]:
    if len(task.statement) > _MOST_CHARACTERS:
        return
    try:
        task = _bare(assemble.normalized(task))
    except assemble.StatementError:
        return
    for label, proof in _CANARIES.items():
        yield Trial(Part.CANARY, label, proof, proof, accepted=False, task=task)
    statement = statement_of(task.statement)
    if statement is None:
        return
    for label, proof in _against(statement):
        yield _of_another(task, statement.negation, f"negation, {label}", proof)
    if statement.contradiction is not None:
        for label, proof in _from_hypotheses(statement):
            yield _of_another(task, statement.contradiction, f"contradiction, {label}", proof)


def _bare(task: LeanTask) -> LeanTask:
    """The task for proofs of ours, which are short and need no replay to be believed."""
    return replace(
        task,
        candidate=Candidate.BODY,
        trust=Trust.AUDITED,
        extraction=CodeExtraction.WHOLE,
        reasoning_end="",
        cpu_seconds=min(task.cpu_seconds, _MOST_CPU_SECONDS),
    )


def _of_another(task: LeanTask, statement: str, label: str, proof: str) -> Trial:
    changed = replace(task, statement=statement)
    return Trial(Part.NEGATION, label, statement, proof, accepted=False, task=changed)


def _against(statement: Statement) -> Iterator[tuple[str, str]]:
    """Proofs of the negation: from outside, and by counterexamples."""
    yield "decide", "by first | decide | (intro h; cases h <;> fail) | fail"
    yield "simp", "by simp"
    if len(statement.names) > _MOST_ARGUMENTS:
        return
    for label, closers in _CLOSERS.items():
        tried = " | ".join(_counterexamples(statement, closers))
        yield f"counterexample, {label}", f"by intro h; first | {tried}"


def _counterexamples(statement: Statement, closers: Sequence[str]) -> Iterator[str]:
    bound = len(statement.names)
    close = f"(by first | {' | '.join(closers)} | fail)"
    # The conclusion may begin with quantifiers and hypotheses of its own.
    for count in (bound, *range(bound + 1, min(bound + 2, _MOST_MORE_ARGUMENTS) + 1)):
        for values in _choices(count):
            arguments = " ".join(_argument(value, closers) for value in values)
            yield f"exact absurd (@h {arguments}) {close}"


def _choices(count: int) -> list[tuple[int, ...]]:
    """Small numbers for so many arguments: equal ones, rising, falling."""
    equal = [(value,) * count for value in _VALUES]
    rising = tuple(range(count))
    others = [rising, tuple(reversed(rising)), tuple(value + 1 for value in rising)]
    return list(dict.fromkeys([*equal, *others]))


def _argument(value: int, closers: Sequence[str]) -> str:
    """A term for an argument of whatever type, or a proof if it is a hypothesis."""
    truth, boolean, row = ("True", "true", f"[{value}]") if value % 2 else ("False", "false", "[]")
    terms = (str(value), truth, boolean, "Nat", "inferInstance", f"fun _ => {value}", row)
    tried = [*(f"exact {term}" for term in terms), *closers, "exact default"]
    return f"(by first | {' | '.join(tried)})"


def _from_hypotheses(statement: Statement) -> Iterator[tuple[str, str]]:
    """Proofs of falsehood from what a statement supposes."""
    names = [name for name in statement.names if name != "_"][-_MOST_HYPOTHESES:]
    of_one = [form.format(name) for name in names for form in _OF_ONE]
    of_two = [form.format(*pair) for pair in permutations(names, 2) for form in _OF_TWO]
    yield (
        "core",
        f"by first | {' | '.join(['contradiction', *of_one, *of_two])} | (simp_all <;> fail)",
    )
    yield "omega", "by omega"
    yield "linarith", "by first | linarith | nlinarith | (norm_num at * <;> fail)"
