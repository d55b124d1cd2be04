"""The two files of a run, of what was admitted and of what was rejected, and what they know."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assayoffice.rl.rewrites.propose.journal import Journal, JournalError
from assayoffice.rl.rewrites.propose.proposing import Fate, Proposal, Request
from assayoffice.rl.rewrites.rows import row_of
from assayoffice.rl.sources import UnusableRow

if TYPE_CHECKING:
    from assayoffice.rl.rewrites.propose.known import KnownProblems


@dataclass(frozen=True, slots=True)
class Journals:
    """Where proposals go."""

    admitted: Journal
    rejected: Journal | None

    def have(self, request: Request) -> bool:
        """Whether an earlier run has finished it."""
        source = request.source
        return self.admitted.has(source) or (
            self.rejected is not None and self.rejected.has(source)
        )

    def keep(self, proposal: Proposal) -> None:
        """Write what is finished."""
        if proposal.fate is Fate.ADMITTED:
            self.admitted.write(proposal.content)
        elif proposal.fate is Fate.REJECTED and self.rejected is not None:
            self.rejected.write(proposal.content)

    def recall(self, known: "KnownProblems") -> None:
        """Add the rows of earlier runs to what is known. Raises JournalError."""
        for number, content in enumerate(self.admitted.contents, start=1):
            try:
                known.add(row_of(content, "output", number))
            except UnusableRow as error:
                raise JournalError(f"--output row {number}: {error}") from None

    def cut(self) -> Iterator[str]:
        """What was cut off of lines that an earlier run had not finished."""
        for each in (self.admitted, self.rejected):
            if each is not None and each.cut_bytes:
                yield f"cut an unfinished line of {each.cut_bytes} bytes off the end"
