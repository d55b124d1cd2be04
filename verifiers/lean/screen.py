"""What can be seen to be no proof before Lean is asked, and said in words that help.

It explains and saves time. It keeps nothing out for good: a library may give any word a meaning, so
what a proof is allowed to do is settled by the audit of what was compiled, which reads no source.
"""

import re
from collections.abc import Mapping, Sequence

from assayoffice.verifiers.lean.imports import head
from assayoffice.verifiers.lean.lexer import (
    OPENING,
    Token,
    TokenKind,
    is_word,
    said_unclear,
    tokens,
)
from assayoffice.verifiers.lean.task import Candidate
from assayoffice.verifiers.lean.terms import parse

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
_MISLEADING = re.compile(r"""["'`«».\\()\[\]{}]|--|/-|-/|[\w!?⟩][-/]|[,;⟨⦃].""")
# Options that have Lean believe what it did not check. They are looked for in the text itself, in
# comments and strings as well, since no library can have Lean read them otherwise.
_UNCHECKED = re.compile("skipKernelTC|byAsSorry|proofAsSorry|terminalTacticsAsSorry")

_RUNS = "runs code of its own inside of Lean; use the tactics that there are"
_ASSUMES = "leaves something unproved; prove it"
_SUGGESTS = "searches for a proof and is none; put what it suggests in its place"
_COMPILED = "trusts compiled code, which no kernel checks; use `decide` or `norm_num`"
_COMMAND = "begins a command, and a body is one proof; use `have` or `let` inside of the proof"
_MODIFIES = "belongs to a declaration, and a body is one proof; leave it out"
_HEADER = "belongs to the header, which the task sets; leave it out"
_PRINTS = "prints while Lean runs, and proves nothing; leave it out"
_STOPS = "has Lean ignore the rest; leave it out"

#: Words that no candidate may use, wherever they stand.
_NEVER: Mapping[str, str] = {
    **dict.fromkeys(("axiom", "init_quot"), "assumes something instead of proving it; prove it"),
    "sorry": _ASSUMES,
    "unsafe": "steps out of what the kernel checks; leave it out",
    **dict.fromkeys(("prelude", "import"), _HEADER),
    "native_decide": _COMPILED,
    **dict.fromkeys(
        (
            "elab elab_rules macro macro_rules syntax declare_syntax_cat binder_predicate "
            "initialize builtin_initialize run_cmd run_elab run_meta run_tac run_conv by_elab "
            "simproc dsimproc simproc_decl dsimproc_decl builtin_simproc builtin_dsimproc "
            "register_option register_builtin_option register_simp_attr register_label_attr "
            "declare_config_elab declare_command_config_elab declare_simp_like_tactic "
            "builtin_simproc_decl builtin_dsimproc_decl cbv_simproc_decl builtin_cbv_simproc_decl "
            "cbv_simproc builtin_cbv_simproc grind_propagator builtin_grind_propagator "
            "register_try?_tactic register_hint set_library_suggestions set_premise_selector "
            "add_aesop_rules leading_parser trailing_parser idbg"
        ).split(),
        _RUNS,
    ),
    "unlock_limits": "lets Lean run without end; leave it out",
    **dict.fromkeys("dbg_trace debug_assert!".split(), _PRINTS),
    **dict.fromkeys(("include_str", "include_bytes"), "reads a file; write out what it says"),
    **dict.fromkeys(
        (
            "exact? apply? rw? rw?? simp? simp_all? simpa? dsimp? aesop? norm_num? grind? omega? "
            "linarith? ring? try? observe? have? decide? fun_prop? show_term?"
        ).split(),
        _SUGGESTS,
    ),
}
#: Words that others may use as names, where a step of a proof or a command may begin.
_NEVER_FIRST: Mapping[str, str] = {
    "admit": _ASSUMES,
    "stop": _STOPS,
    **dict.fromkeys(("hint", "polyrith"), _SUGGESTS),
    **dict.fromkeys(("plausible", "slim_check"), "looks for counterexamples and proves nothing"),
}
#: Constants and attributes by their last component.
_NEVER_NAMED: Mapping[str, str] = {
    "sorryAx": _ASSUMES,
    **dict.fromkeys(("lcProof", "lcUnreachable"), _ASSUMES),
    **dict.fromkeys(("ofReduceBool", "ofReduceNat", "trustCompiler"), _COMPILED),
    **dict.fromkeys(
        (
            "dbgTrace dbgTraceVal dbgTraceIfShared dbgSleep dbgStackTrace dbg_trace_if_shared "
            "dbg_stack_trace dbg_sleep"
        ).split(),
        _PRINTS,
    ),
    "unsafeCast": "changes types unseen; leave it out",
    **dict.fromkeys(
        ("implemented_by", "extern", "csimp"),
        "has compiled code differ from what is proved; leave it out",
    ),
}
#: Parts of names that programs for Lean itself are made of. ``Jsx`` reads text in its own way.
_NEVER_PARTS = frozenset(
    (
        "TacticM MetaM TermElabM CommandElabM CoreM MacroM SimpM GrindM RuleTac SingleRuleTac "
        "TacGen Simproc DSimproc Elab Jsx"
    ).split()
)
_NEVER_IN_BODY: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "def theorem abbrev opaque instance structure inductive coinductive class example "
            "namespace section end export variable universe include omit notation infix infixl "
            "infixr prefix postfix attribute mutual add_decl_doc"
        ).split(),
        _COMMAND,
    ),
    **dict.fromkeys(
        (
            "private protected noncomputable partial scoped local public meta nonrec deriving"
        ).split(),
        _MODIFIES,
    ),
}
_NEVER_FIRST_IN_BODY: Mapping[str, str] = {
    **dict.fromkeys(("lemma", "constant", "alias", "unif_hint", "notation3"), _COMMAND),
    "module": _HEADER,
}
#: What a line may go on with. Others are notations, such as ``#s`` for how many elements s has.
_HASH_COMMANDS = frozenset(
    (
        "#check #check_failure #check_simp #check_tactic #conv #count_heartbeats #discr_tree_key "
        "#eval #eval! #exit #explode #find #find_home #guard #guard_expr #guard_msgs #help "
        "#html #instances #leansearch #lint #loogle #min_imports #moogle #norm_num #print "
        "#check_assertions #dump_async_env_state #import_path #show_deprecated_modules "
        "#push_cast #reduce #search #show_kind #simp #statesearch #synth #trans_imports #unfold? "
        "#version #whnf #whnfR #where #widget #with_exporting"
    ).split()
)
#: Those that only show what there is, and are often left behind.
_SHOWING = frozenset(("#check", "#check_failure", "#print", "#synth", "#version", "#where"))

