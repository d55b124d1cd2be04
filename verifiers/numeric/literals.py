"""Numbers as they are written: grouped, decimal, repeating, scientific and to a base."""

import re
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.expression import Based, Call, Node, Number
from assayoffice.verifiers.numeric.limits import MAX_DIGITS, MAX_EXACT_BITS, TooLargeError
from assayoffice.verifiers.numeric.tokens import UnreadableError

_GROUPING: Final = re.compile(r"(?<=\d)(?:\{,\}|,\\!|\\[,; ]|[ ,])(?=\d{3}(?!\d))")
_REPEATING: Final = re.compile(r"\\(?:overline|dot)\s*\{?\s*")


def number(text: str) -> Node:
    """The node of a NUMBER token. Raises TooLargeError for exponents beyond exact arithmetic."""
    if text.isdecimal():
        return Number(Fraction(int(text)))
    if "\\" in text or "," in text or " " in text:
        if not text.startswith("0"):
            text = _GROUPING.sub("", text)
        text = text.replace("{,}", ".")
        if text.isdecimal():
            return Number(Fraction(int(text)))
    parts = _REPEATING.split(text)
    if len(parts) == 2:
        return Number(_repeating(parts[0], parts[1].rstrip("} ")))
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    shift = int(exponent or 0) if len(exponent) < 9 else MAX_EXACT_BITS
    digits = whole + decimals
    if abs(shift) + len(digits) > MAX_DIGITS:  # before arithmetic, and what can be written back
        raise TooLargeError("EXACT_BITS")
    scale = shift - len(decimals)
    value = Fraction(int(digits))
    value = value * 10**scale if scale >= 0 else value / 10**-scale
    return Number(value, max(-scale, 0), len(digits.lstrip("0")))


def truncated(shown: Node) -> Node:
    """A decimal followed by an ellipsis, as in ``0.333...``: its digits go on."""
    return Call("truncated", (shown,))


def _repeating(shown: str, cycle: str) -> Fraction:
    whole, _, decimals = shown.partition(".")
    scale = 10 ** len(decimals)
    head = Fraction(int((whole + decimals) or "0"), scale)
    return head + Fraction(int(cycle), scale * (10 ** len(cycle) - 1))


def based(text: str, position: int) -> Node | None:
    """The node of digits with a base, or None where the digits do not suit the base."""
    digits, _, base_text = text.partition("_")
    digits, base = digits.strip(), int(base_text.strip(" {}"))
    if not 2 <= base <= 36:
        raise UnreadableError(f"no base {base}", position)
    if any(int(digit, 36) >= base for digit in digits):
        return None
    # Bases that are no power of two take quadratic time, so long digits are turned away.
    if len(digits) > 1_000:
        raise TooLargeError("DIGITS")
    return Based(int(digits, base), base)
