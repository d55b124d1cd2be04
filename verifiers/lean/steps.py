"""What is known about a candidate after each step, and the verdict that follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from assayoffice.verifiers.base import Check, Outcome, Verdict

#: How far a candidate was checked, weakest first. Only the last two can be CORRECT.
ELABORATED, AUDITED, REPLAYED = "elaborated", "audited", "replayed"

_LIMITS = {
    "CPU_TIME": "takes more CPU time than it may",
    "WALL_TIME": "waits for something that never comes",
    "MEMORY": "takes more memory than it may",
    "OUTPUT": "says more, or makes a larger module, than it may",
    "STACK": "runs out of stack",
    "AUDIT_SIZE": "is too large to be compared with the statement",
}


@dataclass(slots=True)
class Steps:
    """The steps so far. ``method`` is what runs Lean, ``candidate`` the text that is judged."""

    method: str
    candidate: str
    trust: str = ""
    checks: list[Check] = field(default_factory=list)

    def passed(self, step: str, trust: str = "", detail: str = "") -> None:
        """Note a step that found nothing against the candidate, and how far it has come by it."""
        self.checks.append(Check(step, True, detail))
        self.trust = trust or self.trust

    def audited(self, checks: Sequence[Check]) -> None:
        """Note the steps of the audit, all of which it has passed."""
        self.checks += checks
        self.trust = AUDITED

    def rejected(self, step: str, reason: str, why: str) -> Verdict:
        """The candidate proves nothing, or something else."""
        self.checks.append(Check(step, False, why))
        return self._verdict(Outcome.INCORRECT, 0.0, reason, why)

    def refused(self, reason: str, why: str, checks: Sequence[Check]) -> Verdict:
        """The audit has found something; the last of its ``checks`` says so."""
        self.checks += checks
        return self._verdict(Outcome.INCORRECT, 0.0, reason, why)

    def over(self, step: str, limit: str) -> Verdict:
        """The candidate has used up its allowance."""
        why = f"The candidate {_LIMITS[limit]}."
        self.checks.append(Check(step, False, why))
        return self._verdict(Outcome.LIMIT_EXCEEDED, 0.0, limit, why)

    def proved(self, lean: str, axioms: Sequence[str]) -> Verdict:
        """The candidate proves the statement."""
        if self.trust not in (AUDITED, REPLAYED):
            raise AssertionError("a candidate that was not audited cannot be correct")
        rests = f"; it rests on {', '.join(axioms)}" if axioms else ""
        why = f"Lean {lean} accepts the proof, which was {self.trust}{rests}."
        return self._verdict(Outcome.CORRECT, 1.0, "PROVED", why)

    def _verdict(self, outcome: Outcome, score: float, reason: str, why: str) -> Verdict:
        return Verdict(
            outcome,
            score,
            reason,
            why,
            extracted=self.candidate,
            method=self.method,
            integrity=self.trust,
            checks=tuple(self.checks),
        )
