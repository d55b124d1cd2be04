"""What runs of a playbook measured, as gate and matrix read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assayoffice.rl.playbook.differences import Shares
from assayoffice.rl.statistics.intervals import Estimate, Tally, accuracy
from assayoffice.rl.training import evaluation
from assayoffice.rl.training.folder import RunFolder


@dataclass(frozen=True, slots=True)
class Measured:
    """A model on the held-out problems of some domains: tallies by problem, by domain."""

    domains: Mapping[str, Mapping[str, Tally]]

    def shares(self, domain: str) -> Shares:
        """The share of right samples of each problem of a domain; empty where it was not asked."""
        return {name: each.share for name, each in self.domains.get(domain, {}).items()}

    def accuracy(self, domain: str) -> Estimate | None:
        """Accuracy with its 95 % interval over problems, None where nothing was judged."""
        tallies = list(self.domains.get(domain, {}).values())
        return accuracy(tallies) if tallies else None


def measured(run: RunFolder, moment: str) -> Measured:
    """What an evaluation of a run found. Problems without a verdict are left out."""
    domains: dict[str, dict[str, Tally]] = {}
    for each in evaluation.read(run.evaluation(moment)).results:
        if each.samples.judged:
            domains.setdefault(each.domain, {})[each.problem] = each.samples
    return Measured(domains)


def accuracies_as_json(found: Measured, domains: Sequence[str]) -> dict[str, object]:
    """Accuracy by domain, in shares; null where nothing was judged."""
    return {
        domain: {
            "problems": len(found.domains.get(domain, {})),
            "accuracy": estimate_as_json(found.accuracy(domain)),
        }
        for domain in domains
    }


def estimate_as_json(estimate: Estimate | None) -> dict[str, float] | None:
    """An estimate as an object."""
    if estimate is None:
        return None
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}
