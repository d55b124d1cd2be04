"""Every setting of the server, in one table: name, default, unit and reason.

A setting can be given in a TOML file, as an environment variable ``ASSAY_<NAME>`` and as a flag;
the later of these wins. Nothing else reads the environment, and an unknown name is an error.
"""

import dataclasses
import difflib
import enum
import tomllib
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assayoffice.sandbox.programs.settings import SandboxSettings, TierChoice

ENVIRONMENT_PREFIX = "ASSAY_"

_MIB = 1024 * 1024


class ConfigError(Exception):
    """A setting cannot be used; the message names it, where it was given, and the remedy."""


class LogLevel(enum.StrEnum):
    """From how serious on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _setting(default: Any, doc: str, minimum: float | None = None) -> Any:
    return dataclasses.field(default=default, metadata={"doc": doc, "minimum": minimum})


@dataclass(frozen=True, slots=True)
class Settings:
    """The table. Raises ConfigError for values that are out of range or do not fit together."""

    listen: str = _setting(
        "127.0.0.1:50051",
        "HOST:PORT or unix:PATH to serve on; port 0 takes a free one.",
    )
    workers: int = _setting(
        0,
        "Processes for quick work, which is nearly all work. 0 is one per core.",
        minimum=0,
    )
    full_workers: int = _setting(
        0,
        "Processes for work of unknown cost, niced so that they yield to quick ones. 0 is half the "
        "cores, rounded up.",
        minimum=0,
    )
    sandbox_workers: int = _setting(
        0,
        "Processes that run programs in sandboxes, niced likewise. 0 is one per core.",
        minimum=0,
    )
    queue_items: int = _setting(
        20_000,
        "Submissions that may wait; beyond that calls are shed. A few seconds of work.",
        minimum=1,
    )
    queue_bytes: int = _setting(
        256 * _MIB,
        "Bytes of submissions that may wait; at least 64 MiB, so that none is too long for it.",
        minimum=64 * _MIB,
    )
    cache_bytes: int = _setting(
        128 * _MIB,
        "Memory for verdicts that are given again to equal submissions. 0 keeps none.",
        minimum=0,
    )
    sandbox_tier: TierChoice = _setting(
        TierChoice.AUTO,
        "How programs are isolated: namespaces, landlock (weaker: see docs/security.md), or auto, "
        "the stronger that this host offers. There is none without isolation.",
    )
    sandbox_python: Path | None = _setting(
        None,
        "Python 3.11 or later that programs run on. Without it one is found, which may change with "
        "the host, and the hallmark with it.",
    )
    sandbox_packages: Path | None = _setting(
        None,
        "Folder of installed packages that programs may import. Without it they have the standard "
        "library alone.",
    )
    sandbox_preload: str | None = _setting(
        None,
        "Modules, separated by commas, that are imported before programs start: numpy takes 0.1 s "
        "of a program's CPU time otherwise.",
    )
    sandbox_uid: int = _setting(
        SandboxSettings().first_uid,
        "When root, the first of the user ids that programs run under, one per sandbox. They must "
        "be nobody else's.",
        minimum=1,
    )
    lean: Path | None = _setting(
        None,
        "TOML file with the headers that proofs in Lean are checked with: see "
        "docs/verifiers/lean.md. Without it the verifier lean is out of service.",
    )
    recheck_seconds: float = _setting(
        900.0,
        "In so much time, verifiers that rely on tools of the host judge each of their own cases "
        "once more, spread evenly; one that gets a case wrong is taken out of service. 0 is never.",
        minimum=0,
    )
    drain_seconds: float = _setting(
        30.0,
        "How long calls under way may go on after SIGTERM. Below what your supervisor grants.",
        minimum=0,
    )
    tls_certificate: Path | None = _setting(
        None, "PEM file with the server's certificate chain; turns TLS on, with tls_key."
    )
    tls_key: Path | None = _setting(None, "PEM file with the certificate's private key.")
    client_ca: Path | None = _setting(
        None, "PEM file of the authorities that client certificates must come from; needs TLS."
    )
    token_file: Path | None = _setting(
        None,
        "File with the bearer token that every call must carry, health checks excepted. A file, "
        "because environment and arguments show in process listings.",
    )
    log_level: LogLevel = _setting(
        LogLevel.INFO, "From how serious on something is logged: debug, info, warning or error."
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            minimum, value = field.metadata["minimum"], getattr(self, field.name)
            if minimum is not None and not value >= minimum:
                raise ConfigError(f"{field.name}: must be at least {minimum:g}, not {value}")
        host, _, port = self.listen.rpartition(":")
        if host != "unix" and not (host and port.isdecimal() and int(port) < 65536):
            raise ConfigError(f"listen: must be HOST:PORT or unix:PATH, not {self.listen!r}")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ConfigError("tls_certificate and tls_key: give both or neither")
        if self.client_ca is not None and self.tls_certificate is None:
            raise ConfigError("client_ca: needs tls_certificate and tls_key")


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. ``type`` is without the ``None`` of optional settings."""

    name: str
    type: type
    default: object
    doc: str

    @property
    def flag(self) -> str:
        """The flag of ``assay serve``."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return ENVIRONMENT_PREFIX + self.name.upper()


def table() -> list[Setting]:
    """The settings in the order of the table."""
    types = typing.get_type_hints(Settings)
    return [
        Setting(field.name, _not_none(types[field.name]), field.default, field.metadata["doc"])
        for field in dataclasses.fields(Settings)
    ]


def load(
    file: Path | None, environment: Mapping[str, str], flags: Mapping[str, object]
) -> Settings:
    """Put the settings together. Flags that are None were not given. Raises ConfigError."""
    given: dict[str, object] = {}
    if file is not None:
        given |= _from_file(file)
    given |= _from_environment(environment)
    given |= {name: value for name, value in flags.items() if value is not None}
    return Settings(**typing.cast(dict[str, Any], given))


def _from_file(path: Path) -> dict[str, object]:
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    settings = {setting.name: setting for setting in table()}
    given = {}
    for name, value in written.items():
        if name not in settings:
            raise ConfigError(f"{path}: {_unknown(name, settings)}")
        given[name] = _from_toml(settings[name], value, str(path))
    return given


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    settings = {setting.variable: setting for setting in table()}
    given = {}
    for variable in sorted(environment):
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        if variable not in settings:
            raise ConfigError(f"environment: {_unknown(variable, settings)}")
        setting = settings[variable]
        given[setting.name] = _from_text(setting, environment[variable], variable)
    return given


def _from_toml(setting: Setting, value: object, where: str) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if setting.type is float and is_number:
        return float(typing.cast(float, value))
    if setting.type is int and is_number and isinstance(value, int):
        return value
    if setting.type not in (int, float) and isinstance(value, str):
        return _from_text(setting, value, f"{where}: {setting.name}")
    wanted = {int: "an integer", float: "a number"}.get(setting.type, "a string")
    raise ConfigError(f"{where}: {setting.name}: must be {wanted}, not {value!r}")


def _from_text(setting: Setting, text: str, where: str) -> object:
    try:
        return setting.type(text)
    except ValueError:
        wanted = {int: "an integer", float: "a number"}.get(setting.type, "one of the values")
        raise ConfigError(f"{where}: must be {wanted}, not {text!r}. {setting.doc}") from None


def _unknown(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    return f"{name} is no setting; {hint}"


def _not_none(hint: Any) -> type:
    kinds = [kind for kind in typing.get_args(hint) or (hint,) if kind is not type(None)]
    return typing.cast(type, kinds[0])
