"""Whatever notations there are: what Lean takes for a command or an option is never passed over."""

import random

from lean_tokens import NotLean, Reading, lean_tokens

from assayoffice.verifiers.lean.task import Candidate
from assayoffice.verifiers.lean.text.screen import screen

# What every Lean has, of what is in the texts below.
BUILT_IN = (
    ", . .. .( .{ ( ) [ ] { } ⟨ ⟩ ; : := => ? @ @[ _ ` `( /-- /-! #eval #print #check set_option by"
    " - -> <- * + < <= | |>. & $ · → ← ↦ <;> >="
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

ATOMS = "xoset_1#!?-/([{,;⟨·²⁻=:@|<>rb$%0)]}'\"«.↦←"
TEXTS = 25_000


def text_of(chance: random.Random) -> str:
    """A command or an option, in what may hide it."""
    others = BUILT_IN + HEADERS + OPENING + CLOSING + OTHERS
    gaps = ["", "", " ", chance.choice(others)]
    return "".join(
        (
            *chance.choices(others, k=chance.randrange(4)),
            chance.choice(OPENING + HEADERS),
            chance.choice(gaps),
            chance.choice(CODE),
            chance.choice(gaps),
            chance.choice(CLOSING),
            *chance.choices(others, k=chance.randrange(3)),
        )
    )


def reading_of(chance: random.Random) -> Reading:
    """What some header makes of texts, and what is read at some place."""
    known = chance.sample(HEADERS, chance.randrange(len(HEADERS)))
    return Reading({*BUILT_IN, *known}, chance.random() < 0.5, chance.random() < 0.5)


def passed_over(text: str, reading: Reading) -> bool:
    """Whether Lean sees what a screen is to tell, and nothing is told."""
    try:
        found = lean_tokens(text, reading)
    except NotLean:
        return False
    is_seen = "set_option" in found or "#eval" in found
    return is_seen and not screen(text, Candidate.FILE)


def test_nothing_that_lean_sees_is_passed_over():
    chance = random.Random(0)
    for _ in range(TEXTS):
        text, reading = text_of(chance), reading_of(chance)
        assert not passed_over(text, reading), (text, reading)


def test_nor_is_it_by_notations_that_a_file_may_make():
    chance = random.Random(0)
    made = {
        "".join(chance.choices((*ATOMS, *OPENING), k=chance.randrange(1, 4))) for _ in range(3000)
    }
    # Lean has no notations that begin like these.
    atoms = [
        each
        for each in sorted(made)
        if each[0] not in "01\"'«" and not screen(f'notation "{each}" => x', Candidate.FILE)
    ]
    for _ in range(TEXTS):
        text, reading = text_of(chance), reading_of(chance)
        mine = chance.choices(atoms, k=2)
        text = chance.choice(["", "{ ", "x"]).join((mine[0], text, mine[1]))
        text = text.replace(chance.choice(CODE), mine[1] + chance.choice(OPENING) + CODE[1], 1)
        known = Reading({*reading.table, *mine}, reading.interpolates, reading.has_fields)
        assert not passed_over(text, known), (text, known)


def test_lean_is_taken_at_its_word():
    known = Reading({*BUILT_IN, "\\/", "⁻¹'", "≃o", "in"})
    assert lean_tokens("p \\/-x ⁻¹' y'.«z w» ≃oset_option #evalx -- a", known) == [
        *("p", "\\/", "-", "x", "⁻¹'", "y'.«z w»", "≃o", "set_option", "#eval", "x"),
    ]
    code = Reading(BUILT_IN, interpolates=True)
    assert lean_tokens('/-- a -/ "a {b "{c}"}" \'"\' d', code) == ["b", "c", "d"]
