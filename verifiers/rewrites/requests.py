"""What a problem asks for, as far as its English sentences show.

A request is a sentence that ends in a question mark, one with a verb such as "find" where a request
begins, or one that leaves a blank. Remarks on how to write the answer ("Round to ...") are
instructions. Formulas and quotations are set aside first, so that a word in them is no request.

Every pattern is bounded, so time is linear in the text, of which only the end is read.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

#: The question stands at the end of a text.
_READ_CHARACTERS: Final = 20_000
_FORMULA: Final = re.compile(r"\$\$[^$]{0,4000}\$\$|\$[^$]{1,2000}\$")
#: What else begins and ends a formula.
_DISPLAYS: Final = (
    ("\\(", "\\)"),
    ("\\[", "\\]"),
    *((f"\\begin{{{name}}}", f"\\end{{{name}}}") for name in ("align*", "align", "equation*")),
    *((f"\\begin{{{name}}}", f"\\end{{{name}}}") for name in ("equation", "gather*", "gather")),
)
_QUOTATION: Final = re.compile(r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”|``[^'\n]{1,300}''")
_FORMULA_MARK: Final = "\u25a1"
_QUOTATION_MARK: Final = "\u25a0"
#: Where one sentence ends: not in "3.5", "e.g. so" or "cf. Euler".
_ABBREVIATED: Final = r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bresp)(?<!\bvs)(?<!\bapprox)(?<!\bft)"
_SENTENCE_END: Final = re.compile(
    rf"(?<=[?!])[\s)\]]+|{_ABBREVIATED}\.[)\]]?\s+|\n\s*\n|\n(?=\(?\w\))"
)

_BEGINNING: Final = (
    r"(?:^|[,;:.\u25a1]\s{0,3}"
    r"|\b(?:then|please|and|now|hence|thus|also|finally|must|should|next)\s)"
)
_SEEKING: Final = re.compile(
    rf"{_BEGINNING}(?:find|determine|compute|calculate|evaluate|solve|work\sout|obtain|deduce)\b",
    re.IGNORECASE,
)
_ASKING: Final = re.compile(
    rf"(?:{_BEGINNING}|\bto\s)(?:find|determine|compute|calculate|evaluate|solve|work\sout|obtain"
    r"|deduce|simplify|expand|factor|factori[sz]e|convert|estimate|approximate|count|list|name"
    r"|choose|select|pick|identify|mark|give|state|write|express|rewrite|report|enter|complete"
    r"|fill\sin|provide|differentiate|integrate|rationali[sz]e|reduce|add|subtract|multiply|divide"
    r"|round|answer|rank|order|sort|arrange|represent|describe|explain|discuss|classify|perform"
    r"|draw|sketch|plot|construct|prove|show|decide|tell|guess|put|say|use|combine|graph|decipher"
    r"|implement|complete|return|print|design|create|define|develop|formali[sz]e|translate)\b",
    re.IGNORECASE,
)
#: A question without its mark.
_WONDERING: Final = re.compile(
    r"(?:^|[,;:.]\s)(?:(?:in|at|to|by|for|of|on|then)\s)?"
    r"(?:what\b|how\s(?:many|much|long|far|old|large|often|big|high|tall|fast|deep)\b|which\b(?=.*\b"
    r"(?:is|are|has|have)\b))",
    re.IGNORECASE,
)
_PROVING: Final = re.compile(
    rf"{_BEGINNING}(?:prove|disprove|show\sthat|verify\sthat|demonstrate\sthat|establish\sthat"
    r"|justify\sthat|show\s(?:why|how)|give\sa\s(?:\w+\s)?proof|write\sa\s(?:\w+\s)?proof)\b",
    re.IGNORECASE,
)
_EXPLAINING: Final = re.compile(
    r"^(?:(?:then|please|now|also|finally|and)\s)?(?:explain|describe|discuss|sketch|draw|plot"
    r"|construct)\b(?!\s(?:your|all|how\syou|each\sstep))"
    r"|^(?:why|how\s(?:do|does|did|can|could|would|should)\s(?!(?:many|much|long|far|old|you\sget))\w)",
    re.IGNORECASE,
)
_INSTRUCTION: Final = re.compile(
    r"^(?:please\s|(?:and|but)\s)?(?:(?:give|express|write|enter|state|report|leave|put|provide|round"
    r"|submit|answer|box|simplify|present|return|print)\b"
    r".{0,80}\b(?:answers?|result|solutions?|your|it|value)\b|answer\b|round\b|leave\b|note\b"
    r"|use\b|assume\b|express\syour|enter\b|show\s(?:your|all)\b|recall\b|you\s(?:may|can)\b)",
    re.IGNORECASE,
)
_BLANK: Final = re.compile(r"_{2,}|\\_\\_|\(\s{1,8}\)|（\s{0,8}）|\.{4,}|\\ldots\s?\.?$|\[\s{1,4}\]"
                           r"|\\underline\{\s{0,4}\\?[a-z]{0,8}[^}]{0,20}\}")  # fmt: skip
_OPEN_END: Final = re.compile(
    r"(?:\bapproximately|\babout|\b(?:is|are|equals|be|to|was|of|by|has|have|as|at|in|than|then|from|costs?)|=|:)\s{0,3}"
    r"(?:\u25a1?\s{0,3}[:=.]?)\s{0,3}$",
    re.IGNORECASE,
)
_PART: Final = re.compile(r"\(?(?:[a-h]|i{1,3}|iv|[1-9])\)\s", re.IGNORECASE)
_SECOND_QUESTION: Final = re.compile(
    r"\b(?:and|or)\s(?:in\s|to\s|at\s|by\s|for\s)?(?:what\s(?:is|are|was|were)|how\s(?:many|much|long"
    r"|far|old|large|often)|which|who)\b",
    re.IGNORECASE,
)
#: Two quantities in one request: "Find the area and the perimeter", "Determine x and y such that".
_BOTH: Final = re.compile(
    r"\b(?:find|determine|compute|calculate|evaluate|what\s(?:is|are)|what's)\s"
    r"(?:the\s(?:\w+\s){1,2}and\s(?:the|its|their)\s(?!(?:same|other|like|rest)\b)\w+"
    r"|(?:the\s(?:exact\s)?values?\sof\s|both\s)?\u25a1,?\sand\s\u25a1)"
    r"(?!.{0,300}\b(?:give|report|enter|state|write|express|answer|what|sum|product|submit)\b)",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_ENGLISH: Final = frozenset(
    "the of is are and what how find which for with that each a an if to be by does has have many "
    "determine compute calculate evaluate solve write prove it from this there let two all".split()
)


@dataclass(frozen=True, slots=True)
class Request:
    """A sentence that asks for something. ``text`` is without formulas and quotations."""

    text: str
    question: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a problem.

    ``requests`` ask for something, ``instructions`` say how to write it. ``parts`` is how many
    lettered or numbered parts ask.
    """

    requests: tuple[Request, ...]
    instructions: tuple[str, ...]
    proofs: tuple[str, ...]
    explanations: tuple[str, ...]
    parts: int
    english: bool

    @property
    def sentences(self) -> Iterator[str]:
        """All that says what the answer is to be."""
        yield from (each.text for each in self.requests)
        yield from self.instructions


