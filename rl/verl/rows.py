"""The rows of verl's data sets: which verifier judges them, by what task, and what was asked.

Read by everything that meets such rows, so that the verifier that admitted a row to a data set and
the one that rewards it are told the same.
"""

import json
from collections.abc import Mapping

from assayoffice.rl.sources import UnusableRow

# Their tasks are no text that an answer could be compared with.
_WITHOUT_REFERENCE = ("code", "lean")


def verifier_and_task(
    row: Mapping[str, object], *, override: str | None = None, default: str = "numeric"
) -> tuple[str, Mapping[str, object]]:
    """What judges a response to the row, and the JSON form of its task.

    The verifier is ``override``, else the one that ``reward_model.verifier`` or
    ``extra_info.verifier`` names, else ``default``. The task is ``reward_model.task`` or
    ``extra_info.task``, an object or JSON text, where there is one. Otherwise
    ``reward_model.ground_truth`` is the reference, or the task as an object, which for "code" and
    "lean" may be JSON text.

    Raises UnusableRow, which names the field and the remedy.
    """
    model = object_of(row.get("reward_model"), "reward_model")
    extra = row.get("extra_info")
    named = model.get("verifier")
    if named is None and isinstance(extra, dict):
        named = extra.get("verifier")
    verifier = override or named or default
    if not isinstance(verifier, str):
        raise UnusableRow(f"verifier: must be text, not {kind(verifier)}")
    for path, column in (("reward_model.task", model), ("extra_info.task", extra)):
        task = column.get("task") if isinstance(column, dict) else None
        if task is not None:
            return verifier, _json_task(task, path) if isinstance(task, str) else object_of(
                task, path
            )
    truth = model.get("ground_truth")
    match truth:
        case str() if verifier in _WITHOUT_REFERENCE:
            return verifier, _json_task(truth, "reward_model.ground_truth")
        case str():
            return verifier, {"reference": truth}
        case bool():
            pass
        case int() | float():
            # The shortest text that reads back as the same number.
            return verifier, {"reference": repr(truth)}
        case dict():
            return verifier, object_of(truth, "reward_model.ground_truth")
    raise UnusableRow(
        "reward_model.ground_truth: must be text, a number or the JSON form of a task, "
        f"not {kind(truth)}"
    )


def question(prompt: object) -> str:
    """The question as text; of chat messages, what the user said. Raises UnusableRow."""
    match prompt:
        case None:
            return ""
        case str():
            return prompt
        case list():
            said = [
                message.get("content")
                for message in prompt
                if isinstance(message, dict) and message.get("role") == "user"
            ]
            if len(said) > 0 or not prompt:
                return "\n\n".join(text for text in said if isinstance(text, str))
    raise UnusableRow(f"prompt: must be text or a list of chat messages, not {kind(prompt)}")


def object_of(value: object, name: str) -> Mapping[str, object]:
    """An object whose fields without a value are left out: parquet fills them in with nulls.

    Raises UnusableRow where ``value`` is none.
    """
    if not isinstance(value, dict):
        raise UnusableRow(f"{name}: must be an object, not {kind(value)}")
    return {str(key): each for key, each in value.items() if each is not None}


def kind(value: object) -> str:
    """What a value is, for the message that says what it should have been."""
    names = {type(None): "null", dict: "an object", list: "a list", str: "text", bool: "true/false"}
    shown = names.get(type(value), type(value).__name__)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"the number {json.dumps(value)[:40]}"
    return shown


def _json_task(text: str, name: str) -> Mapping[str, object]:
    try:
        return object_of(json.loads(text), name)
    except (ValueError, RecursionError) as error:
        raise UnusableRow(f"{name}: must be the JSON form of a task: {error}") from None
