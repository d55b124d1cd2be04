"""Findings that are given again to equal work."""

from collections import OrderedDict

from assayoffice.server.work import Judged, LimitExceeded

# What an entry takes besides the text it holds: objects, key, its place in the table.
_ENTRY_BYTES = 512

Cacheable = Judged | LimitExceeded


class FindingCache:
    """The findings asked for last, up to a number of bytes.

    That a submission burnt its allowance is kept, too. CPU time is counted, not wall time, so it is
    a fact about the submission; and a bomb that is repeated should cost its seconds once.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._findings: OrderedDict[bytes, Cacheable] = OrderedDict()

    def get(self, key: bytes) -> Cacheable | None:
        """The finding for equal work, marked as cached."""
        finding = self._findings.get(key)
        if finding is not None:
            self._findings.move_to_end(key)
        return finding

    def put(self, key: bytes, finding: Cacheable) -> Cacheable:
        """Keep a finding in place of those not asked for the longest; return it as it is given."""
        again = _cached(finding)
        replaced = self._findings.pop(key, None)
        if replaced is not None:
            self._bytes -= _size(replaced)
        self._findings[key] = again
        self._bytes += _size(again)
        while self._bytes > self._max_bytes:
            _, evicted = self._findings.popitem(last=False)
            self._bytes -= _size(evicted)
        return again


def _cached(finding: Cacheable) -> Cacheable:
    match finding:
        case Judged(reply=reply, cpu_seconds=cpu_seconds):
            return Judged(reply, cpu_seconds, 0.0, cached=True)
        case LimitExceeded(reason=reason, explanation=explanation, cpu_seconds=cpu_seconds):
            return LimitExceeded(reason, explanation, cpu_seconds, 0.0, cached=True)


def _size(finding: Cacheable) -> int:
    text = finding.reply if isinstance(finding, Judged) else finding.explanation
    return _ENTRY_BYTES + len(text)
