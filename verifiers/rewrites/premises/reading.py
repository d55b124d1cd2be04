"""The premises of a rewrite, read."""

import keyword
import re
from dataclasses import dataclass
from typing import Final

from assayoffice.verifiers.rewrites.premises import parsing
from assayoffice.verifiers.rewrites.premises.expression import Formula, Node, number, opposite
from assayoffice.verifiers.rewrites.premises.expression import names as term_names
from assayoffice.verifiers.rewrites.premises.parsing import UnreadableError
from assayoffice.verifiers.rewrites.premises.systems import Condition, System, domain_conditions
from assayoffice.verifiers.rewrites.rewrite import Premises

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
_MAX_UNKNOWNS: Final = 64
_MAX_CONSTRAINTS: Final = 128
_MAX_DEGENERATE: Final = 32


class UnreadablePremisesError(ValueError):
    """``field`` of the premises cannot be read. The ``reason`` ends in a remedy."""

    def __init__(self, field: str, text: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.text = text
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Reading:
    """``domains`` and ``constraints`` must hold; under ``degenerate`` it does not count."""

    unknowns: tuple[str, ...]
    domains: tuple[Condition, ...]
    constraints: tuple[Condition, ...]
    degenerate: tuple[Condition, ...]
    asked: Node
    asked_text: str

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (*self.domains, *self.constraints)

    @property
    def exclusions(self) -> tuple[Condition, ...]:
        """That no solution is degenerate."""
        return tuple(
            Condition(f"not ({each.text})", opposite(each.formula)) for each in self.degenerate
        )

    def system(self, *extra: Condition) -> System:
        """What is asked, under all conditions and ``extra``."""
        formulas = tuple(each.formula for each in (*self.conditions, *extra))
        return System(self.unknowns, formulas, self.asked)

    def bare(self, formulas: tuple[Formula, ...]) -> System:
        """``formulas`` alone, with nothing asked."""
        return System(self.unknowns, formulas, number(0))


def read(premises: Premises) -> Reading:
    """Raises UnreadablePremisesError."""
    names = _names(premises)
    known = frozenset(names)
    for field, texts, most in (
        ("constraints", premises.constraints, _MAX_CONSTRAINTS),
        ("degenerate", premises.degenerate, _MAX_DEGENERATE),
    ):
        if len(texts) > most:
            raise UnreadablePremisesError(field, "", f"more than {most}; join or drop some")
    constraints = _conditions("constraints", premises.constraints, known)
    degenerate = _conditions("degenerate", premises.degenerate, known)
    try:
        asked = parsing.term(premises.asked, known)
    except UnreadableError as error:
        raise UnreadablePremisesError("asked", premises.asked, str(error)) from None
    if not term_names(asked):
        reason = "names none of the unknowns; ask for something that the premises are to decide"
        raise UnreadablePremisesError("asked", premises.asked, reason)
    domains = tuple(each for one in premises.unknowns for each in domain_conditions(one))
    return Reading(names, domains, constraints, degenerate, asked, premises.asked)


def _names(premises: Premises) -> tuple[str, ...]:
    names: list[str] = []
    if not premises.unknowns:
        raise UnreadablePremisesError("unknowns", "", "none; list what is not given")
    if len(premises.unknowns) > _MAX_UNKNOWNS:
        reason = f"more than {_MAX_UNKNOWNS}; replace some by their values"
        raise UnreadablePremisesError("unknowns", "", reason)
    for position, unknown in enumerate(premises.unknowns):
        name = unknown.name
        if not _NAME.fullmatch(name):
            reason = "a name is a letter, then at most 31 letters, digits and underscores"
        elif keyword.iskeyword(name) or name in parsing.FUNCTIONS or name in parsing.PROPERTIES:
            reason = f"{name!r} is a word of the grammar; give the unknown another name"
        elif name in names:
            reason = f"{name!r} is listed twice; leave one"
        else:
            names.append(name)
            continue
        raise UnreadablePremisesError(f"unknowns[{position}]", name[:40], reason)
    return tuple(names)


def _conditions(field: str, texts: tuple[str, ...], names: frozenset[str]) -> tuple[Condition, ...]:
    conditions = []
    for position, text in enumerate(texts):
        try:
            conditions.append(Condition(text, parsing.condition(text, names)))
        except UnreadableError as error:
            raise UnreadablePremisesError(f"{field}[{position}]", text, str(error)) from None
    return tuple(conditions)
