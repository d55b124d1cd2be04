"""How a rewrite is checked: what is asked of workers, in which order, and what is made of it."""

from typing import Final

from assayoffice.server.catalog import Entry
from assayoffice.server.jobs import Subject
from assayoffice.server.rewrites import (
    agreement,
    concluding,
    premises_check,
    program_checks,
    replies,
    statement_check,
)
from assayoffice.server.rewrites.digests import Digests
from assayoffice.server.rewrites.discrimination import discrimination
from assayoffice.server.rewrites.errands import Errands, Opinion
from assayoffice.server.rewrites.report import report
from assayoffice.server.rewrites.responses import Response
from assayoffice.server.rewrites.round_trip import round_trip
from assayoffice.server.rewrites.thresholds import Thresholds
from assayoffice.server.rewrites.tried import Concluded, Tried
from assayoffice.server.rewrites.tries import Tries, together
from assayoffice.server.work import LimitExceeded
from assayoffice.v1 import rewrite_pb2

#: Verifiers that judge a whole response by what it does, and not an answer by a reference.
WITHOUT_ANSWERS: Final = frozenset({"code", "lean"})


class Checking:
    """Checks one rewrite, which is well-formed, for the verifier that is to judge it."""

    def __init__(
        self,
        rewrite: rewrite_pb2.Rewrite,
        entry: Entry,
        digests: Digests,
        errands: Errands,
        thresholds: Thresholds,
    ) -> None:
        self._rewrite = rewrite
        self._entry = entry
        self._digests = digests
        self._errands = errands
        self._thresholds = thresholds
        self._tries = Tries(rewrite, entry, errands)

    async def report(self) -> rewrite_pb2.RewriteReport:
        """The report. Raises Trouble."""
        try:
            return report(await self._found(), self._entry, self._rewrite.submission)
        except (ValueError, IndexError) as error:  # a worker speaks of what is not there
            raise self._errands.defect(f"a worker's answer makes no sense: {error}") from None

    async def _found(self) -> list[Concluded]:
        examined = await self._examined()
        if isinstance(examined, LimitExceeded):
            parts = [self._beyond(examined), *await together([self._premises(), self._key()])]
        else:
            parts = await together(
                [self._trials(examined), self._solutions(examined), self._premises(), self._key()]
            )
            parts.append([concluding.established(each) for each in examined.checks])
        return [each for part in parts for each in part]

    async def _examined(self) -> replies.Examined | LimitExceeded:
        stripped = rewrite_pb2.Rewrite()
        stripped.CopyFrom(self._rewrite)
        for field in ("premises", "key"):  # so that a change of these is no other examination
            stripped.ClearField(field)
        written = stripped.SerializeToString(deterministic=True)
        digest = self._digests.examination
        return await self._errands.ask(Subject.EXAMINE, digest, written, replies.EXAMINED)

    async def _trials(self, examined: replies.Examined) -> list[Concluded]:
        fault = examined.fault
        tried = list(examined.judged)
        for each, change in await self._tries.trials(examined.waiting):
            tried.append(each)
            if each.outcome == "ERROR" and change is None and fault is None:
                fault = replies.Fault(each.reason, each.explanation)
        if examined.fault is not None:
            tried.append(_unjudgeable(examined.fault))
        name, asked = self._entry.name, self._thresholds
        has_solution = bool(self._rewrite.reference_solution)
        told_apart = discrimination(
            name, fault, tried, kill_rate=asked.kill_rate, acceptance_rate=asked.acceptance_rate
        )
        return [
            round_trip(fault, tried),
            told_apart,
            program_checks.tests(name, tried, has_solution, asked.mutation_score),
            statement_check.statement(name, tried, has_solution),
        ]

    async def _solutions(self, examined: replies.Examined) -> list[Concluded]:
        if examined.fault is not None and self._rewrite.solutions:
            said = "No solution can be judged by this task."
            return [concluding.undecided("solutions", "NO_TRIALS", said)]
        classes, silent = await self._tries.classes(examined.compared)
        check = agreement.solutions(
            classes,
            silent,
            agreement=self._thresholds.agreement,
            one_answer=examined.compared.by_answer,
        )
        return [check]

    async def _premises(self) -> list[Concluded]:
        if not self._rewrite.HasField("premises"):
            return []
        written = self._rewrite.premises.SerializeToString(deterministic=True)
        decided = await self._errands.ask(
            Subject.PREMISES, self._digests.checks, written, replies.DECIDED
        )
        if isinstance(decided, LimitExceeded):
            said = (
                f"What the premises say could not be found out: {decided.explanation}. State them "
                "with fewer unknowns, or simpler."
            )
            return [concluding.undecided("premises", "LIMIT", said)]
        opinion = None
        if decided.answer and self._entry.name in ("numeric", "choice"):
            opinion = await self._stated(decided.answer)
        return [premises_check.premises(decided, opinion)]

    async def _key(self) -> list[Concluded]:
        if not self._rewrite.HasField("key") or self._entry.name in WITHOUT_ANSWERS:
            return []
        written = self._rewrite.key.SerializeToString(deterministic=True)
        ran = await self._errands.ask(Subject.KEY, self._digests.key, written, replies.KEY_RAN)
        if isinstance(ran, LimitExceeded):
            known = program_checks.KeyRan("LIMIT", "", ran.explanation)
        elif ran.status != "OK":
            known = program_checks.KeyRan(ran.status, ran.output, ran.detail)
        else:
            opinion = await self._stated(ran.output)
            tried = Tried(
                "KEY",
                "output",
                ran.output,
                True,
                opinion.outcome,
                opinion.reason,
                opinion.explanation,
            )
            known = program_checks.KeyRan(ran.status, ran.output, ran.detail, tried)
        return [program_checks.key(known)]

    async def _stated(self, answer: str) -> Opinion:
        bare = Response(self._rewrite.submission, answer, bare=True)
        return await self._errands.judge(self._entry, bare)

    def _beyond(self, limit: LimitExceeded) -> list[Concluded]:
        names = ["round_trip", "discrimination", "leak", "wording"]
        names += ["solutions"] if self._rewrite.solutions else []
        names += {"code": ["tests"], "lean": ["statement"]}.get(self._entry.name, [])
        said = (
            f"The rewrite could not be examined: {limit.explanation}. Shorten what is long in it."
        )
        return [concluding.undecided(name, "LIMIT", said) for name in names]


def _unjudgeable(fault: replies.Fault) -> Tried:
    """The trial of a reference solution by a task that is none."""
    return Tried("SOLUTION", "reference", "", True, "ERROR", fault.reason, fault.message)
