"""``mix.json``: what a mix is, what became of it, and which rows are its own."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.mixes.errors import BrokenMixError
from assayoffice.rl.mixes.rows import canonical
from assayoffice.rl.mixes.tally import Tally
from assayoffice.rl.rewrites.fields import Fields
from assayoffice.rl.sources import UnusableRow

FORMAT = 1
_STATES = ("open", "frozen")


@dataclass(frozen=True, slots=True)
class Description:
    """What stands in ``mix.json``.

    ``weight`` is how often a row comes in an epoch where a combination names none.
    ``rows_sha256`` is that of ``rows.jsonl``. ``frozen`` is the digest that it was frozen with,
    empty for an open mix. ``history`` tells the edits in their order, without dates, so that equal
    commands give equal files.
    """

    name: str
    domain: str
    weight: float
    frozen: str
    rows_sha256: str
    counts: Mapping[str, object]
    lineage: Mapping[str, object]
    history: tuple[Mapping[str, object], ...]

    @property
    def digest(self) -> str:
        """What identifies the content: rows, domain and settings; not the name or the history."""
        content = {
            "format": FORMAT,
            "domain": self.domain,
            "settings": {"weight": self.weight},
            "rows": self.rows_sha256,
        }
        return hashlib.sha256(canonical(content).encode()).hexdigest()

    @property
    def rows(self) -> int:
        """How many rows the mix has."""
        count = self.counts.get("rows")
        return count if isinstance(count, int) else 0

    def json(self) -> dict[str, object]:
        """What is written."""
        return {
            "format": FORMAT,
            "name": self.name,
            "domain": self.domain,
            "state": "frozen" if self.frozen else "open",
            "digest": self.frozen or None,
            "settings": {"weight": self.weight},
            "rows_sha256": self.rows_sha256,
            "counts": self.counts,
            "lineage": self.lineage,
            "history": list(self.history),
        }


def described(
    name: str,
    domain: str,
    weight: float,
    rows_sha256: str,
    tally: Tally,
    history: tuple[Mapping[str, object], ...],
) -> Description:
    """The description of an open mix."""
    return Description(
        name, domain, weight, "", rows_sha256, tally.counts(), tally.lineage(), history
    )


def read_description(file: Path) -> Description:
    """Read ``mix.json``. Raises BrokenMixError, and FileNotFoundError where there is none."""
    fields = read_object(file)
    try:
        return _description(Fields(fields))
    except UnusableRow as unusable:
        raise BrokenMixError(
            f"{file}: {unusable}; it was edited by hand: restore it, e.g. with git checkout"
        ) from None


def read_object(file: Path) -> Mapping[str, object]:
    """The JSON object that a file of the ledger is. Raises as ``read_description``."""
    try:
        fields = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BrokenMixError(
            f"{file}: not JSON: {error}; it was edited by hand or not merged: restore it, e.g. "
            "with git checkout"
        ) from None
    if not isinstance(fields, dict):
        raise BrokenMixError(f"{file}: not a JSON object; restore it, e.g. with git checkout")
    if fields.get("format") != FORMAT:
        raise BrokenMixError(
            f"{file}: format: {str(fields.get('format'))[:40]!r}, and this version of assay reads "
            f"{FORMAT}; update assay, or restore the file"
        )
    return fields


def weight_of(settings: Mapping[str, object], place: str) -> float:
    """A weight as it is written. Raises UnusableRow."""
    weight = settings.get("weight")
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not is_weight(weight):
        raise UnusableRow(f"{place}.weight: must be a number above 0 and at most {MAX_WEIGHT}")
    return float(weight)


#: Beyond, a row comes so often that somebody has mistaken a weight for a number of rows.
MAX_WEIGHT = 1000


def is_weight(weight: float) -> bool:
    """Whether rows may come so often in an epoch."""
    return math.isfinite(weight) and 0.0 < weight <= MAX_WEIGHT


def _description(fields: Fields) -> Description:
    state = fields.choice("state", _STATES)
    frozen = fields.text("digest") if state == "frozen" else ""
    history = fields.mapping.get("history")
    if not isinstance(history, list) or not all(isinstance(each, dict) for each in history):
        raise UnusableRow("history: must be a list of objects")
    description = Description(
        name=fields.text("name", min_length=1),
        domain=fields.text("domain"),
        weight=weight_of(fields.fields("settings").mapping, "settings"),
        frozen=frozen,
        rows_sha256=fields.text("rows_sha256"),
        counts=fields.fields("counts").mapping,
        lineage=fields.fields("lineage").mapping,
        history=tuple(history),
    )
    if state == "frozen" and description.digest != frozen:
        raise UnusableRow(
            f"digest: {frozen[:12]}, and domain, settings and rows give {description.digest[:12]}"
        )
    return description
