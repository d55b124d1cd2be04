"""Reads an answer: lists of relations of ratios of set operations of sums of products.

The grammar, loosest first; each level is one method of the same name::

    sequence      item (("," | ";" | "and" | "or" | line break) item)*
    item          words | label (":" | "=") item | relation condition?
    relation      side (("=" | "<" | "in" | ...) side)*
    side          union (":" union)*  modulus?
    union         intersection (("union" | "difference") intersection)*
    intersection  sum ("intersection" sum)*
    sum           signed (("+" | "-" | "±") signed)*
    product       power (("*" | "/" | nothing) power | unit)*
    power, atom   see atoms.py, measures.py, brackets.py, functions.py

Nothing is decided by convention here: ``(1,2)`` is a tuple and ``[1,2]`` a bracket, whatever they
stand for. No token is dropped: a text that the grammar does not cover is prose if it has words
(prose.py) and unreadable otherwise. Not covered: implications, quantifiers other than "for all",
derivatives other than dy/dx.
"""

import re
from fractions import Fraction
from typing import Final

from assayoffice.verifiers.numeric import prose, words
from assayoffice.verifiers.numeric.arithmetic import Arithmetic
from assayoffice.verifiers.numeric.expression import (
    Call,
    Labelled,
    Multiply,
    Negate,
    Node,
    Number,
    Ratio,
    Relation,
    Sequence,
    SetOperation,
    Text,
    Unit,
    Where,
    children,
)
from assayoffice.verifiers.numeric.limits import MAX_DEPTH, TooLargeError
from assayoffice.verifiers.numeric.tokens import (
    END,
    FINISH,
    NAME,
    NUMBER,
    Token,
    clean,
    tokenize,
)
from assayoffice.verifiers.numeric.tokens import UnreadableError as UnreadableError

_PLAIN: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_RELATIONS: Final = {
    "=": "=", "~": "~", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
    "\\in": "in", "\\notin": "notin", "\\subset": "subset", "\\equiv": "equiv", "\\to": "to",
}  # fmt: skip
_SEPARATORS: Final = frozenset((",", ";", "and", "or", "\\and", "\\or", "\\\\", "remainder"))
_BOUNDS: Final = (["at", "most"], ["at", "least"])
_CLOSERS: Final = frozenset((")", "]", "}", "\\}", "&", ""))
_OPTION_VALUES: Final = frozenset((NUMBER, NAME))


def parse(text: str, *, thousands: bool = True) -> Node:
    """The syntax tree of an answer.

    ``thousands`` says whether ``12,345`` is one number; with False it is a list of two.
    Raises UnreadableError where a part of the text has no reading, and TooLargeError over the caps.
    """
    if _PLAIN.fullmatch(text):
        value = Number(Fraction(int(text.lstrip("-"))))
        return Negate(value) if text.startswith("-") else value
    cleaned = clean(text)
    if not cleaned:
        raise UnreadableError("an empty answer")
    try:
        tokens = tokenize(cleaned, thousands=thousands)
        count = len(tokens)
        node = Parser(tokens).answer()
    except UnreadableError:
        reading = prose.read(cleaned, lambda part: Parser(tokenize(part)).answer())
        if reading is None:
            raise
        return reading
    if count > MAX_DEPTH:
        _check_height(node)
    if _is_sentence(node):
        return Text(prose.plain(cleaned))
    return node


def _is_sentence(node: Node) -> bool:
    """Whether a list is a sentence that its commas took apart."""
    return (
        isinstance(node, Sequence)
        and node.kind == "list"
        and all(isinstance(item, Text) for item in node.items)
        and any(isinstance(item, Text) and item.words.count(" ") > 3 for item in node.items)
    )


def _check_height(node: Node) -> None:
    """Turn away chains such as ``1/1/1/...``, whose trees are as deep as nested brackets."""
    level: list[Node] = [node]
    for _ in range(3 * MAX_DEPTH):
        level = [child for parent in level for child in children(parent)]
        if not level:
            return
    raise TooLargeError("DEPTH")


