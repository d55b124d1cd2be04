"""The first tier: a spelling of an answer in which equal text means the same answer."""

from typing import Final

from assayoffice.verifiers.numeric.tokens import (
    BASED,
    CONSTANT,
    FUNCTION,
    LETTER,
    NAME,
    NUMBER,
    clean,
    tokenize,
)

_BEFORE_A_MEANINGFUL_SPACE: Final = frozenset((NUMBER, NAME, LETTER, CONSTANT, FUNCTION, BASED))


def normal_form(text: str) -> str:
    """The tokens of ``text``, each in its one spelling.

    Two texts with equal normal forms mean the same. Space is kept where it can carry meaning:
    between numbers and names, as ``2 1/3`` is not ``21/3`` and ``10 m`` need not be ``10m``.
    Raises UnreadableError and TooLargeError.
    """
    parts: list[str] = []
    spaceable = False
    for kind, spelling, _, spaced, upright in tokenize(clean(text)):
        if kind == NUMBER or kind == NAME:
            if spaced and spaceable:
                parts.append(" ")
            if upright and kind == NAME:
                parts.append("\\")
        else:
            parts.append("\x1f")
        parts.append(spelling)
        spaceable = kind in _BEFORE_A_MEANINGFUL_SPACE or spelling in (")", "}", "]")
    return "".join(parts)
