"""What attributes do, and rules that the tactic aesop is given: most of them run nothing."""

from collections.abc import Sequence

from assayoffice.verifiers.lean.text.lexer import Token, TokenKind

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
_CLOSING = {"(": ")", "[": "]", "{": "}", "⟨": "⟩"}
_PHASES = frozenset(("safe", "unsafe", "norm"))
# Besides, what is within is looked at once: time is linear in the length of the text.
_NESTED = "has attributes within attributes; leave them out"


def against_attributes(found: Sequence[Token], at: int) -> str:
    """What is to be said against the attributes in square brackets, from the first one on."""
    opened: list[str] = []
    is_name = True
    # How deep the commas are that stand between attributes: in the brackets of
    # `to_additive (attr := simp, norm_cast)` as well.
    between = [0]
    for place in range(at, len(found)):
        token = found[place]
        if token.text in _CLOSING:
            opened.append(_CLOSING[token.text])
        elif token.text in _CLOSING.values():
            if not opened:
                return ""
            if opened.pop() != token.text:
                return "has brackets that do not match; leave it out"
            if len(opened) < between[-1]:
                between.pop()
        elif token.text == "@[" or begins_attributes(found, place):
            return _NESTED
        elif token.text == "," and len(opened) == between[-1]:
            is_name = True
        elif token.text == "attr" and len(opened) > between[-1]:
            between.append(len(opened))
            is_name = True
        elif token.kind is TokenKind.WORD and is_name and token.text not in _QUALIFIERS:
            is_name = False
            if token.text not in _ATTRIBUTES:
                return f"gives the attribute {token.text}, which no proof needs; leave it out"
            if token.text == "aesop" and (said := against_rules(found, place + 1, several=False)):
                return said
    return ""


def begins_attributes(found: Sequence[Token], at: int) -> bool:
    """Whether a word is the command ``attribute [...]``."""
    return found[at].text == "attribute" and at + 1 < len(found) and found[at + 1].text == "["


def against_rules(found: Sequence[Token], at: int, *, several: bool) -> str:
    """What is to be said against a rule of aesop's attribute, or ``several`` of ``(add ...)``."""
    opened: list[str] = []
    parentheses = 0
    is_made, said = False, "says of no rule how it is made; say `apply`, `simp` or so before it"
    for place in range(at, len(found)):
        text = found[place].text
        if text in ("[", "("):
            opened.append(text)
            parentheses += text == "("
        elif text in ("]", ")"):
            if not opened:
                break
            parentheses -= opened.pop() == "("
        elif text in ("tactic", "default") and not parentheses:
            return f"makes a rule of aesop that may run a program ({text}); leave it out"
        elif text == "attr":
            return _NESTED
        elif adds_rules(found, place):
            # They have their own turn.
            break
        elif opened:
            continue
        elif text == ",":
            if not (several and is_made):
                break
            is_made = False
        is_made |= text in _BUILDERS
    return "" if is_made else said


def adds_rules(found: Sequence[Token], at: int) -> bool:
    """Whether a word is the ``add`` of ``aesop (add safe apply h)``, as far as can be seen."""
    if at < 2 or found[at].text != "add" or found[at - 1].text != "(":
        return False
    if found[at - 2].text.startswith("aesop"):
        return True
    following = {token.text for token in found[at + 1 : at + 4]}
    return not following.isdisjoint(("%", "tactic", *_PHASES, *_BUILDERS))
