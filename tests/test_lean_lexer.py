"""Whatever notations there are: what Lean takes for a command or an option is never passed over."""

from hypothesis import given, settings
from hypothesis import strategies as st
from lean_tokens import NotLean, Reading, lean_tokens

from assayoffice.verifiers.lean.screen import screen
from assayoffice.verifiers.lean.task import Candidate

# What every Lean has, of what is in the texts below.
BUILT_IN = (
    ", . .. .( .{ ( ) [ ] { } ⟨ ⟩ ; : := => ? @ @[ _ ` `( /-- /-! #eval #print #check set_option by"
    " - -> <- * + < <= | |>. & $ · → ←"
).split()
HEADERS = (
    r"⁻¹ ⁻¹' '' ''ᵁ ]' \ \/ /\ / // /ₘ |- <-> = ^ ! !! ‼ s! ?_ ≃o ≃r ∘r #s # ... |>. % -ᵥ ∣ ‖ ∑ ₗ"
).split()
OPENING = [
    '"',
    '"{',
    '"{ "',
    '"{""',
    "'\"'",
    "/-",
    "/--",
    "--",
    "«",
    "'",
    'r"',
    'r#"',
    '"\\"',
    '{"',
]
CLOSING = ['"', '}"', '" }"', '""}"', "'\"'", "-/", "\n", "--/", "»", "'", '"#', "\\", '"}']
CODE = [" set_option a true in ", "set_option a true in ", "\n#eval x", "#evalx"]
OTHERS = ["\n", " ", "x", "x'", "o", "r", "f.x", "0", "1.5", "1.", "0x", "e", "throwError ", '"a"']

some = st.lists(st.sampled_from(BUILT_IN + HEADERS + OPENING + CLOSING + OTHERS), max_size=4)
# As much as can be between the parts: nothing, mostly.
gap = st.sampled_from(["", "", " ", *BUILT_IN, *HEADERS, *OTHERS])
part = st.one_of(
    some.map("".join),
    st.builds(
        "".join,
        st.tuples(
            *(gap, st.sampled_from(OPENING), gap, st.sampled_from(CODE), gap),
            st.sampled_from(CLOSING),
        ),
    ),
    st.builds("".join, st.tuples(st.sampled_from(HEADERS), st.sampled_from(CODE))),
)
readings = st.builds(
    Reading,
    st.sets(st.sampled_from(HEADERS)).map(lambda known: frozenset((*BUILT_IN, *known))),
    interpolates=st.booleans(),
    has_fields=st.booleans(),
)


def passed_over(text: str, reading: Reading) -> bool:
    """Whether Lean sees what a screen is to tell, and nothing is told."""
    try:
        found = lean_tokens(text, reading)
    except NotLean:
        return False
    is_seen = "set_option" in found or "#eval" in found
    return is_seen and not screen(text, Candidate.FILE)


@settings(deadline=None, max_examples=1000)
@given(st.lists(part, max_size=3).map("".join), readings)
def test_nothing_that_lean_sees_is_passed_over(text, reading):
    assert not passed_over(text, reading)


@settings(deadline=None, max_examples=1000)
@given(
    st.text("xoset_1#!?-/([{,;⟨·²⁻=:@|<>rb$%0)]}'\"«.", min_size=1, max_size=4),
    st.lists(part, min_size=1, max_size=3),
    readings,
)
def test_nor_is_it_by_a_notation_that_a_file_may_make(atom, parts, reading):
    if atom[0] in "0123456789\"'«" or screen(f'notation "{atom}" => x', Candidate.FILE):
        return
    known = Reading({*reading.table, atom}, reading.interpolates, reading.has_fields)
    assert not passed_over(atom.join(("", *parts)), known)


def test_lean_is_taken_at_its_word():
    known = Reading({*BUILT_IN, "\\/", "⁻¹'", "≃o", "in"})
    assert lean_tokens("p \\/-x ⁻¹' y'.«z w» ≃oset_option #evalx -- a", known) == [
        *("p", "\\/", "-", "x", "⁻¹'", "y'.«z w»", "≃o", "set_option", "#eval", "x"),
    ]
    code = Reading(BUILT_IN, interpolates=True)
    assert lean_tokens('/-- a -/ "a {b "{c}"}" \'"\' d', code) == ["b", "c", "d"]
