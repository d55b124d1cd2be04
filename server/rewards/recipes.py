"""Recipes by name: found, filled in with options, identified by a digest, and applied."""

import hashlib
import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assayoffice.server import rewards
from assayoffice.server.rewards import builtin, options
from assayoffice.server.rewards.builtin import Part, RecipeOptions
from assayoffice.server.rewards.generation import Generation, Judgement, Need, Rate, Rated
from assayoffice.server.validation import Violation


@dataclass(frozen=True, slots=True)
class Kind:
    """A recipe before its options are known. A change to what it computes is a new version."""

    name: str
    version: str
    summary: str
    options: type[RecipeOptions]


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("accuracy", "1", "The score of the verdict", builtin.AccuracyRecipe),
        Kind("dapo", "1", "1 or -1, less a penalty of long generations", builtin.DapoRecipe),
        Kind(
            "phi4_reasoning_plus",
            "1",
            "Length-aware accuracy, less a penalty of repetition",
            builtin.Phi4ReasoningPlusRecipe,
        ),
        Kind("r1", "1", "Accuracy plus format", builtin.R1Recipe),
        Kind("weighted", "1", "Components of your choice with weights", builtin.WeightedRecipe),
    )
}


class RecipeError(Exception):
    """No such recipe, or not with these options. Paths of ``violations`` start at the recipe."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__("; ".join(f"{each.field}: {each.description}" for each in violations))
        self.violations = violations


@dataclass(frozen=True, slots=True)
class RatedPart:
    """One component of a reward."""

    name: str
    weight: float
    rated: Rated


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe with all of its options. Equal digests and judgements give equal rewards."""

    name: str
    version: str
    options: str
    digest: str
    parts: Sequence[Part]
    needs: frozenset[Need]

    def rate(self, generation: Generation) -> "Rating":
        """Look at a generation; what it needs must be known of it."""
        rates = [part.component.rate(generation) for part in self.parts]
        return Rating(self.parts, rates)


@dataclass(frozen=True, slots=True)
class Rating:
    """What a recipe makes of a generation whose answer is being judged."""

    _parts: Sequence[Part]
    _rates: Sequence[Rate]

    def settle(self, judgement: Judgement) -> list[RatedPart]:
        """The components of the reward; never without a number."""
        return [
            RatedPart(part.component.NAME, part.weight, rate(judgement))
            for part, rate in zip(self._parts, self._rates, strict=True)
        ]


def total(parts: Sequence[RatedPart]) -> float:
    """The sum of value * weight, added up in the order of the components."""
    # By hand, because the sum() of newer Pythons compensates and would differ in the last digit.
    result = 0.0
    for part in parts:
        result += part.rated.value * part.weight
    return result


class Recipes:
    """The recipes of a server, whose code is read once."""

    def __init__(self) -> None:
        self._code_digest = _code_digest()

    def make(self, name: str, version: str, given: Mapping[str, object]) -> Recipe:
        """A recipe with options, of which those that are missing are filled in.

        Raises RecipeError.
        """
        kind = KINDS.get(name)
        if kind is None:
            description = options.unknown("recipe", name, KINDS)
            raise RecipeError([Violation("name", "unknown", description)])
        if kind.version != version:
            description = f"{name!r} is served in version {kind.version!r}, not in {version!r}"
            raise RecipeError([Violation("version", "unknown", description)])
        try:
            read = options.read(kind.options, given)
        except options.OptionsError as error:
            raise RecipeError(
                [_below_options(violation) for violation in error.violations]
            ) from None
        written, parts = options.canonical(read), read.parts()
        needs = frozenset(need for part in parts for need in part.component.needs())
        return Recipe(name, version, written, self._digest(kind, written), parts, needs)

    def default_digest(self, kind: Kind) -> str:
        """Digest of a recipe without options of the caller's; empty where it wants some."""
        try:
            return self.make(kind.name, kind.version, {}).digest
        except RecipeError:
            return ""

    def _digest(self, kind: Kind, written: str) -> str:
        # Framed by zero bytes, which none of them can hold.
        parts = (self._code_digest, kind.name, kind.version, written)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _below_options(violation: Violation) -> Violation:
    path = f"options.{violation.field}" if violation.field else "options"
    return Violation(path, violation.rule, violation.description)


def _code_digest() -> str:
    """Digest over the modules of this package, with their names."""
    digest = hashlib.sha256()
    folder = importlib.resources.files(rewards)
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".py"):
            code = file.read_bytes()
            digest.update(f"{file.name}\0{len(code)}\0".encode() + code)
    return digest.hexdigest()
