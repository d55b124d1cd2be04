"""Where a parse stands in its tokens, and the guards every rule of the grammar shares."""

from typing import NoReturn

from assayoffice.verifiers.numeric.expression import Node
from assayoffice.verifiers.numeric.limits import MAX_DEPTH, TooLargeError
from assayoffice.verifiers.numeric.tokens import END, Token, UnreadableError


class Cursor:
    """A position in a list of tokens that ends in one of kind END.

    ``bar_ends`` says that a bar closes what is being read (in ``|x|`` or before the condition of a
    set builder) instead of opening an absolute value. The list is private to the parse: a rule may
    split the token it looks at.
    """

    __slots__ = (
        "tokens",
        "index",
        "token",
        "depth",
        "bar_ends",
        "colon_ends",
        "in_cases",
        "integrals",
        "bound_i",
    )

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.index = 0
        self.token = tokens[0]
        self.depth = 0
        self.bar_ends = False
        self.colon_ends = False
        self.in_cases = False
        self.integrals = 0
        self.bound_i = False

    def advance(self) -> Token:
        """The token looked at; then look at the next."""
        token = self.token
        if token.kind != END:
            self.index += 1
            self.token = self.tokens[self.index]
        return token

    def skip(self, count: int) -> None:
        for _ in range(count):
            self.advance()

    def peek(self, ahead: int = 1) -> Token:
        index = self.index + ahead
        return self.tokens[index] if index < len(self.tokens) else self.tokens[-1]

    def previous(self) -> Token | None:
        return self.tokens[self.index - 1] if self.index else None

    def accept(self, text: str) -> bool:
        if self.token.text == text:
            self.advance()
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            self.fail(f"expected {text}")

    def split(self, *parts: str) -> None:
        """Put one token for each of ``parts`` in place of the token looked at."""
        token = self.token
        self.tokens[self.index : self.index + 1] = [
            token._replace(text=part, spaced=token.spaced and number == 0)
            for number, part in enumerate(parts)
        ]
        self.token = self.tokens[self.index]

    def enter(self) -> None:
        """Go one level deeper. Raises TooLargeError beyond the allowed depth."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooLargeError("DEPTH")

    def leave(self) -> None:
        self.depth -= 1

    def fail(self, message: str) -> NoReturn:
        found = self.token.text or "the end"
        raise UnreadableError(f"{message}, found {found}", self.token.position)

    # The levels of the grammar that the rules of nested constructs call back; see parser.py.

    def sequence(self) -> Node:
        """Items separated by commas, semicolons, "and" or "or"; a single item is itself."""
        raise NotImplementedError

    def item(self) -> Node:
        """A relation, words, or a value, with its condition if it has one."""
        raise NotImplementedError

    def sum(self) -> Node:
        raise NotImplementedError

    def product(self) -> Node:
        raise NotImplementedError

    def power(self) -> Node:
        """An atom with its exponents, subscripts and factorials."""
        raise NotImplementedError

    def atom(self) -> Node:
        raise NotImplementedError
