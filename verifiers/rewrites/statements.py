"""Takes the statement of a Lean theorem apart, and makes others of it, such as its negation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assayoffice.verifiers.lean.text.lexer import Token, TokenKind, tokens

_OPENING = frozenset(("(", "[", "{", "⟨", "⦃", "@["))
_CLOSING = frozenset((")", "]", "}", "⟩", "⦄"))
_INDENT = "\n    "


@dataclass(frozen=True, slots=True)
class Statement:
    """A theorem's signature in its parts, each as it was written.

    ``universes`` is ``.{u}`` or empty, ``names`` what the binders bind, in their order; "_" stands
    for what has no name.
    """

    universes: str
    binders: str
    names: tuple[str, ...]
    conclusion: str

    @property
    def negation(self) -> str:
        """The statement that this one does not hold: a signature of its own."""
        inner = f"∀ {self.binders},{_INDENT}{self.conclusion}" if self.binders else self.conclusion
        return f"{self.universes} : ¬ ({inner}{_INDENT})".strip()

    @property
    def contradiction(self) -> str | None:
        """The statement that its hypotheses contradict each other.

        None where there are none, and where just that is its conclusion.
        """
        if not self.binders or self.conclusion == "False":
            return None
        return f"{self.universes} {self.binders} : False".strip()


def statement_of(signature: str) -> Statement | None:
    """The parts of a normalized statement, see ``assemble.normalized``; None if there is no ``:``.

    Of binders, it reads only as much as tells how many there are. Time is linear in the length.
    """
    found = list(tokens(signature))
    start = _universes_end(found)
    colon = _colon(found, start)
    if colon is None:
        return None
    begin = found[start].start
    return Statement(
        universes=signature[:begin].strip(),
        binders=signature[begin : found[colon].start].strip(),
        names=tuple(_names(found[start:colon])),
        conclusion=signature[found[colon].end :].strip(),
    )


def _universes_end(found: Sequence[Token]) -> int:
    if [token.text for token in found[:2]] != [".", "{"]:
        return 0
    return next((at + 1 for at, token in enumerate(found) if token.text == "}"), 0)


def _colon(found: Sequence[Token], start: int) -> int | None:
    """Where the colon is that stands in no brackets."""
    depth = 0
    for at, token in enumerate(found[start:], start):
        if token.kind is not TokenKind.SYMBOL:
            continue
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if token.text == ":" and depth == 0:
            return at
    return None


def _names(found: Sequence[Token]) -> Iterator[str]:
    depth, group, named = 0, "", False
    for at, token in enumerate(found):
        sign = token.text if token.kind is TokenKind.SYMBOL else ""
        if sign in _OPENING:
            depth += 1
            if depth == 1:
                group, named = sign, True
                if sign == "[":  # [Ring R] binds something even without a name
                    is_named = [each.text for each in found[at + 2 : at + 3]] == [":"]
                    yield found[at + 1].text if is_named else "_"
        elif sign in _CLOSING:
            depth -= 1
        elif depth == 1 and sign == ":":
            named = False
        elif token.kind is TokenKind.WORD and (
            depth == 0 or (depth == 1 and named and group != "[")
        ):
            yield token.text
