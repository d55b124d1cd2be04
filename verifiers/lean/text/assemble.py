"""Writes the sources that Lean compiles: the statement without its proof, and with a candidate's.

Of a body nothing stands before the statement and ``:=``, which are the task's. A file is the
candidate's own from the header on; whether it proves what was asked is seen when it is compiled.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from assayoffice.verifiers.lean.compiled.terms import parse
from assayoffice.verifiers.lean.task import Candidate, LeanTask
from assayoffice.verifiers.lean.text.imports import head
from assayoffice.verifiers.lean.text.lexer import Token, TokenKind, is_word, said_unclear, tokens

_DEFAULT_TARGET = LeanTask(statement="").target
_THEOREM = ("theorem", "lemma")
#: What stands for a proof in a statement as data sets have it.
_NO_PROOF = ((), ("by",), ("sorry",), ("by", "sorry"))
_CLOSING = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⦃": "⦄", "@[": "]"}
#: Words that are followed by a ``:=`` of their own.
_LETS = frozenset(("let", "have", "letI", "haveI", "let_fun"))
#: Words that Lean takes for no name, as far as they are likely in one.
_RESERVED = frozenset(
    (
        "_ _root_ at axiom by class def do else end example extends from fun have if import in "
        "include inductive instance let match mutual namespace notation open opaque prefix sorry "
        "section set_option show structure syntax then theorem universe variable where with"
    ).split()
)
# What `sorry` stands for, which itself needs more of a library than a header may have.
_UNPROVED = "sorryAx _ .false"
_NESTING = ("namespace", "section", "mutual", "end")
# Lean takes what stands in column 0 for the beginning of the next command.
_INDENT = "  "


class StatementError(ValueError):
    """A field of a task of which no theorem can be made: ``statement``, ``target``, ``context``."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class CandidateError(Exception):
    """A candidate that cannot be put where it belongs; the message is for people."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """A source with a candidate's text from ``first_line`` on, counted from 1.

    Its lines were moved by ``columns`` to the right, except for those that begin within a string.
    """

    source: str
    first_line: int
    columns: int


def normalized(task: LeanTask) -> LeanTask:
    """The task with nothing but a signature as its statement.

    A statement may be given as data sets have it, ``theorem NAME (x : T) : p := by sorry``. Its
    name is the target where the task names none.

    Raises StatementError.
    """
    _require_name(task.target)
    _require_no_namespace(_require_closed("context", task.context))
    found: Sequence[Token] = _require_clear(_require_closed("statement", task.statement))
    if found and found[0].text in (*_THEOREM, "example"):
        task, found = _taken_apart(task, found)
    if not found:
        raise StatementError("statement", "it is empty; give what stands between name and `:=`")
    _require_signature(found)
    statement = task.statement[found[0].start : found[-1].end]
    return replace(task, statement=statement)


def imports_of(header_source: str) -> tuple[str, ...]:
    """The modules that a header imports; Init is one of them unless it is a ``prelude``."""
    found = head(list(tokens(header_source)))
    named = dict.fromkeys(each.module for each in found.imports)
    return tuple(named if found.is_prelude else {"Init": None, **named})


def reference(header_source: str, task: LeanTask) -> str:
    """The statement without a proof. The task is a normalized one."""
    return f"{_until_proof(header_source, task)}{_INDENT}{_UNPROVED}\n"


def proof(task: LeanTask, text: str) -> str:
    """A candidate's text without what the task has said already: the beginning of the theorem.

    What is left stays in its place, so that lines and columns are those of ``text``. The task is a
    normalized one. Raises CandidateError where a body states another theorem.
    """
    if task.candidate is Candidate.FILE:
        return text
    # One by one: the text may still be longer than any that is read to its end.
    said = tokens(text)
    last = next(said, None)
    if last is None:
        return text
    if last.text in _THEOREM:
        for meant in tokens(f"{task.target}{_signature(task)} :="):
            last = next(said, None)
            if last is None:
                raise CandidateError("the statement is repeated, but no proof of it is given")
            if last.text != meant.text:
                raise CandidateError(
                    f"line {last.line}: the statement is another one than the task's: "
                    f"`{last.text}` where `{meant.text}` is to stand; give the proof alone"
                )
    return _blanked(text, last.end) if last.text == ":=" else text


def candidate(header_source: str, task: LeanTask, text: str, imports: Collection[str]) -> Assembled:
    """The source that has a candidate in its place. The task is a normalized one.

    A file may import what is in ``imports``; that is left out, since the header has it.

    Raises CandidateError.
    """
    text = proof(task, text)
    if task.candidate is Candidate.FILE:
        before, after = f"{header_source.rstrip()}\n", _without_head(header_source, text, imports)
        columns = 0
    else:
        before, after = _until_proof(header_source, task), _indented(text.rstrip())
        columns = len(_INDENT)
    return Assembled(f"{before}{after}\n", before.count("\n") + 1, columns)


def _until_proof(header_source: str, task: LeanTask) -> str:
    parts = [header_source.rstrip(), task.context.rstrip()]
    parts.append(f"theorem {task.target}{_signature(task)} :=")
    return "\n".join(part for part in parts if part) + "\n"


def _signature(task: LeanTask) -> str:
    # The `.{u}` of universes belongs to the name.
    return task.statement if task.statement.startswith(".") else f" {task.statement}"


def _indented(text: str) -> str:
    """All lines of a body moved to the right, but for those within a string."""
    ends = [0]
    for token in tokens(text):
        if "\n" in token.text:
            ends.extend((token.start, token.end))
    ends.append(len(text))
    pieces = [text[start:end] for start, end in zip(ends, ends[1:], strict=False)]
    # Strings are every other piece.
    for at in range(0, len(pieces), 2):
        pieces[at] = pieces[at].replace("\n", "\n" + _INDENT)
    return _INDENT + "".join(pieces)


def _without_head(header_source: str, text: str, imports: Collection[str]) -> str:
    found = list(tokens(text))
    said = head(found)
    if said.is_module:
        raise CandidateError("line 1: a candidate is no `module`; leave the word out")
    if said.is_prelude and not head(list(tokens(header_source))).is_prelude:
        raise CandidateError("line 1: the header is no `prelude`; leave the word out")
    for each in said.imports:
        if not each.is_plain:
            raise CandidateError(f"line {each.line}: only plain imports are allowed")
        if each.module not in imports:
            raise CandidateError(
                f"line {each.line}: {each.module} is nothing that the header imports; leave it out"
            )
    return _blanked(text, found[said.length - 1].end) if said.length else text


def _blanked(text: str, end: int) -> str:
    return "".join(each if each == "\n" else " " for each in text[:end]) + text[end:]


def _require_name(target: str) -> None:
    if not is_word(target) or any(part in _RESERVED for part in target.split(".")):
        raise StatementError("target", f"{target!r} is no name that a theorem can have")


def _require_closed(field: str, text: str) -> list[Token]:
    """The tokens of a text. Raises StatementError where they would swallow what follows."""
    found = list(tokens(text))
    if found and found[-1].kind is TokenKind.UNTERMINATED:
        unclosed = found[-1]
        raise StatementError(field, f"`{unclosed.text}` in line {unclosed.line} is never closed")
    return found


def _require_clear(found: Sequence[Token]) -> Sequence[Token]:
    """The tokens. Raises StatementError where Lean may see others in the text."""
    for token in found:
        if token.kind is TokenKind.UNCLEAR:
            raise StatementError("statement", f"line {token.line}: {said_unclear(token)}")
    return found


def _require_no_namespace(context: Sequence[Token]) -> None:
    """Raises StatementError where the theorem would get a longer name than the target's."""
    opened: list[str] = []
    for token, following in zip(context, (*context[1:], None), strict=False):
        if token.kind is not TokenKind.WORD or token.text not in _NESTING:
            continue
        named = following is not None and following.kind is TokenKind.WORD
        parts = parse(following.text) if following is not None and named else ("",)
        if token.text == "end":
            del opened[-len(parts) :]
        else:
            opened.extend(token.text for _ in parts)
    if "namespace" in opened:
        raise StatementError(
            "context", "it leaves a namespace open; close it, and give the target its full name"
        )


