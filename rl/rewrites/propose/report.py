"""What came of proposals, counted, for terminals and as JSON."""

import json
from collections import Counter
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from assayoffice.rl.rewrites.propose.proposing import Fate, Proposal
from assayoffice.rl.terminal import counted, one_line

_SHOWN_TROUBLES = 5


class ProposalTally:
    """Counts proposals by prompt and by why they were rejected."""

    def __init__(self, finished: int) -> None:
        """``finished`` proposals are there from earlier runs."""
        self.fates: Counter[Fate] = Counter()
        self.finished = finished
        self._by_prompt: dict[str, Counter[Fate]] = {}
        self._reasons: Counter[tuple[str, str]] = Counter()
        self._troubles: list[str] = []

    def add(self, proposal: Proposal) -> None:
        """Count a proposal."""
        prompt, fate = proposal.source.prompt, proposal.fate
        self.fates[fate] += 1
        self._by_prompt.setdefault(prompt, Counter())[fate] += 1
        if fate is Fate.REJECTED:
            self._reasons[prompt, proposal.reason] += 1
        if fate is Fate.TROUBLE and len(self._troubles) < _SHOWN_TROUBLES:
            self._troubles.append(f"{proposal.source.id}: {proposal.message}")

    def as_json(self) -> str:
        """All counts as a line of JSON."""
        reasons: dict[str, dict[str, int]] = {}
        for (prompt, reason), count in sorted(self._reasons.items()):
            reasons.setdefault(prompt, {})[reason] = count
        counts = {
            "finished_before": self.finished,
            **{fate.value: self.fates[fate] for fate in Fate},
            "rejected_for": reasons,
        }
        return json.dumps({"summary": counts})

    def table(self, seconds: float) -> RenderableType:
        """All counts for people."""
        table = Table("prompt", *(fate.value for fate in Fate), "rejected for")
        for prompt, fates in self._by_prompt.items():
            reasons = [
                (count, reason) for (of, reason), count in self._reasons.items() if of == prompt
            ]
            shown = ", ".join(f"{reason} {count:,}" for count, reason in sorted(reasons)[::-1])
            table.add_row(prompt, *(f"{fates[fate]:,}" for fate in Fate), one_line(shown))
        lines: list[RenderableType] = [table] if self._by_prompt else []
        lines += [Text.assemble("trouble: ", one_line(each)) for each in self._troubles]
        lines.append(Text(self._summary(seconds)))
        return Group(*lines)

    def _summary(self, seconds: float) -> str:
        admitted, total = self.fates[Fate.ADMITTED], self.fates.total()
        said = f"{admitted:,} of {counted(total, 'proposal')} admitted in {seconds:.1f} s"
        if self.finished:
            said += f"; {self.finished:,} were finished before"
        return said


def proposal_as_json(proposal: Proposal) -> str:
    """What became of a proposal, as a line of JSON."""
    source = proposal.source
    return json.dumps(
        {
            "id": source.id,
            "parent": source.parent,
            "prompt": source.prompt,
            "index": source.index,
            "fate": proposal.fate.value,
            "reason": proposal.reason,
            "message": proposal.message,
        }
    )


def reasons_of(refused: Iterable[tuple[str, int]]) -> str:
    """Why parents were left out, e.g. ``premises 3, key 1``."""
    return ", ".join(f"{check} {count:,}" for check, count in refused)