def read(problem: str) -> Reading:
    """What ``problem`` asks for."""
    plain = _plain(problem[-_READ_CHARACTERS:])
    requests: list[Request] = []
    instructions: list[str] = []
    proofs: list[str] = []
    explanations: list[str] = []
    parts = 0
    for sentence in _sentences(plain):
        label = _PART.match(sentence)
        sentence = sentence[label.end() :] if label else sentence
        question = sentence.rstrip("'\")\u25a0").endswith("?")
        asks = question or any(
            pattern.search(sentence) for pattern in (_ASKING, _WONDERING, _BLANK, _OPEN_END)
        )
        if not asks:
            continue
        if not question and _INSTRUCTION.match(sentence):
            instructions.append(sentence)
            continue
        if _PROVING.search(sentence):
            proofs.append(sentence)
        elif _EXPLAINING.search(sentence):
            explanations.append(sentence)
        parts += label is not None
        requests.append(Request(sentence, question))
    if not requests and not _WORD.search(plain.replace("divided by", "")):
        requests = [Request(plain, question=False)]  # a calculation and nothing else
    if not requests:
        requests = [Request(each, question=False) for each in instructions]
    return Reading(
        tuple(requests),
        tuple(instructions),
        tuple(proofs),
        tuple(explanations),
        parts,
        _is_english(plain),
    )


def several(reading: Reading) -> tuple[str, ...]:
    """The sentences that show that more than one thing is asked for; none if only one is."""
    questions = [each.text for each in reading.requests if each.question]
    if len(questions) > 1:
        return tuple(questions)
    for text in questions:
        if _SECOND_QUESTION.search(text):
            return (text,)
    seeking = [each.text for each in reading.requests if _SEEKING.match(each.text)]
    if len(seeking) > 1:
        return tuple(seeking)
    if reading.parts > 1:
        return tuple(each.text for each in reading.requests)
    # With instructions it may be said there what to make of the two.
    if reading.requests and not reading.instructions and _BOTH.search(reading.requests[-1].text):
        return (reading.requests[-1].text,)
    return ()


def _plain(text: str) -> str:
    text = _replaced(text, "[asy]", "[/asy]", lambda _: " ")
    for opening, closing in _DISPLAYS:
        text = _replaced(text, opening, closing, _mark)
    text = _FORMULA.sub(lambda formula: _mark(formula.group()), text)
    return _QUOTATION.sub(_QUOTATION_MARK, text)


def _replaced(text: str, opening: str, closing: str, mark: Callable[[str], str]) -> str:
    """``text`` with all from each ``opening`` to the next ``closing`` replaced."""
    pieces: list[str] = []
    end = 0
    while (start := text.find(opening, end)) >= 0:
        close = text.find(closing, start + len(opening))
        if close < 0:
            break
        pieces += (text[end:start], mark(text[start:close]))
        end = close + len(closing)
    return "".join(pieces) + text[end:]


def _mark(formula: str) -> str:
    """A mark in place of a formula, and the punctuation at its end."""
    inside = formula.strip("$[]()\\ \n")
    return _FORMULA_MARK + (inside[-1] if inside[-1:] in ("?", ".") else "")


def _sentences(plain: str) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(plain):
        shown = " ".join(sentence.split())
        if shown:
            yield shown


def _is_english(plain: str) -> bool:
    words = _WORD.findall(plain)
    if not words:
        return True
    known = sum(word.lower() in _ENGLISH for word in words)
    strange = sum(not word.isascii() for word in words)
    return strange * 4 <= len(words) and (known * 12 >= len(words) or len(words) < 6)