def _taken_apart(task: LeanTask, found: Sequence[Token]) -> tuple[LeanTask, Sequence[Token]]:
    """The task and the tokens of its signature, of a statement that is a whole theorem."""
    name = ""
    if found[0].text in _THEOREM:
        if len(found) < 2:
            raise StatementError("statement", f"nothing follows `{found[0].text}`")
        name = found[1].text
        if task.target not in (_DEFAULT_TARGET, name):
            raise StatementError(
                "target", f"it is {task.target}, but the statement is about {name}; leave it out"
            )
        _require_name(name)
        task = replace(task, target=name)
    end = _end(found)
    if tuple(token.text for token in found[end + 1 :]) not in _NO_PROOF:
        raise StatementError(
            "statement", "it has a proof; end it before `:=`, or with `:= by sorry` as its proof"
        )
    return task, found[2 if name else 1 : end]


def _require_signature(found: Sequence[Token]) -> None:
    if _end(found) < len(found):
        raise StatementError("statement", "`:=` ends it; give what stands before")
    if not any(
        token.text == ":" and not depth for token, depth in zip(found, _depths(found), strict=True)
    ):
        raise StatementError("statement", "it lacks the `:` before what is to be proved")


def _end(found: Sequence[Token]) -> int:
    """Where the ``:=`` is that ends a signature; behind the last token if there is none."""
    lets = 0
    for at, depth in enumerate(_depths(found)):
        if depth:
            continue
        if found[at].text in _LETS:
            lets += 1
        elif found[at].text == ":=" and not lets:
            return at
        elif found[at].text == ":=":
            lets -= 1
    return len(found)


def _depths(found: Sequence[Token]) -> list[int]:
    """How deep in brackets each token is. Raises StatementError where they do not match."""
    awaited: list[str] = []
    depths = []
    for token in found:
        # A string whose first part ends in a brace goes on behind the code in it.
        sign = token.text if token.kind is TokenKind.SYMBOL else ""
        if token.kind is TokenKind.TEXT and token.text.endswith("{"):
            sign = "{"
        if sign in _CLOSING.values() and (not awaited or awaited.pop() != sign):
            raise StatementError("statement", f"`{sign}` in line {token.line} closes nothing")
        depths.append(len(awaited))
        if sign in _CLOSING:
            awaited.append(_CLOSING[sign])
    if awaited:
        raise StatementError("statement", f"a `{awaited[-1]}` is missing")
    return depths
