"""What is not looked at any further, before Lean is asked, and said in words that help.

It explains and saves time; some of it may stand beside a right proof, and no proof needs it. It
keeps nothing out for good: a library may give any word a meaning, so what a proof is allowed to do
is settled by the audit of what was compiled and by its replay, neither of which reads a source.
"""

import re
from collections.abc import Mapping, Sequence

from assayoffice.verifiers.lean.compiled.terms import parse
from assayoffice.verifiers.lean.task import Candidate
from assayoffice.verifiers.lean.text.attributes import (
    adds_rules,
    against_attributes,
    against_rules,
    begins_attributes,
)
from assayoffice.verifiers.lean.text.imports import head
from assayoffice.verifiers.lean.text.lexer import (
    OPENING,
    Token,
    TokenKind,
    is_word,
    said_unclear,
    tokens,
)
from assayoffice.verifiers.lean.text.words import (
    COMMAND,
    COMPILED,
    HASH_COMMANDS,
    MODIFIES,
    NEVER,
    NEVER_FIRST,
    NEVER_FIRST_IN_BODY,
    NEVER_IN_BODY,
    NEVER_NAMED,
    NEVER_PARTS,
    NOTATIONS,
    RUNS,
    SHOWING,
    STOPS,
)

MAX_BYTES = 64 << 10
#: Twenty times Lean's own limit. No proof needs more than a task's CPU time allows.
MAX_HEARTBEATS = 4_000_000
MAX_RECURSION_DEPTH = 100_000

# Control characters and those that make text read otherwise than it is.
_INVISIBLE = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\u202a-\u202e\u2066-\u2069]|\\r(?!\\n)"
)

# In a notation: brackets, and what is a part of a comment, string or name, or may be one with what
# follows it or stands before it.
_MISLEADING = re.compile(r"""["'`«».\\()\[\]{}]|--|/-|-/|[\w!?⟩=>↦·←][-/]|[,;⟨⦃].""")
# Options that have Lean believe what it did not check. They are looked for in the text itself, in
# comments and strings as well, since no library can have Lean read them otherwise.
_UNCHECKED = re.compile("skipKernelTC|byAsSorry|proofAsSorry|terminalTacticsAsSorry")

# Tuples, since all of one are looked for at once.
_HASH_COMMANDS = tuple(HASH_COMMANDS)
_ENDINGS = ("set_option", *NEVER)

#: What may come before a step of a proof on its line, or before a command.
_BEFORE_A_STEP = frozenset(
    "by ; <;> · . ( { => | try repeat first all_goals any_goals then else do focus".split()
)
#: Of an ``open ... in``.
_OPENED = frozenset(("(", ")", ",", "->", "→"))

_CAPPED_OPTIONS: Mapping[str, int] = {
    "maxHeartbeats": MAX_HEARTBEATS,
    "synthInstance.maxHeartbeats": MAX_HEARTBEATS,
    "synthInstance.maxSize": 10_000,
    "maxSynthPendingDepth": 100,
    "maxRecDepth": MAX_RECURSION_DEPTH,
    "exponentiation.threshold": 100_000,
}
_SWITCHES = frozenset(
    ("autoImplicit", "relaxedAutoImplicit", "quotPrecheck", "checkBinderAnnotations", "genCtorIdx")
)
_SWITCH_GROUPS = frozenset(("pp", "linter", "backward"))


def screen(text: str, candidate: Candidate) -> str:
    """The first objection to a candidate, for people; empty where there is none.

    It names line and token, and what to do about it.
    """
    if objection := _unreadable(text):
        return objection
    return objection_to(list(tokens(text)), candidate)


def objection_to(found: Sequence[Token], candidate: Candidate) -> str:
    """The first objection to the tokens of a candidate. It visits each of them a few times."""
    body = candidate is Candidate.BODY
    # Which imports a file may have is seen when it is assembled.
    for at in range(0 if body else head(found).length, len(found)):
        if said := _said(found, at, body):
            return f"line {found[at].line}: `{_shown(found[at])}` {said}"
    return ""


def _unreadable(text: str) -> str:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "the text is not Unicode: it holds half of a surrogate pair"
    if size > MAX_BYTES:
        return f"the text has {size:,} bytes; {MAX_BYTES:,} are allowed"
    if found := _INVISIBLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        return f"line {line}: the character U+{ord(found[0][0]):04X} is not allowed; leave it out"
    if found := _UNCHECKED.search(text):
        line = text.count("\n", 0, found.start()) + 1
        return f"line {line}: `{found[0]}` leaves proofs unchecked; leave it out, comments included"
    return ""


def _said(found: Sequence[Token], at: int, body: bool) -> str:
    """What is to be said against a token."""
    token = found[at]
    match token.kind:
        case TokenKind.UNTERMINATED:
            return "begins a comment, string or name that is never closed; close it"
        case TokenKind.UNCLEAR:
            return said_unclear(token)
        case TokenKind.HASH_WORD:
            return _against_hash_word(token.text, body) or _against_end(token.text)
        case TokenKind.SYMBOL if token.text == "@[":
            if body:
                return MODIFIES
            return against_attributes(found, at + 1)
        case TokenKind.WORD:
            said = _against_word(found, at, body) or _against_name(found, at)
            return said or ("" if _is_apart(found, at) else _against_end(token.text))
        case _:
            return ""


def _against_hash_word(text: str, body: bool) -> str:
    # To Lean a command ends where no longer one goes on: `#evalx` is `#eval x`.
    if not text.startswith(_HASH_COMMANDS):
        return ""
    command = max((each for each in HASH_COMMANDS if text.startswith(each)), key=len)
    if text != command:
        return f"begins with `{command}`; put a space behind its `#`, or behind the command"
    if body:
        return COMMAND
    if text in SHOWING:
        return ""
    return STOPS if text == "#exit" else "runs code or searches inside of Lean; leave it out"


