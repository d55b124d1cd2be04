"""What becomes of a row, given all that was found out."""

from collections.abc import Mapping
from dataclasses import dataclass

from assayoffice.rl.edge.band import Band, Dropped, Kept, Reason, decide
from assayoffice.rl.edge.references import NoPlurality, Reference
from assayoffice.rl.edge.result import Decided
from assayoffice.rl.judging.problems import JudgedProblem
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.results import ItemError

# What a judge says of the reference itself; everything else that has no verdict may yet get one.
_FAULTS = ("UNSCORABLE_REFERENCE", "INVALID_TASK")
_NO_REFERENCE = "it has no reference, and no stronger model is there to give one"


@dataclass(frozen=True, slots=True)
class Findings:
    """All that is known of problems, by id.

    ``faults`` say why problems cannot be judged. ``references`` are of the problems without one of
    their own, where ``has_stronger``. ``errors`` are of problems that have no judgement.
    """

    faults: Mapping[str, str]
    references: Mapping[str, Reference | NoPlurality | ItemError]
    judgements: Mapping[str, JudgedProblem]
    errors: Mapping[str, ItemError]
    has_stronger: bool

    def reference(self, problem: Problem) -> Reference | None:
        """The reference that a stronger model gave, None for a problem with one of its own."""
        found = self.references.get(problem.id)
        return found if isinstance(found, Reference) else None


def decision_on(row: Problem | ItemError, found: Findings, band: Band) -> Decided:
    """What becomes of a row. An ItemError is no reason to drop it: nothing is known about it."""
    if isinstance(row, ItemError):
        return Decided(row.id, "", Dropped(Reason.UNSCORABLE, row.message, None))
    return Decided(row.id, row.domain, _decision(row, found, band))


def _decision(problem: Problem, found: Findings, band: Band) -> Kept | Dropped | ItemError:
    if fault := found.faults.get(problem.id):
        return Dropped(Reason.UNSCORABLE, fault, None)
    if not problem.has_reference:
        if not found.has_stronger:
            return Dropped(Reason.UNSCORABLE, _NO_REFERENCE, None)
        match found.references[problem.id]:
            case NoPlurality(detail):
                return Dropped(Reason.INCONSISTENT, detail, None)
            case ItemError() as error:
                return _error(error)
            case Reference():
                pass
    if (error_or_none := found.errors.get(problem.id)) is not None:
        return _error(error_or_none)
    return decide(found.judgements[problem.id], band)


def _error(error: ItemError) -> Dropped | ItemError:
    if error.reason in _FAULTS:
        return Dropped(Reason.UNSCORABLE, f"{error.reason}: {error.message}", None)
    return error
