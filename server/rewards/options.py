"""The options of recipes: what all models of them share, and how what is wrong is told."""

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from assayoffice.server.validation import Violation

_MAX_SCORE = 1e6
_SHOWN_CHARACTERS = 40
# Far more than anybody is told of at once. What was sent may be wrong in ten thousand places.
_MAX_MISTAKES = 32

# Bounded, so that no sum of them can leave the finite numbers.
Score = Annotated[float, Field(ge=-_MAX_SCORE, le=_MAX_SCORE, allow_inf_nan=False)]
#: Not negative, so that no weight turns a penalty into a prize.
Weight = Annotated[float, Field(ge=0, le=_MAX_SCORE, allow_inf_nan=False)]
Tokens = Annotated[int, Field(ge=0, le=2**32 - 1)]
PositiveTokens = Annotated[int, Field(ge=1, le=2**32 - 1)]

OptionsT = TypeVar("OptionsT", bound="Options")


class Options(BaseModel):
    """A set of options: frozen, and without place for what it does not know."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )


class ContradictionError(ValueError):
    """Options that do not go together; ``option`` is the one to change."""

    def __init__(self, option: str, description: str) -> None:
        super().__init__(description)
        self.option = option


class OptionsError(Exception):
    """Options that cannot be used. Paths of the ``violations`` start at the options."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__("; ".join(f"{each.field}: {each.description}" for each in violations))
        self.violations = violations


def read(model: type[OptionsT], given: Mapping[str, object]) -> OptionsT:
    """Options from what JSON can hold. Raises OptionsError."""
    try:
        # By way of JSON, where strictness has no opinion on lists that are to be tuples.
        return model.model_validate_json(json.dumps(given))
    except ValidationError as error:
        raise OptionsError(_violations(model, error.errors(include_url=False))) from None


def canonical(options: Options) -> str:
    """All options as JSON with sorted keys: equal ones in equal words."""
    return json.dumps(options.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """That there is no such thing, and what there is instead."""
    known = list(known)
    close = difflib.get_close_matches(name[:_SHOWN_CHARACTERS], known, n=1)
    if close:
        return f"no {what} {_shown(name)}; did you mean {close[0]!r}?"
    return f"no {what} {_shown(name)}; there are {', '.join(known)}"


def _violations(model: type[Options], errors: list[ErrorDetails]) -> list[Violation]:
    errors = errors[:_MAX_MISTAKES]
    # A list whose items are wrong is also called too short.
    deepest = [
        each for each in errors if not any(_is_below(other["loc"], each["loc"]) for other in errors)
    ]
    return [_violation(model, each) for each in deepest]


def _violation(model: type[Options], error: ErrorDetails) -> Violation:
    path, kind, context = _path(error["loc"]), error["type"], error.get("ctx", {})
    cause = context.get("error")
    match kind:
        case "extra_forbidden":
            name = str(error["loc"][-1])
            if len(error["loc"]) == 1:
                return Violation(path, kind, unknown("option", name, model.model_fields))
            description = "no such option"
        case "missing" | "union_tag_not_found":
            description = "must be given"
            if kind == "union_tag_not_found":
                path += ".component"
        case "union_tag_invalid":
            known = [each.strip(" '") for each in context["expected_tags"].split(",")]
            path, description = f"{path}.component", unknown("component", context["tag"], known)
        case "too_short" | "too_long":
            bound = context.get("min_length") or context.get("max_length")
            few = "at least" if kind == "too_short" else "at most"
            description = f"must have {few} {bound} items, not {context['actual_length']}"
        case "value_error" if isinstance(cause, ContradictionError):
            path = f"{path}.{cause.option}" if path else cause.option
            description = str(cause)
        case _:
            message = error["msg"].removeprefix("Input ").replace("should", "must", 1)
            description = f"{message}, not {_shown(error['input'])}"
    return Violation(path, kind, description)


def _is_below(location: tuple[int | str, ...], other: tuple[int | str, ...]) -> bool:
    return len(location) > len(other) and location[: len(other)] == other


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    previous: int | str = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif not isinstance(previous, int):  # after a number stands the kind of the component
            path += f".{step}" if path else step
        previous = step
    return path


def _shown(given: object) -> str:
    text = repr(given)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
