"""Of what kind a reference answer is, told by its looks.

This is for counting: a set whose answers are all small integers teaches to guess small integers. It
decides about no row, so what it cannot tell is an expression.
"""

import re
from collections.abc import Mapping

_MOST_CHARACTERS = 2000
_OF_VERIFIER = {"choice": "choice letter", "code": "program", "lean": "proof"}
_NUMBER = r"\d{1,3}(?:(?:,|\{,\}|\\,|\\!| )\d{3})+|\d+"
_DECIMAL = rf"(?:{_NUMBER})?\.\d+|(?:{_NUMBER})\.\d*"
_FRACTION = r"\\[dt]?frac\{?-?\d+\}?\{?-?\d+\}?|\d+/\d+"
_FORMS: Mapping[str, re.Pattern[str]] = {
    "integer": re.compile(_NUMBER),
    "decimal": re.compile(rf"(?:{_DECIMAL})(?:[eE][-+]?\d+)?|(?:{_NUMBER})[eE][-+]?\d+"),
    "fraction": re.compile(rf"(?:\d+ ?)?(?:{_FRACTION})"),
    "percent": re.compile(rf"(?:{_DECIMAL}|{_NUMBER}) ?\\?%"),
    "value with unit": re.compile(
        rf"(?:{_DECIMAL}|{_NUMBER}|{_FRACTION})(?:\\?[, ~])*"
        r"(?:\\(?:text|mathrm|operatorname)\{|[A-Za-z°µ]{2,}|[gmsLNJWVAKCF](?![A-Za-z(])|\^?\\circ).*"
    ),
}
_DRESS = re.compile(r"\\(?:left|right|displaystyle)(?![A-Za-z])|^\$+|\$+$|^\\[(\[]|\\[)\]]$")
_BOX = re.compile(r"\\boxed\{(.*)\}", re.DOTALL)
_NAMED = re.compile(r"(?:[A-Za-z]|\\[a-z]+)(?:_\{?\w+\}?)?(?:\([a-z]\))? ?= ?(?=[^=])")
_RELATION = re.compile(r"<|>|\\(?:leq?|geq?|neq?|lt|gt)(?![A-Za-z])|[≤≥≠]")
_UNBOUNDED = re.compile(r"\\infty|∞|\\cup|∪|\binf(?:inity)?\b")


def answer_type(verifier: str, reference: str) -> str:
    """The kind of a reference, e.g. "integer", "interval", "program"."""
    if verifier in _OF_VERIFIER:
        several = verifier == "choice" and len(reference.strip()) > 1
        return "choice letters" if several else _OF_VERIFIER[verifier]
    return "other" if verifier != "numeric" else _of_text(reference[:_MOST_CHARACTERS].strip())


def _of_text(text: str) -> str:
    boxed = _BOX.fullmatch(text)
    text = _DRESS.sub("", boxed[1] if boxed else text).strip().rstrip(".")
    text = _NAMED.sub("", text, count=1) if _NAMED.match(text) else text
    plain = text.lstrip("+-−").strip()
    for name, form in _FORMS.items():
        if form.fullmatch(plain):
            return name
    return _of_structure(text)


def _of_structure(text: str) -> str:
    opened, closed = text[:1], text[-1:]
    if opened == "{" or text.startswith(r"\{"):
        return "set"
    if r"\begin" in text and "matrix" in text:
        return "matrix"
    if "=" in text:
        return "equation"
    if _RELATION.search(text):
        return "inequality"
    if opened in "([" and opened and closed in ")]" and _commas(text[1:-1]):
        mixed = (opened == "(") != (closed == ")")
        return "interval" if mixed or opened == "[" or _UNBOUNDED.search(text) else "tuple"
    if _UNBOUNDED.search(text) and "," in text:
        return "interval"
    return "list" if _commas(text) else "expression"


def _commas(text: str) -> int:
    """Commas outside of all brackets."""
    depth = found = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        found += character in ",;" and depth == 0
    return found
