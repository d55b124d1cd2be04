"""Rows of mixes as tests make them, and ledgers that hold them without a service."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from assayoffice.rl.mixes.adding import AddReport, merge
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.mixes.rows import AdmittedBy, Lineage, MixRow
from assayoffice.rl.mixes.store import Store
from assayoffice.rl.problems.problem import Message, Origin
from assayoffice.rl.stamps import Stamp

HALLMARK = "a" * 64


def ours(id: str, question: str = "2+2?", **changes: object) -> dict[str, object]:
    """A row as people write it, before anything admits it."""
    return {
        "id": id,
        "domain": "sums",
        "prompt": question,
        "verifier": "numeric",
        "reference": "4",
        "origin": "real",
        **changes,
    }


def row(id: str, **changes: object) -> MixRow:
    """A row whose question and stamp are of its id alone."""
    made = MixRow(
        id=id,
        domain="sums",
        messages=(Message("user", f"What is {id}?"),),
        verifier="numeric",
        task={"reference": "4"},
        demonstration="",
        origin=Origin.REAL,
        generator="",
        original="",
        stamp=Stamp(HALLMARK, hashlib.sha256(id.encode()).hexdigest()),
        edge={},
        lineage=Lineage("rows.jsonl", "f" * 64, 1, AdmittedBy.STAMP),
    )
    return dataclasses.replace(made, **changes)


def rows(count: int, prefix: str = "r", **changes: object) -> list[MixRow]:
    return [row(f"{prefix}{number:03}", **changes) for number in range(count)]


def synthetic(count: int, prefix: str = "s", **changes: object) -> list[MixRow]:
    return rows(count, prefix, origin=Origin.SYNTHETIC, generator="toy", **changes)


def put(ledger: Ledger, mix: str, some: Sequence[MixRow], *, strict: bool = False) -> AddReport:
    """Add rows that were admitted, with no service that would have."""
    store = Store(ledger.path)
    domain = some[0].domain
    with store.locked():
        return merge(store, mix, domain, some, (), {"rows.jsonl": "f" * 64}, strict=strict)


def frozen(ledger: Ledger, mix: str, some: Sequence[MixRow]) -> str:
    put(ledger, mix, some)
    return ledger.freeze(mix)


def ids(ledger: Ledger, mix: str) -> list[str]:
    return [each.id for each in ledger.mix(mix).rows()]


def described(ledger: Ledger, mix: str) -> dict:
    return json.loads((ledger.path / mix / "mix.json").read_text())


def files(folder: Path) -> dict[str, bytes]:
    """All that a ledger holds, besides its lock."""
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in sorted(folder.rglob("*"))
        if each.is_file() and each.name != ".lock"
    }