#: Commands after which strings say how a notation is written, up to ``=>``.
_NOTATIONS = frozenset("notation notation3 infix infixl infixr prefix postfix".split())

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

#: Attributes that tell tactics, notations or printing what to use, and run nothing.
_ATTRIBUTES = frozenset(
    (
        "aesop always_inline bound cases_eliminator class coe congr "
        "continuity default_instance deprecated elab_as_elim elab_without_expected_type "
        "elementwise eqns expose ext field_simps fun_prop gcongr ghost_simps grind higher_order "
        "induction_eliminator inherit_doc inline instance instance_reducible irreducible "
        "macro_inline match_pattern measurability mfld_simps mono never_extract "
        "no_expose noinline nolint norm_cast nospecialize parity_simps "
        "pp_nodot pp_using_anonymous_constructor push push_cast pull reassoc reducible refl rfl "
        "semireducible simp simps specialize symm to_additive to_dual to_fun trans "
        "unification_hint wf_preprocess zify_simps"
    ).split()
)
_QUALIFIERS = frozenset(("local", "scoped"))
#: How a rule of aesop is made of a theorem. If nothing is said, it may be a program to run.
_BUILDERS = frozenset("apply cases constructors destruct forward simp unfold".split())
_PHASES = frozenset(("safe", "unsafe", "norm"))


def screen(text: str, candidate: Candidate) -> str:
    """The first objection to a candidate, for people; empty where there is none.

    It names line and token, and what to do about it.
    """
    if objection := _unreadable(text):
        return objection
    found = list(tokens(text))
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
                return _MODIFIES
            return _against_attributes(found, at + 1)
        case TokenKind.WORD:
            said = _against_word(found, at, body) or _against_name(found, at)
            return said or ("" if _is_apart(found, at) else _against_end(token.text))
        case _:
            return ""


def _against_hash_word(text: str, body: bool) -> str:
    # To Lean a command ends where no longer one goes on: `#evalx` is `#eval x`.
    command = max((each for each in _HASH_COMMANDS if text.startswith(each)), key=len, default="")
    if not command:
        return ""
    if text != command:
        return f"begins with `{command}`; put a space behind its `#`, or behind the command"
    if body:
        return _COMMAND
    if text in _SHOWING:
        return ""
    return _STOPS if text == "#exit" else "runs code or searches inside of Lean; leave it out"


