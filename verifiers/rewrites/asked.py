"""What kind of answer a problem asks for, held against the reference: "how many", "in cm" ...

Each finding is certain from the wording; what a wording leaves open is no finding.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric.expression import (
    Interval,
    Matrix,
    Node,
    Number,
    Power,
    Ratio,
    Relation,
    Sequence,
    SetOperation,
    Symbol,
    Text,
    Unit,
    contains,
    symbols,
)
from assayoffice.verifiers.numeric.limits import TooLargeError
from assayoffice.verifiers.numeric.parser import UnreadableError, parse
from assayoffice.verifiers.numeric.task import Match, NumericTask
from assayoffice.verifiers.numeric.words import UNITS
from assayoffice.verifiers.rewrites.answers import units
from assayoffice.verifiers.rewrites.answers.plain import Plain, plain
from assayoffice.verifiers.rewrites.answers.writing import exact_places
from assayoffice.verifiers.rewrites.choice_trials import shown_letters
from assayoffice.verifiers.rewrites.requests import Reading

_COUNT: Final = re.compile(r"\bhow\smany\s(?P<noun>(?:[\w-]+\s?){0,4})", re.IGNORECASE)
#: A count that is no whole number: a mean, a rate, a share, a multiple.
_NO_COUNT: Final = re.compile(
    r"\b(?:average|mean|expect\w*|per|each|times|ratio|proportion|fraction|rate|every|an?\s(?:hour"
    r"|day|week|month|year|minute)|approximately|about|percent\w*|equivalent|in\sterms|exactly)\b",
    re.IGNORECASE,
)
_PERCENTAGE: Final = re.compile(
    r"\b(?:what|which|by\swhat|find\sthe|determine\sthe|calculate\sthe|as\sa|to\sa)\s(?:percentage"
    r"|percent)\b",
    re.IGNORECASE,
)
_PROBABILITY: Final = re.compile(
    r"\b(?:what\sis|what's|find|determine|compute|calculate|give)\s(?:the|a)\s(?:exact\s)?"
    r"(?:probability|chance)\b(?!.{0,80}\b(?:percent|form|as\s|m\s?\+|density|distribution))",
    re.IGNORECASE,
)
_YES_OR_NO: Final = re.compile(
    r"^(?:is|are|was|were|does|do|did|has|have|had|will|would|should|can|could|must)\s"
    r"(?!you\b|we\sfind)[^,;:]{1,300}\?$",
    re.IGNORECASE,
)
_PERSON: Final = re.compile(r"^(?:who|whose|whom)\b", re.IGNORECASE)
_TUPLE: Final = re.compile(r"\bordered\s(?:pair|triple|quadruple|tuple)\b(?!s)", re.IGNORECASE)
_WHICH_OF: Final = re.compile(r"\bwhich\sof\b", re.IGNORECASE)
_INTERVAL: Final = re.compile(
    r"\b(?:as\san\sinterval|interval\snotation"
    r"|(?:find|determine|give|state|what\sis)\sthe\s(?:\w+\s)?interval\s(?:of|on|where|in))\b",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"\b(?:what|which)\s(?:day\sof\sthe\sweek|weekday|colou?r)\b", re.IGNORECASE
)
_WHOLE: Final = re.compile(
    r"\b(?:what|which|find\sthe|determine\sthe|is\sthe)\s(?:\w+\s){0,2}"
    r"(?:integer|whole\snumber|natural\snumber|prime(?:\snumber)?)\b"
    r"(?!\s(?:part|multiples?|solutions?|coefficients?|ratio|factors?))",
    re.IGNORECASE,
)
#: What stands where an answer should, for want of one.
_NO_ANSWER: Final = re.compile(
    r"(?:please\s)?see\b.*|.*\banswers?\s(?:may\s|will\s|can\s)?var(?:y|ies)\b.*|(?:the\s)?proof\b.*"
    r"|q\.?e\.?d\.?|proved|proven|n\s?/?\s?a|unknown|omitted|varies|tbd|as\s(?:above|shown|required)"
    r"|(?:no|not)\s(?:answer|solution\s(?:given|provided|available)|given|provided|available)"
    r"|any(?:thing)?|whatever|any\s(?:\w+\s){0,2}(?:answer|value|number|response)",
    re.IGNORECASE,
)
_COUNT_WORD: Final = re.compile(
    r"\b(?:infinit\w*|countabl\w*|uncountabl\w*|none|no|zero|one|two|three|four|five|six|seven|eight"
    r"|nine|ten|eleven|twelve|dozen|hundred|thousand|finite\w*|\d+)\b",
    re.IGNORECASE,
)
#: Nobody writes a longer one word for word as the reference has it.
_MOST_WORDS: Final = 8

_NUMBERS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_COUNTED: Final = r"(?P<count>\d{1,2}|one|two|three|four|five|six)"
_PLACES: Final = re.compile(
    rf"\b(?:to|with|at|exactly)\s(?:the\snearest\s)?{_COUNTED}\s(?:decimal\s)?"
    r"(?:places?|decimals?|decimal\sdigits?)\b",
    re.IGNORECASE,
)
_SIGNIFICANT: Final = re.compile(
    rf"\b(?:to|with)\s{_COUNTED}\ssignificant\s(?:digits?|figures?)\b", re.IGNORECASE
)
_NEAREST: Final = re.compile(
    r"\bnearest\s(?P<step>integer|whole\snumber|unit|tenth|hundredth|thousandth|ten-thousandth|ten"
    r"|hundred|thousand|million|cent|dollar|degree|percent)\b",
    re.IGNORECASE,
)
_STEPS: Final = {
    "integer": Fraction(1), "whole number": Fraction(1), "unit": Fraction(1),
    "dollar": Fraction(1), "degree": Fraction(1), "percent": Fraction(1),
    "tenth": Fraction(1, 10), "hundredth": Fraction(1, 100), "cent": Fraction(1, 100),
    "thousandth": Fraction(1, 1000), "ten-thousandth": Fraction(1, 10000),
    "ten": Fraction(10), "hundred": Fraction(100), "thousand": Fraction(1000),
    "million": Fraction(10**6),
}  # fmt: skip

_UNIT_WORDS: Final = {
    "m": "m", "metre": "m", "metres": "m", "meter": "m", "meters": "m",
    "cm": "cm", "centimetre": "cm", "centimetres": "cm", "centimeter": "cm", "centimeters": "cm",
    "mm": "mm", "millimetres": "mm", "millimeters": "mm",
    "km": "km", "kilometre": "km", "kilometres": "km", "kilometer": "km", "kilometers": "km",
    "kg": "kg", "kilogram": "kg", "kilograms": "kg", "gram": "g", "grams": "g",
    "second": "s", "seconds": "s", "minute": "min", "minutes": "min", "hour": "h", "hours": "h",
    "days": "days", "litre": "L", "litres": "L", "liter": "L", "liters": "L",
    "millilitres": "mL", "milliliters": "mL",
}  # fmt: skip
_UNIT: Final = re.compile(
    r"\b(?:in|how\smany|of)\s(?P<power>square\s|cubic\s)?(?P<unit>"
    + "|".join(sorted(_UNIT_WORDS, key=len, reverse=True))
    + r")(?P<exponent>\^?[23²³])?(?![\w/^]|\sper\b|\s?\*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """``reason`` is the code, ``text`` the wording, ``detail`` why the reference does not fit."""

    reason: str
    text: str
    detail: str


def parsed(reference: str) -> Node | None:
    """The reference as a tree, or None if it cannot be read."""
    try:
        return parse(reference)
    except (UnreadableError, TooLargeError):
        return None


def takes_several(node: Node | None) -> bool:
    """Whether one reference answers several questions."""
    return node is None or contains(node, Sequence, Matrix, Relation, Ratio, Text, SetOperation)


def mismatches(
    reading: Reading, problem: str, task: NumericTask, node: Node | None
) -> Iterator[Mismatch]:
    """Where the wording asks for another answer than the reference is."""
    if node is None:
        return
    parts = units.split(node)
    number = plain(parts[0] if parts else node)
    yield from _of_kind(reading, problem, node, number)
    yield from _of_unit(reading, parts)
    if task.match is Match.EXACT:
        for text in reading.sentences:
            yield from _of_rounding(text, node, number)
    elif task.match is Match.SIGNIFICANT:
        for text in reading.sentences:
            found = _SIGNIFICANT.search(text)
            if found and _count(found) != task.significant_digits:
                detail = f"The task compares {task.significant_digits} significant digits."
                yield Mismatch("ROUNDING", found.group(), detail)


def _of_kind(
    reading: Reading, problem: str, node: Node, number: Plain | None
) -> Iterator[Mismatch]:
    for request in reading.requests:
        text = request.text
        yield from _of_count(text, node, number)
        yield from _of_no_count(text, problem, node)
        if _PERCENTAGE.search(text) and number and 0 < number.value < 1 and not _has(node, "%"):
            detail = "A percentage is asked for, and the reference is the share; write it with %."
            yield Mismatch("OTHER_KIND", text, detail)
        last = request is reading.requests[-1]  # "Find m + n, where the probability is m/n."
        if last and _PROBABILITY.search(text) and number and not contains(node, Unit):
            if not 0 <= number.value <= 1:
                yield Mismatch("OTHER_KIND", text, "The reference is no probability.")
        if last and _WHOLE.search(text) and number and number.value.denominator > 1:
            detail = "A whole number is asked for, and the reference is none."
            yield Mismatch("OTHER_KIND", text, detail)
        if _NAMED.search(text) and request.question and number and not reading.instructions:
            yield Mismatch("OTHER_KIND", text, "It asks for a name, and the reference is a number.")
        if _PERSON.match(text) and request.question and number:
            yield Mismatch("OTHER_KIND", text, "It asks who, and the reference is a number.")
    if isinstance(node, Text) and _NO_ANSWER.fullmatch(node.words.strip(" .!")):
        yield Mismatch("OTHER_KIND", node.words, "The reference is no answer to anything.")
    if isinstance(node, Text) and len(node.words.split()) > _MOST_WORDS:
        detail = "The reference is a sentence, which answers would have to repeat word for word."
        yield Mismatch("OTHER_KIND", node.words, detail)
    questions = [each for each in reading.requests if each.question]
    closed = [each.text for each in questions if _YES_OR_NO.match(each.text)]
    if closed and len(closed) == len(reading.requests) and not _is_said(node):
        detail = "It can be answered by yes or no, and the reference is neither."
        yield Mismatch("OTHER_KIND", closed[0], detail)
    for text in reading.sentences:
        if _TUPLE.search(text) and (number or isinstance(node, Symbol)):
            yield Mismatch("OTHER_KIND", text, "The reference is a single value.")
        if _INTERVAL.search(text) and number:
            yield Mismatch("OTHER_KIND", text, "The reference is a single number.")
    for text in reading.explanations:
        yield Mismatch("OTHER_KIND", text, "No verifier reads an explanation.")
    letters = shown_letters(problem)
    if len(letters) > 2 and not _is_said(node) and _WHICH_OF.search(problem[-4000:]):
        detail = (
            f"It offers the options {letters[0]} to {letters[-1]}, and the reference is no letter; "
            "use the verifier choice."
        )
        yield Mismatch("OTHER_KIND", "which of", detail)


def _of_count(text: str, node: Node, number: Plain | None) -> Iterator[Mismatch]:
    found = _COUNT.search(text)
    if found is None or number is None or _NO_COUNT.search(text):
        return
    noun = found["noun"].lower().split()
    measured = any(_is_measure(word) for word in noun)
    if number.value < 0 and not measured:
        yield Mismatch("OTHER_KIND", text, "A count is asked for, and the reference is negative.")
    elif number.value.denominator > 1 and not measured:
        detail = "A count is asked for, and the reference is no whole number."
        yield Mismatch("OTHER_KIND", text, detail)


def _of_no_count(text: str, problem: str, node: Node) -> Iterator[Mismatch]:
    found = _COUNT.search(text)
    if found is None:
        return
    if isinstance(node, Text) and not _COUNT_WORD.search(node.words):
        yield Mismatch("OTHER_KIND", text, "A count is asked for, and the reference is words.")
    if isinstance(node, Symbol) and not re.search(
        rf"(?<![a-z]){re.escape(node.name)}(?![a-z])", problem
    ):
        detail = f"The reference is {node.name}, of which the problem does not speak."
        yield Mismatch("OTHER_KIND", text, detail)


def _is_measure(word: str) -> bool:
    return word in UNITS or word in _UNIT_WORDS or word in _MORE_MEASURES


#: What comes in parts, beside the units that the verifier knows.
_MORE_MEASURES: Final = frozenset(
    "euros servings bags cups pizzas pies cakes sandwiches teaspoons tablespoons bottles gallons "
    "boxes cans pints quarts inches feet yards miles pounds ounces tons acres degrees radians "
    "volts amperes watts joules newtons calories points litres liters metres kilometres packs "
    "loaves slices bars cartons jars milliamperes ohms mg square cubic more less fewer much "
    "sticks bushels batches revolutions turns rotations laps shares moles atoms molecules "
    "years months weeks days hours minutes seconds units dozens kilometers meters".split()
)


def _of_unit(reading: Reading, parts: tuple[Node, units.Measure] | None) -> Iterator[Mismatch]:
    if parts is None or not parts[1].single:
        return
    unit = parts[1].factors[0]
    has = _scale(unit)
    if has is None:
        return
    for text in reading.sentences:
        found = _UNIT.search(text)
        if found is None:
            continue
        power = {"square": 2, "cubic": 3}.get((found["power"] or "").strip().lower(), 1)
        power = {"2": 2, "²": 2, "3": 3, "³": 3}.get((found["exponent"] or "")[-1:], power)
        name = _UNIT_WORDS[found["unit"].lower()]
        wanted = units.kind_and_factor(name)
        if wanted is None:
            continue
        if wanted[0] != has[0] or power != has[2]:
            detail = "The reference measures something else."
            yield Mismatch("OTHER_KIND", found.group(), detail)
        elif wanted[1] != has[1]:
            yield Mismatch("UNIT", found.group(), "The reference is in another unit.")


def _scale(unit: Node) -> tuple[int, Fraction, int] | None:
    power = 1
    if isinstance(unit, Power):
        exponent = unit.exponent
        power = int(exponent.value) if isinstance(exponent, Number) else 0
        unit = unit.base
    known = units.kind_and_factor(unit.name) if isinstance(unit, Unit) else None
    return None if known is None else (*known, power)


def _of_rounding(text: str, node: Node, number: Plain | None) -> Iterator[Mismatch]:
    if symbols(node) or isinstance(node, Sequence | Interval | Text):
        return
    if found := _PLACES.search(text):
        places = _count(found)
        if number is None or exact_places(number.value, places) is None:
            detail = f"The reference is no decimal with {places} places; round it."
            yield Mismatch("ROUNDING", found.group(), detail)
    elif found := _NEAREST.search(text):
        step = _STEPS[" ".join(found["step"].lower().split())]
        if number is None or (number.value / step).denominator > 1:
            yield Mismatch("ROUNDING", found.group(), "The reference is not rounded to that.")
    elif found := _SIGNIFICANT.search(text):
        digits = _count(found)
        if number is None or _significant(number.value) > digits:
            detail = f"The reference has more than {digits} significant digits; round it."
            yield Mismatch("ROUNDING", found.group(), detail)


def _significant(value: Fraction) -> float:
    places = exact_places(value, 30)
    if places is None:
        return float("inf")
    return len(str(abs(value) * 10**places).strip("0"))


def _count(found: re.Match[str]) -> int:
    said = found["count"].lower()
    return _NUMBERS.get(said) or int(said)


def _has(node: Node, unit: str) -> bool:
    parts = units.split(node)
    return parts is not None and parts[1].factors[-1] == Unit(unit)


def _is_said(node: Node) -> bool:
    """Whether the reference is words or a letter."""
    return isinstance(node, Text) or (isinstance(node, Symbol) and node.name.isupper())
