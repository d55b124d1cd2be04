"""Reads objects of a row field by field; whatever nobody asked for is a mistake of the writer's."""

import difflib
import re
from collections.abc import Mapping, Sequence

from assayoffice.rl.sources import UnusableRow
from assayoffice.rl.verl.rows import kind

_SHOWN_CHARACTERS = 40


class Fields:
    """One object of a row; ``path`` is its place in the row, empty for the row itself.

    Every method raises UnusableRow, which names the field and the remedy. Without a default a field
    is required.
    """

    def __init__(self, mapping: Mapping[str, object], path: str = "") -> None:
        self.mapping = mapping
        self._path = path
        self._known: list[str] = []

    def has(self, name: str) -> bool:
        """Whether the field is given."""
        self._know(name)
        return name in self.mapping

    def text(
        self,
        name: str,
        default: str | None = None,
        *,
        min_length: int = 0,
        max_length: int | None = None,
        pattern: re.Pattern[str] | None = None,
        says: str = "",
    ) -> str:
        """A text; ``says`` tells what is wrong with one in which ``pattern`` finds nothing."""
        value = self._take(name, default)
        place = self._place(name)
        text = _text(value, place, min_length, max_length)
        if pattern is not None and not pattern.search(text):
            raise UnusableRow(f"{place}: {text[:_SHOWN_CHARACTERS]!r} {says}")
        return text

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of several texts."""
        value = self._take(name, None)
        if not isinstance(value, str) or value not in choices:
            shown = kind(value)
            if isinstance(value, str):
                shown = repr(value[:_SHOWN_CHARACTERS])
                if near := difflib.get_close_matches(value[:_SHOWN_CHARACTERS], choices, n=1):
                    shown += f"; did you mean {str(near[0])!r}?"
            raise UnusableRow(
                f"{self._place(name)}: must be one of {', '.join(choices)}, not {shown}"
            )
        return value

    def texts(self, name: str, *, max_items: int, max_length: int | None = None) -> tuple[str, ...]:
        """A list of texts, none where the field is not given; with a ``max_length`` none empty."""
        value = self._take(name, [])
        place = self._place(name)
        if not isinstance(value, list):
            raise UnusableRow(f"{place}: must be a list of texts, not {kind(value)}")
        if len(value) > max_items:
            raise UnusableRow(f"{place}: at most {max_items} may be given, not {len(value)}")
        shortest = 0 if max_length is None else 1
        return tuple(
            _text(each, f"{place}[{index}]", shortest, max_length)
            for index, each in enumerate(value)
        )

    def fields(self, name: str) -> "Fields":
        """An object."""
        value = self._take(name, None)
        if not isinstance(value, dict):
            raise UnusableRow(f"{self._place(name)}: must be an object, not {kind(value)}")
        return Fields(value, self._place(name))

    def refuse_others(self) -> None:
        """Raise for a field that was given and never asked for."""
        for name in self.mapping:
            if name not in self._known:
                near = difflib.get_close_matches(name[:_SHOWN_CHARACTERS], self._known, n=1)
                remedy = (
                    f"did you mean {str(near[0])!r}?"
                    if near
                    else f"known are {', '.join(self._known)}; what is yours goes into provenance"
                )
                place = self._place(name[:_SHOWN_CHARACTERS])
                raise UnusableRow(f"{place}: there is no such field; {remedy}")

    def _take(self, name: str, default: object) -> object:
        self._know(name)
        if name not in self.mapping and default is None:
            raise UnusableRow(f"{self._place(name)}: missing")
        return self.mapping.get(name, default)

    def _know(self, name: str) -> None:
        if name not in self._known:
            self._known.append(name)

    def _place(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def _text(value: object, place: str, min_length: int, max_length: int | None) -> str:
    if not isinstance(value, str):
        quotes = "; put it in quotes" if isinstance(value, (int, float)) else ""
        raise UnusableRow(f"{place}: must be text, not {kind(value)}{quotes}")
    if len(value) < min_length:
        raise UnusableRow(f"{place}: must not be empty")
    if max_length is not None and len(value) > max_length:
        raise UnusableRow(f"{place}: {len(value)} characters; at most {max_length} are allowed")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise UnusableRow(
            f"{place}: holds half a surrogate pair, which UTF-8 cannot carry; replace it"
        )
    return value