def _against_end(text: str) -> str:
    """What is to be said against a word of which a notation may take the first letters."""
    # As `≃o` does in `a ≃ounsafe`.
    for word in ("set_option", *_NEVER):
        if text.endswith(word) and text != word:
            return f"may end in `{word}`; put a space before it"
    return ""


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
    if text == "attribute" and not body:
        return _against_attributes(found, at + 2)
    if text in _NOTATIONS and not body and (said := _against_notation(found, at)):
        return said
    if not body and _adds_rules(found, at) and (said := _against_rules(found, at + 1)):
        return said
    if text == "unsafe" and at and (_adds_rules(found, at - 1) or found[at - 1].text == "aesop"):
        return ""
    if text == "open" and body and not is_field and not _is_local_open(found, at):
        return "without `in` begins a command, and a body is one proof; write `open ... in`"
    if text == "scoped" and at and found[at - 1].text == "open":
        return ""
    said = _NEVER.get(text, "")
    if is_field or said:
        return said
    said = _NEVER_IN_BODY.get(text, "") if body else ""
    if not said and _is_first(found, at):
        said = _NEVER_FIRST.get(text, "") or (_NEVER_FIRST_IN_BODY.get(text, "") if body else "")
    return said


def _against_name(found: Sequence[Token], at: int) -> str:
    parts = parse(found[at].text)
    if not _NEVER_PARTS.isdisjoint(parts):
        return _RUNS
    name = parts[-1]
    if name == "native" and _is_switched_on(found, at):
        return _COMPILED
    return _NEVER_NAMED.get(str(name), "")


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


def _against_attributes(found: Sequence[Token], at: int) -> str:
    """What is to be said against the attributes in square brackets, from the first one on."""
    depth, is_name = 0, True
    for place in range(at, len(found)):
        token = found[place]
        if token.text in ("[", "("):
            depth += 1
        elif token.text in ("]", ")"):
            depth -= 1
        elif token.text == "," and depth == 0:
            is_name = True
        elif token.text == "attr":
            # Attributes for what an attribute makes: `to_additive (attr := simp, norm_cast)`.
            if said := _against_attributes(found, place + 2):
                return said
        elif token.kind is TokenKind.WORD and is_name and token.text not in _QUALIFIERS:
            is_name = False
            if token.text not in _ATTRIBUTES:
                return f"gives the attribute {token.text}, which no proof needs; leave it out"
            if token.text == "aesop" and (said := _against_rules(found, place + 1)):
                return said
        if depth < 0 or token.text == "@[":
            return ""
    return ""


def _against_rules(found: Sequence[Token], at: int) -> str:
    """What is to be said against the rules of aesop, of an attribute or of ``(add ...)``."""
    opened: list[str] = []
    is_made, said = False, "says of no rule how it is made; say `apply`, `simp` or so before it"
    for place in range(at, len(found)):
        text = found[place].text
        if text in ("[", "("):
            opened.append(text)
        elif text in ("]", ")"):
            if not opened:
                break
            opened.pop()
        elif text in ("tactic", "default") and "(" not in opened:
            return f"makes a rule of aesop that may run a program ({text}); leave it out"
        elif opened:
            continue
        elif text in (",", "add") or found[place].kind is TokenKind.UNTERMINATED:
            break
        is_made |= text in _BUILDERS
    return "" if is_made else said


def _adds_rules(found: Sequence[Token], at: int) -> bool:
    """Whether a word is the ``add`` of ``aesop (add safe apply h)``, as far as can be seen."""
    if at < 2 or found[at].text != "add" or found[at - 1].text != "(":
        return False
    if found[at - 2].text.startswith("aesop"):
        return True
    following = {token.text for token in found[at + 1 : at + 4]}
    return not following.isdisjoint(("%", "tactic", *_PHASES, *_BUILDERS))


def _against_notation(found: Sequence[Token], at: int) -> str:
    """What is to be said against how a notation is written."""
    depth = 0
    for token in found[at + 1 :]:
        depth += (token.text == "(") - (token.text == ")")
        # Within brackets are the arrows of `(scoped f => ...)`.
        if (token.text == "=>" and not depth) or token.text in _NOTATIONS:
            return ""
        if token.kind is TokenKind.TEXT and not _is_plain(token.text[1:-1].strip()):
            return f"makes a notation of {token.text}, which is easily misread; choose another"
    return ""


def _is_plain(atom: str) -> bool:
    """Whether what Lean reads otherwise for a notation are the letters of its own alone."""
    return _MISLEADING.search(atom) is None or (is_word(atom) and "«" not in atom)


def _shown(token: Token) -> str:
    return token.text if len(token.text) <= 40 else token.text[:40] + "..."
