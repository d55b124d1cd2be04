"""The prompts that ask a model for rewrites: ``prompts/*.md``.

Each is asked and read in one way, which is its ``Recipe``: what it makes, what it is made from, and
which fields of a row the model is to write. A prompt that is changed gets another version, and its
digest is in the lineage of all that comes of it.
"""

import enum
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assayoffice.rl.rewrites.rows import Kind

_FOLDER = Path(__file__).with_name("prompts")
_TEXT = re.compile(
    r"\A# (?P<name>[a-z_]+)@(?P<version>[0-9]+)\n\n## System\n\n(?P<system>.+?)"
    r"\n\n## User\n\n(?P<user>.+)\n\Z",
    re.DOTALL,
)
_PLACE = re.compile(r"\{\{([a-z]+)\}\}")

_GRAMMAR = (
    "expressions as in Python, with + - * / **, numbers, pi, e, the names of the unknowns, "
    "comparisons (== != < <= > >=), and, or, not, and sqrt cbrt abs min max sin cos tan asin acos "
    "atan exp log floor ceil gcd lcm factorial binomial mod divides isprime; angles in radians"
)
_FIELDS: Mapping[str, str] = {
    "problem": "the problem as it will be put to a solver, as text",
    "reference": 'the answer, in LaTeX or plain text, e.g. "13", "\\\\frac{1}{2}" or "72 km/h"',
    "premises": (
        'an object: "unknowns" maps each name to real, positive, nonnegative, integer, natural or '
        'positive_integer; "constraints" is a list of what the problem states; "asked" is what it '
        'asks for; "degenerate", optional, lists conditions that do not count. The texts are '
        f"{_GRAMMAR}"
    ),
    "key": (
        'an object: "language" is "python", "source" is a program that computes the answer by '
        "itself and prints it and nothing else"
    ),
    "wrong_answers": "optional: a list of up to 8 wrong answers that a careless solver would give",
}
_TEXTS: Mapping[str, object] = {"type": "array", "items": {"type": "string"}, "maxItems": 32}
_SCHEMAS: Mapping[str, object] = {
    "problem": {"type": "string"},
    "reference": {"type": "string"},
    "premises": {
        "type": "object",
        "properties": {
            "unknowns": {"type": "object", "additionalProperties": {"type": "string"}},
            "constraints": _TEXTS,
            "asked": {"type": "string"},
            "degenerate": _TEXTS,
        },
        "required": ["unknowns", "constraints", "asked"],
    },
    "key": {
        "type": "object",
        "properties": {"language": {"type": "string"}, "source": {"type": "string"}},
        "required": ["source"],
    },
    "wrong_answers": _TEXTS,
}
_ANSWERED = ("problem", "reference", "premises", "key", "wrong_answers")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What comes of a prompt.

    ``fields`` are those of a row that the model writes; all others are ours or the parent's. With
    ``keeps_task`` the task is the parent's, whatever the model says. Of ``one_of`` a proposal needs
    at least one, because nothing else would establish its answer. ``from_row`` is made from the row
    itself, and otherwise from the original that it names.
    """

    kind: Kind
    fields: Sequence[str]
    keeps_task: bool = False
    from_row: bool = False
    one_of: Sequence[str] = ()


class PromptName(enum.StrEnum):
    """The prompts that there are."""

    PROOF_TO_NUMERIC = "proof_to_numeric"
    SUB_ANSWERS = "sub_answers"
    PARAPHRASE = "paraphrase"
    VARIATION = "variation"
    CODE_TO_PUZZLE = "code_to_puzzle"


RECIPES: Mapping[PromptName, Recipe] = {
    PromptName.PROOF_TO_NUMERIC: Recipe(
        Kind.PROOF_TO_NUMERIC, _ANSWERED, one_of=("premises", "key")
    ),
    PromptName.SUB_ANSWERS: Recipe(
        Kind.PROOF_TO_SUB_ANSWERS, _ANSWERED, one_of=("premises", "key")
    ),
    PromptName.PARAPHRASE: Recipe(Kind.PARAPHRASE, ("problem",), keeps_task=True, from_row=True),
    PromptName.VARIATION: Recipe(
        Kind.VARIATION, _ANSWERED, from_row=True, one_of=("premises", "key")
    ),
    PromptName.CODE_TO_PUZZLE: Recipe(
        Kind.CODE_TO_PUZZLE, ("problem", "reference", "key", "wrong_answers"), one_of=("key",)
    ),
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A shipped prompt; ``digest`` is the SHA-256 of its text and of how it describes fields."""

    name: str
    version: str
    digest: str
    recipe: Recipe
    system: str
    user: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    def asked(self, problem: str, reference: str, number: int) -> str:
        """What is asked about a problem; ``number`` counts its proposals from 1."""
        values = {
            "problem": problem,
            "reference": reference,
            "number": str(number),
            "fields": _described(self.recipe.fields),
        }
        # In one pass, so that a problem which holds {{reference}} does not get one.
        return _PLACE.sub(lambda place: values[place[1]], self.user)

    @property
    def schema(self) -> Mapping[str, object]:
        """JSON schema of what is to be answered, for endpoints that hold a model to one."""
        fields = self.recipe.fields
        return {
            "type": "object",
            "properties": {name: _SCHEMAS[name] for name in fields},
            "required": [name for name in ("problem", "reference") if name in fields],
            "additionalProperties": False,
        }


@cache
def prompt(name: PromptName) -> Prompt:
    """The shipped prompt of that name."""
    text = (_FOLDER / f"{name}.md").read_text(encoding="utf-8")
    parts = _TEXT.match(text)
    assert parts is not None and parts["name"] == name, f"prompts/{name}.md is malformed"
    recipe = RECIPES[name]
    whole = text + _described(recipe.fields)
    return Prompt(
        name=name.value,
        version=parts["version"],
        digest=hashlib.sha256(whole.encode()).hexdigest(),
        recipe=recipe,
        system=parts["system"],
        user=parts["user"],
    )


def _described(fields: Sequence[str]) -> str:
    return "\n".join(f'- "{name}": {_FIELDS[name]}' for name in fields)
