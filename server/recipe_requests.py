"""From a recipe on the wire to one that can be applied, and what is listed of all."""

import json
import math
from collections.abc import Sequence

from google.protobuf import struct_pb2

from assayoffice.server.errors import Reason, malformed
from assayoffice.server.rewards.recipes import KINDS, Recipe, RecipeError, Recipes
from assayoffice.server.validation import Violation
from assayoffice.v1 import reward_pb2

# Far more than any options take; what is longer is not even read.
_MAX_OPTIONS_BYTES = 64 * 1024
# Beyond this, numbers that are no fractions are not exact in a Struct.
_MAX_EXACT = 2.0**53


class RecipeRequests:
    """The recipes of a server, as its clients see them."""

    def __init__(self) -> None:
        self._recipes = Recipes()
        self.listed: Sequence[reward_pb2.RecipeInfo] = [
            reward_pb2.RecipeInfo(
                name=kind.name,
                version=kind.version,
                summary=kind.summary,
                options_schema=json.dumps(kind.options.model_json_schema(), sort_keys=True),
                default_digest=self._recipes.default_digest(kind),
            )
            for _, kind in sorted(KINDS.items())
        ]

    def read(self, asked: reward_pb2.RewardRecipe) -> Recipe:
        """The recipe that is asked for. Raises StatusError."""
        violations: list[Violation] = []
        options = {}
        if asked.options.ByteSize() > _MAX_OPTIONS_BYTES:
            description = f"must have at most {_MAX_OPTIONS_BYTES} bytes"
            violations.append(Violation("recipe.options", "size", description))
        else:
            options = _plain_struct(asked.options, "recipe.options", violations)
        if violations:
            raise malformed(Reason.INVALID_RECIPE, violations)
        try:
            return self._recipes.make(asked.name, asked.version, options)
        except RecipeError as error:
            violations = [
                Violation(f"recipe.{each.field}", each.rule, each.description)
                for each in error.violations
            ]
            raise malformed(Reason.INVALID_RECIPE, violations) from None


def _plain_struct(
    struct: struct_pb2.Struct, path: str, violations: list[Violation]
) -> dict[str, object]:
    return {
        name: _plain(value, f"{path}.{name}", violations) for name, value in struct.fields.items()
    }


def _plain(value: struct_pb2.Value, path: str, violations: list[Violation]) -> object:
    """What JSON would say, in which 5 and 5.0 are one number, as they are in a Struct."""
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            if not math.isfinite(number):
                violations.append(Violation(path, "finite", "must be finite"))
                return None
            return int(number) if number.is_integer() and abs(number) < _MAX_EXACT else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return _plain_struct(value.struct_value, path, violations)
        case "list_value":
            return [
                _plain(each, f"{path}[{index}]", violations)
                for index, each in enumerate(value.list_value.values)
            ]
    return None
