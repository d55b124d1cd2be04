"""The table of what can be set under ``reward.reward_kwargs`` of a verl run."""

import difflib
import enum
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from assayoffice.rl.errors import AssayError, SubmissionError
from assayoffice.rl.rewards import Recipe


class SettingsError(AssayError, ValueError):
    """A setting that cannot be used; the message names it and the remedy."""


class FailurePolicy(enum.Enum):
    """What becomes of a sample that gets no reward. There is none that makes it a zero."""

    #: Training stops, with the cause.
    ABORT = "abort"
    #: The sample has no advantage and does not move its siblings'; up to the circuit breaker.
    GROUP_NEUTRAL = "group-neutral"


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set, with defaults, units and reasons.

    ``endpoints`` and ``recipe`` have no default. ``verifier`` judges rows that name none.
    """

    endpoints: Sequence[str]
    recipe: Recipe
    verifier: str = "numeric"
    failure_policy: FailurePolicy = FailurePolicy.ABORT
    #: From when a sample is first sent until it must have a reward, retries included. Longer than a
    #: service takes to be started again.
    timeout_seconds: float = 300.0
    #: How long a sample waits for others to share its call.
    gather_milliseconds: float = 5.0
    #: Samples per call.
    batch_size: int = 256
    #: Samples of one reward worker that are with the service at once. The rest waits here.
    in_flight: int = 2048
    #: The circuit breaker, see Breaker; counted by each reward worker for itself.
    error_share: float = 0.1
    error_window: int = 256
    error_minimum: int = 8
    #: JSON lines about each call are appended here; empty writes none. An absolute path, because
    #: reward workers run where Ray was started, not where the run was.
    metrics_file: str = ""
    #: PEM file with the certificates to trust; empty connects without TLS.
    ca_file: str = ""
    #: The name to check the server's certificate against, where the endpoint does not tell.
    server_name: str | None = None
    #: File with the bearer token. A file, because verl prints its configuration.
    token_file: str = ""
    #: Verifiers' digests that must be in service.
    required_hallmarks: Mapping[str, str] = field(default_factory=dict[str, str])
    #: Whether a sample has no reward unless the stamp of its row says that this very task was
    #: admitted to the data set under the hallmark in service.
    require_stamps: bool = False


def read_settings(written: Mapping[str, object], path: str = "reward.reward_kwargs") -> Settings:
    """Check what was written under ``path`` of a run's configuration.

    Raises SettingsError for the first setting that cannot be used.
    """
    known = [*(each.name for each in fields(Settings)), "options"]
    for name in written:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise SettingsError(f"{path}.{name}: there is no such setting; {remedy}")
    values: dict[str, object] = {}
    for name, read in _READERS.items():
        if name in written:
            values[name] = read(f"{path}.{name}", written[name])
    for name in ("endpoints", "recipe"):
        if name not in written:
            raise SettingsError(
                f"{path}.{name}: missing; add +{path}.{name}={_EXAMPLES[name]} to the run"
            )
    options = _mapping(f"{path}.options", written.get("options", {}))
    try:
        values["recipe"] = Recipe.parse(str(values["recipe"]), options)
    except SubmissionError as error:
        raise SettingsError(f"{path}.{error}") from None
    return Settings(**values)  # type: ignore[arg-type] # each has been read by its reader


def _text(path: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{path}: must be text, not {value!r}")
    return value


def _absolute_path(path: str, value: object) -> str:
    text = _text(path, value)
    if not os.path.isabs(text):
        raise SettingsError(
            f"{path}: must be an absolute path, not {text!r}; reward workers have working "
            "directories of their own"
        )
    return text


def _endpoints(path: str, value: object) -> list[str]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed:
        raise SettingsError(f"{path}: must be a list of host:port, not {value!r}")
    return [_text(f"{path}[{index}]", each) for index, each in enumerate(listed)]


def _policy(path: str, value: object) -> FailurePolicy:
    for each in FailurePolicy:
        if value == each.value:
            return each
    choices = ", ".join(each.value for each in FailurePolicy)
    raise SettingsError(f"{path}: must be one of {choices}, not {value!r}")


def _number(low: float, high: float) -> Callable[[str, object], float]:
    def read(path: str, value: object) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise SettingsError(f"{path}: must be a number, not {value!r}")
        if not low <= value <= high:
            raise SettingsError(f"{path}: must be {low:g} to {high:g}, not {value:g}")
        return float(value)

    return read


def _boolean(path: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{path}: must be true or false, not {value!r}")
    return value


def _integer(low: int, high: int) -> Callable[[str, object], int]:
    def read(path: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise SettingsError(f"{path}: must be a whole number, not {value!r}")
        if not low <= value <= high:
            raise SettingsError(f"{path}: must be {low} to {high}, not {value}")
        return value

    return read


def _mapping(path: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise SettingsError(f"{path}: must be a mapping of names to values, not {value!r}")
    return {str(name): each for name, each in value.items()}


def _texts(path: str, value: object) -> Mapping[str, str]:
    return {name: _text(f"{path}.{name}", each) for name, each in _mapping(path, value).items()}


_READERS: Mapping[str, Callable[[str, object], object]] = {
    "endpoints": _endpoints,
    "recipe": _text,
    "verifier": _text,
    "failure_policy": _policy,
    "timeout_seconds": _number(1.0, 86_400.0),
    "gather_milliseconds": _number(0.0, 1000.0),
    "batch_size": _integer(1, 4096),
    "in_flight": _integer(1, 1_000_000),
    "error_share": _number(0.0, 1.0),
    "error_window": _integer(1, 1_000_000),
    "error_minimum": _integer(1, 1_000_000),
    "metrics_file": _absolute_path,
    "ca_file": _text,
    "server_name": _text,
    "token_file": _text,
    "required_hallmarks": _texts,
    "require_stamps": _boolean,
}
_EXAMPLES = {"endpoints": "[127.0.0.1:50051]", "recipe": "accuracy@1"}
