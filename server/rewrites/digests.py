"""Which digest says what checks a rewrite; a worker and the service must come to the same."""

import hashlib
from dataclasses import dataclass
from typing import Final

#: The verifier that has what runs programs, and so executable keys.
PROGRAMS: Final = "code"


def of_programs(checks: bytes, programs: bytes) -> bytes:
    """Of what runs executable keys: ``checks`` is the digest of our code, ``programs`` a hallmark.

    The hallmark is empty where the verifier that runs programs is not there.
    """
    return hashlib.sha256(b"key" + checks + programs).digest()


def of_verifier(checks: bytes, hallmark: bytes, programs: bytes) -> bytes:
    """Of all that can change a report about rewrites for the verifier with this hallmark."""
    return hashlib.sha256(b"rewrite" + checks + hallmark + programs).digest()


@dataclass(frozen=True, slots=True)
class Digests:
    """What the jobs about one rewrite carry; see ``jobs.Subject``."""

    checks: bytes
    examination: bytes
    key: bytes

    @classmethod
    def of(cls, checks: bytes, hallmark: bytes, programs: bytes) -> "Digests":
        """For the verifier with this hallmark."""
        return cls(checks, of_verifier(checks, hallmark, programs), of_programs(checks, programs))
