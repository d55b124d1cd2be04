"""Finds the installed verifiers and strikes their hallmarks.

A verifier is announced by an entry point of the group ``assayoffice.verifiers``. One that cannot be
loaded does not keep the others from serving: it stays in the registry, with the reason.
"""

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import platform
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError

from assayoffice.verifiers.base import (
    AdaptsCases,
    InvalidTaskError,
    Outcome,
    RunsPrograms,
    Submission,
    UsesTools,
    Verifier,
    VerifierUnavailableError,
)

GROUP = "assayoffice.verifiers"

# What Submission.verifier of the wire matches.
_NAME = re.compile("[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Hallmark:
    """Identifies exactly what decides: two equal hallmarks give equal verdicts.

    ``digest`` is the SHA-256, in hexadecimal, of ``parts``: what can change a verdict, by name,
    with its version or digest.
    """

    verifier: str
    version: str
    digest: str
    parts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """A submission whose outcome is known, shipped with its verifier.

    ``kind`` is right, wrong, malformed or cheating. Exactly one of ``outcome`` and ``error`` (the
    reason of a VerifierError) is set; ``reason`` may pin the verdict's reason.
    """

    id: str
    kind: str
    submission: Submission[Any]
    outcome: Outcome | None
    error: str
    reason: str


@dataclass(frozen=True)
class Loaded:
    """A verifier that can be asked. ``languages`` are those of the programs it runs, sorted."""

    name: str
    verifier: Verifier[Any]
    hallmark: Hallmark
    languages: tuple[str, ...] = ()

    @cached_property
    def _task(self) -> "TypeAdapter[Any]":
        return TypeAdapter(self.verifier.task_type)

    def task_schema(self) -> str:
        """JSON schema of the task."""
        return json.dumps(self._task.json_schema(), sort_keys=True)

    def task(self, written: object) -> Any:
        """Read a task from its JSON form. Raises InvalidTaskError, which names the field."""
        try:
            return self._task.validate_python(written)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            field = ".".join(str(step) for step in first["loc"])
            where = f"task.{field}" if field else "task"
            raise InvalidTaskError(f"{where}: {first['msg']}", field=field) from None

    def task_as_json(self, task: object) -> Any:
        """The JSON form of a task, as ``task`` reads it."""
        return self._task.dump_python(task, mode="json")

    def cases(self) -> list[Case]:
        """The verifier's own cases, in the order of its ``cases/<name>.jsonl``, for this host.

        Raises VerifierUnavailableError when there are none or they cannot be read, because a
        verifier that was never seen to tell right from wrong must not judge.
        """
        path = _cases_path(type(self.verifier), self.name)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            rows = [json.loads(line) for line in lines if line.strip()]
            if isinstance(self.verifier, AdaptsCases):
                rows = list(self.verifier.cases_here(rows))
            cases = [self._case(row) for row in rows]
        except FileNotFoundError:
            raise VerifierUnavailableError(f"ships no cases; they belong in {path}") from None
        except (ValueError, KeyError, TypeError, InvalidTaskError) as error:
            raise VerifierUnavailableError(
                f"{path.name} cannot be read: {type(error).__name__}: {error}"
            ) from error
        if not cases:
            raise VerifierUnavailableError(f"{path.name} has no cases")
        return cases

    def _case(self, row: Mapping[str, Any]) -> Case:
        outcome, error = row.get("outcome"), row.get("error", "")
        if (outcome is None) == (not error):
            raise ValueError(f"{row['id']}: needs either an outcome or an error")
        task = self.task(row["task"])
        return Case(
            id=row["id"],
            kind=row["kind"],
            submission=Submission(row["response"], task, row.get("prompt", "")),
            outcome=None if outcome is None else Outcome(outcome),
            error=error,
            reason=row.get("reason", ""),
        )


@dataclass(frozen=True, slots=True)
class Unloadable:
    """A verifier that is announced and cannot be asked; ``reason`` says why."""

    name: str
    reason: str


Registered: TypeAlias = Loaded | Unloadable


def load(
    entry_points: Iterable[importlib.metadata.EntryPoint] | None = None,
    carriers: Iterable[ModuleType] = (),
) -> dict[str, Registered]:
    """Load all announced verifiers, by name.

    ``entry_points`` are those of the installed packages unless given. ``carriers`` are modules
    outside the verifiers through which every submission passes; their code enters the hallmarks.
    """
    if entry_points is None:
        entry_points = importlib.metadata.entry_points(group=GROUP)
    carriers = list(carriers)
    registry: dict[str, Registered] = {}
    for entry_point in sorted(entry_points, key=lambda each: (each.name, each.value)):
        if entry_point.name in registry:
            reason = "announced by two packages; uninstall one of them"
            registry[entry_point.name] = Unloadable(entry_point.name, reason)
        else:
            registry[entry_point.name] = _load(entry_point, carriers)
    return registry


def _load(entry_point: importlib.metadata.EntryPoint, carriers: list[ModuleType]) -> Registered:
    name = entry_point.name
    try:
        verifier = _instantiate(entry_point.load())
        if verifier.name != name:
            raise VerifierUnavailableError(
                f"announced as {name!r} but calls itself {verifier.name!r}"
            )
        if not _NAME.fullmatch(name):
            raise VerifierUnavailableError(
                f"no submission can name it: a name must match {_NAME.pattern}"
            )
        hallmark = _hallmark(verifier, carriers)
        languages = verifier.languages() if isinstance(verifier, RunsPrograms) else ()
        loaded = Loaded(name, verifier, hallmark, tuple(sorted(languages)))
        loaded.task_schema()
    except VerifierUnavailableError as error:
        return Unloadable(name, str(error))
    except Exception as error:  # noqa: BLE001 - a broken plug-in is reported and never served
        return Unloadable(name, f"{type(error).__name__}: {error}")
    return loaded


def _instantiate(make: Callable[[], Verifier[Any]]) -> Verifier[Any]:
    verifier = make()
    if not isinstance(verifier, Verifier):
        wanted = {"verify", *Verifier.__annotations__}
        missing = sorted(each for each in wanted if not hasattr(verifier, each))
        raise VerifierUnavailableError(f"is no Verifier: lacks {', '.join(missing)}")
    return verifier


def _hallmark(verifier: Verifier[Any], carriers: list[ModuleType]) -> Hallmark:
    # Python decides, too: its Unicode tables and its integers are what answers are read with.
    parts = {"python": platform.python_version(), "limits": repr(verifier.limits)}
    for distribution in verifier.decided_by:
        parts[distribution] = importlib.metadata.version(distribution)
    if isinstance(verifier, UsesTools):
        parts |= {f"tool {name}": version for name, version in verifier.tools().items()}
    parts["code"] = code_digest([sys.modules[type(verifier).__module__], *carriers])
    written = json.dumps([verifier.name, verifier.version, parts], sort_keys=True)
    digest = hashlib.sha256(written.encode()).hexdigest()
    return Hallmark(verifier.name, verifier.version, digest, parts)


def code_digest(roots: Iterable[ModuleType]) -> str:
    """SHA-256, in hexadecimal, over ``roots`` and all they import from their own package."""
    code = hashlib.sha256()
    for path in _code_paths(roots):
        code.update(hashlib.sha256(path.read_bytes()).digest())
    return code.hexdigest()


def _code_paths(roots: Iterable[ModuleType]) -> list[Path]:
    """The source files of ``roots`` and of all they import from their own top-level package.

    Other packages count by their version, in ``decided_by``. Sorted by module name, so that the
    digest does not depend on where the package is installed.
    """
    found: dict[str, Path] = {}
    waiting = [module.__name__ for module in roots]
    while waiting:
        name = waiting.pop()
        spec = None if name in found else importlib.util.find_spec(name)
        if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
            continue
        found[name] = Path(spec.origin)
        top_level = name.partition(".")[0]
        for imported in _imports(found[name].read_bytes(), spec.parent or ""):
            if imported.partition(".")[0] == top_level and _is_module(imported):
                waiting.append(imported)
    return [found[name] for name in sorted(found)]


@functools.cache  # verifiers share most of what they import, and parsing is much of a start
def _imports(source: bytes, package: str) -> set[str]:
    """Names that may be modules in the import statements of a file, those in functions included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            module = importlib.util.resolve_name(origin, package) if node.level else origin
            names.add(module)
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return names


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is a module, so the name is something inside it
        return False


def _cases_path(verifier: type, name: str) -> Path:
    """``cases/<name>.jsonl`` beside the verifier's module, or beside the package it is in."""
    source = sys.modules[verifier.__module__].__file__
    if source is None:
        raise VerifierUnavailableError("its module has no file, so its cases cannot be found")
    folder = Path(source).parent
    beside, above = (each / "cases" / f"{name}.jsonl" for each in (folder, folder.parent))
    return above if above.is_file() and not beside.is_file() else beside