class Parser(Arithmetic):
    """One parse of one list of tokens, which it uses up."""

    __slots__ = ()

    def answer(self) -> Node:
        """The whole text as one node."""
        node = self.sequence()
        if self.token.kind != END:
            self.fail("expected nothing more")
        return node

    def sequence(self) -> Node:
        groups: list[list[Node]] = [[self.item()]]
        joiner = ","
        while self.token.text in _SEPARATORS:
            separator = self.separator()
            if separator in ("and", "or") and joiner != "or":
                joiner = separator
            if self.token.kind == NAME and self.token.text in words.CONDITIONS:
                groups[-1][-1] = self.conditioned(groups[-1][-1])
                continue
            if separator == ";":
                groups.append([])
            if separator == "remainder":
                groups[-1].append(Labelled("remainder", self.item()))
            else:
                groups[-1].append(self.item())
        if len(groups) > 1 and all(len(group) == 1 for group in groups):
            groups = [[group[0] for group in groups]]
        items = [
            group[0] if len(group) == 1 else Sequence("list", tuple(group), joiner)
            for group in groups
        ]
        return items[0] if len(items) == 1 else Sequence("list", tuple(items))

    def separator(self) -> str:
        """Pass over a separator; of ``, and`` the word counts. Line breaks are like commas."""
        text = self.advance().text.lstrip("\\")
        if text == "":
            text = ","
        if text in (",", ";") and self.token.text in ("and", "or", "\\and", "\\or"):
            text = self.advance().text.lstrip("\\")
        return text

    def item(self) -> Node:
        token = self.token
        if token.kind == NAME and len(token.text) > 1:
            if token.text in words.CONDITIONS and self.in_cases:
                return self.condition(self.introduction())
            node = self.words()
            if node is not None:
                return node
        if self.index == 0 and (token.text in words.OPTIONS or token.text == "("):
            label = self.option()
            if label:
                return Labelled(label, self.item())
        if token.text == "~":
            self.advance()
            return Call("approx", (self.sum(),))
        if token.text == "\\forall":
            return self.universal()
        node = self.relation()
        if self.token.kind == NAME and self.token.text in words.CONDITIONS:
            node = self.conditioned(node)
        return node

    def words(self) -> Node | None:
        """Words alone, or words that label a value; None where mathematics begins."""
        ahead = 0
        run: list[str] = []
        while True:
            token = self.peek(ahead)
            if token.kind != NAME or token.text in words.JOINERS:
                break
            run.append(token.text)
            ahead += 1
        following = self.peek(ahead)
        named = len(run) == 1 and run[0].isupper() and following.text == "="  # AB = 4
        if not named and not self.token.upright and not any(map(words.is_word, run)):
            return None
        if following.text in _SEPARATORS or self.closes(following):
            self.skip(ahead)
            return Text(" ".join(run))
        if following.text in (":", "=") and not self.colon_ends:
            altering = words.ALTERING - {"not"}  # "not" is left to names.py
            if not altering.isdisjoint(map(str.lower, run)) or run[-2:] in _BOUNDS:
                self.fail("a label that denies its value")
            self.skip(ahead + 1)
            self.enter()
            item = self.item()
            self.leave()
            return Labelled(" ".join(run), item)
        return None

    def option(self) -> str:
        """Pass over the letter of an option before its value: ``B) 42``, ``(B) 42``."""
        start = 1 if self.token.text == "(" else 0
        letter, closer, value = self.peek(start), self.peek(start + 1), self.peek(start + 2)
        closes = closer.text == ")" or (closer.text == "." and not start)
        if letter.text not in words.OPTIONS or not closes or not value.spaced:
            return ""
        if value.text in _SEPARATORS or value.kind not in _OPTION_VALUES:
            return ""
        self.skip(start + 2)
        return letter.text

    def closes(self, token: Token) -> bool:
        return token.text in _CLOSERS or token.kind == FINISH

    def universal(self) -> Node:
        """``\\forall x > 0, statement``."""
        self.advance()
        self.enter()
        condition = self.relation()
        if self.token.text not in (",", ":"):
            self.fail("expected what holds for all")
        self.advance()
        node = self.item()
        self.leave()
        return Where(node, condition)

    def conditioned(self, node: Node) -> Node:
        """``node`` under the condition looked at: ``for all x``, ``where k \\in Z``."""
        return Where(node, self.condition(self.introduction()))

    def introduction(self) -> list[str]:
        """Pass over the words that introduce a condition."""
        label: list[str] = []
        while self.token.kind == NAME and (len(self.token.text) > 1 or self.token.text == "a"):
            if self.token.text in words.JOINERS:
                break
            label.append(self.advance().text)
        return label

    def condition(self, label: list[str]) -> Node:
        """What follows the words of a condition; the words too, unless they only introduce it."""
        if self.token.text in _SEPARATORS or self.closes(self.token):
            return Text(" ".join(label))
        self.enter()
        condition = self.relation()
        self.leave()
        plain = {"for", "all", "any", "every", "each", "where", "when", "if", "with"}
        return condition if plain.issuperset(label) else Labelled(" ".join(label), condition)

    def relation(self) -> Node:
        first = self.side()
        operator = self.operator()
        if operator is None:
            return first
        terms, operators = [first], []
        while operator is not None:
            self.advance()
            operators.append(operator)
            terms.append(self.side())
            operator = self.operator()
        return Relation(tuple(terms), tuple(operators))

    def operator(self) -> str | None:
        """The relation looked at, if it is one."""
        return "in" if self.at_plain_membership() else _RELATIONS.get(self.token.text)

    def side(self) -> Node:
        node = self.union()
        if self.token.text == ":" and not self.colon_ends:
            items = [node]
            while self.accept(":"):
                items.append(self.union())
            node = Ratio(tuple(items))
            if len(items) == 2 and self.token.kind == NAME:
                node = self.time_of_day(node)
        if self.token.text == "\\mod":
            self.advance()
            node = Call("mod", (node, self.power()))
        elif self.token.text == "(" and self.peek().text in ("mod", "\\mod"):
            self.skip(2)
            node = Call("mod", (node, self.sum()))
            self.expect(")")
        return node

    def time_of_day(self, clock: Node) -> Node:
        half = self.half_of_the_day()
        if not half:
            return clock
        self.skip(1 if len(self.token.text) == 2 else 3)
        self.accept(".")
        return Multiply((clock, Unit(half)))

    def union(self) -> Node:
        node = self.intersection()
        links = 0
        while True:
            text = self.token.text
            if text == "\\cup" or self.at_plain_union():
                kind = "union"
            elif text == "\\setminus":
                kind = "difference"
            else:
                return node
            self.advance()
            node = SetOperation(kind, node, self.intersection())
            links += 1
            if links > MAX_DEPTH:
                raise TooLargeError("DEPTH")

    def intersection(self) -> Node:
        node = self.sum()
        links = 0
        while self.accept("\\cap"):
            node = SetOperation("intersection", node, self.sum())
            links += 1
            if links > MAX_DEPTH:
                raise TooLargeError("DEPTH")
        return node
