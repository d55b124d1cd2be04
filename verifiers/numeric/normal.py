"""The first tier: a spelling of an answer in which equal text means the same answer."""

from assayoffice.verifiers.numeric.tokens import NAME, NUMBER, clean, tokenize

_TOUCHING = (NUMBER, NAME)


def normal_form(text: str) -> str:
    """The tokens of ``text``, each in its one spelling.

    Two texts with equal normal forms mean the same. Space is kept where it can carry meaning:
    before numbers and names, as ``2 1/3`` is not ``21/3`` and ``10 m`` need not be ``10m``.
    Raises UnreadableError and TooLargeError.
    """
    parts: list[str] = []
    for kind, spelling, _, spaced, upright in tokenize(clean(text)):
        if kind in _TOUCHING:
            parts.append(" " if spaced else "")
            if upright and kind == NAME:
                parts.append("\\")
        else:
            parts.append("\x1f")
        parts.append(spelling)
    return "".join(parts)