def _against_end(text: str) -> str:
    """What is to be said against a word of which a notation may take the first letters."""
    # As `≃o` does in `a ≃ounsafe`.
    if not text.endswith(_ENDINGS) or text in _ENDINGS:
        return ""
    word = max((each for each in _ENDINGS if text.endswith(each)), key=len)
    return f"may end in `{word}`; put a space before it"


def _is_apart(found: Sequence[Token], at: int) -> bool:
    """Whether no notation that has begun before a word can take letters of it."""
    if at == 0 or found[at - 1].end < found[at].start:
        return True
    return found[at - 1].text in OPENING or _is_field(found, at)


def _against_word(found: Sequence[Token], at: int, body: bool) -> str:
    text = found[at].text
    if text == "set_option":
        return _against_option(found, at, body)
    is_field = _is_field(found, at)
    if not body and begins_attributes(found, at):
        return against_attributes(found, at + 2)
    if text in NOTATIONS and not body and (said := _against_notation(found, at)):
        return said
    if not body and adds_rules(found, at):
        if said := against_rules(found, at + 1, several=True):
            return said
    if text == "unsafe" and at > 1 and (adds_rules(found, at - 1) or _is_rule(found, at)):
        return ""
    if text == "open" and body and not is_field and not _is_local_open(found, at):
        return "without `in` begins a command, and a body is one proof; write `open ... in`"
    if text == "scoped" and at and found[at - 1].text == "open":
        return ""
    said = NEVER.get(text, "")
    if is_field or said:
        return said
    said = NEVER_IN_BODY.get(text, "") if body else ""
    if not said and _is_first(found, at):
        said = NEVER_FIRST.get(text, "") or (NEVER_FIRST_IN_BODY.get(text, "") if body else "")
    return said


def _is_rule(found: Sequence[Token], at: int) -> bool:
    """Whether a word says of what sort a rule is: ``@[aesop unsafe 50% apply]``."""
    return found[at - 1].text == "aesop" and found[at - 2].text in ("@[", "[", ",")


def _against_name(found: Sequence[Token], at: int) -> str:
    parts = parse(found[at].text)
    if not NEVER_PARTS.isdisjoint(parts):
        return RUNS
    name = parts[-1]
    if name == "native" and _is_switched_on(found, at):
        return COMPILED
    return NEVER_NAMED.get(str(name), "")


def _is_switched_on(found: Sequence[Token], at: int) -> bool:
    """Whether an option of a tactic is: ``+native`` or ``native := true``."""
    before = found[at - 1] if at else None
    if before is not None and before.text == "+" and before.end == found[at].start:
        return True
    return [token.text for token in found[at + 1 : at + 3]] == [":=", "true"]


def _is_field(found: Sequence[Token], at: int) -> bool:
    """Whether a word is what a dot right before it selects: ``(f x).end``, ``.end``."""
    if at == 0 or found[at - 1].text != "." or found[at - 1].end != found[at].start:
        return False
    # A dot may also be written for the bullet of a step.
    follows = at > 1 and found[at - 2].end == found[at - 1].start
    return follows or not _is_first(found, at - 1)


def _is_first(found: Sequence[Token], at: int) -> bool:
    """Whether a step of a proof or a command may begin with a token."""
    if at == 0:
        return True
    before = found[at - 1]
    return before.line < found[at].line or before.text in _BEFORE_A_STEP


def _is_local_open(found: Sequence[Token], at: int) -> bool:
    # Each token is passed for one `open` at most, as below for one `@[`.
    for place in range(at + 1, len(found)):
        token = found[place]
        if token.text == "in":
            return True
        if token.text == "open" or not (token.kind is TokenKind.WORD or token.text in _OPENED):
            return False
    return False


def _against_option(found: Sequence[Token], at: int, body: bool) -> str:
    following = [token.text for token in found[at + 1 : at + 4]]
    name, value, after = (*following, "", "", "")[:3]
    if body and after != "in":
        return "without `in` begins a command, and a body is one proof; write `set_option ... in`"
    if cap := _CAPPED_OPTIONS.get(name):
        digits = value.replace("_", "")
        if digits.isascii() and digits.isdigit() and len(digits) < 20 and 0 < int(digits) <= cap:
            return ""
        return f"sets {name} to {value or 'nothing'}; from 1 to {cap} is allowed"
    is_switch = name in _SWITCHES or name.partition(".")[0] in _SWITCH_GROUPS
    if is_switch and value in ("true", "false"):
        return ""
    return f"sets {name or 'nothing'}, which no proof needs; leave it out"


def _against_notation(found: Sequence[Token], at: int) -> str:
    """What is to be said against how a notation is written."""
    depth = 0
    for place in range(at + 1, len(found)):
        token = found[place]
        depth += (token.text == "(") - (token.text == ")")
        # Within brackets are the arrows of `(scoped f => ...)`.
        if (token.text == "=>" and not depth) or token.text in NOTATIONS:
            return ""
        if token.kind is TokenKind.TEXT and not _is_plain(token.text[1:-1].strip()):
            return f"makes a notation of {token.text}, which is easily misread; choose another"
    return ""


def _is_plain(atom: str) -> bool:
    """Whether what Lean reads otherwise for a notation are the letters of its own alone."""
    return _MISLEADING.search(atom) is None or (is_word(atom) and "«" not in atom)


def _shown(token: Token) -> str:
    return token.text if len(token.text) <= 40 else token.text[:40] + "..."
