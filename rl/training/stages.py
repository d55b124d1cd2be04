"""What of a run is finished, and from what it was made.

A stage is finished when stages.json says so, which it does only after everything the stage makes is
in place. What each was made from is kept beside it as facts: values of the configuration, digests
of files, hallmarks. A run goes on only where they still hold; anything else would mix two runs in
one folder.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assayoffice.rl.training.errors import ChangedRunError, TrainingError
from assayoffice.rl.training.folder import RunFolder, write_json

_FORMAT = 1
_SHOWN_CHANGES = 10
#: What a stage was made from, under names for people: texts, numbers, truth values.
Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished stage: what it was made from, what it made, and the wall seconds it took.

    ``made`` maps paths within the run's folder to the SHA-256 of what lay there.
    """

    facts: Facts
    digest: str
    made: Mapping[str, str]
    seconds: float


class Stages:
    """The record of a run's stages, kept in its folder."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._finished = _read(folder.stages)

    @property
    def finished(self) -> Mapping[str, Finished]:
        """Finished stages, in the order they ended."""
        return self._finished

    def is_finished(self, name: str, facts: Facts) -> bool:
        """Whether a stage is finished and was made from the same.

        Raises ChangedRunError when it was made from something else, or what it made is not there
        as it was.
        """
        known = self._finished.get(name)
        if known is None:
            return False
        if known.digest != digest_of(facts):
            raise ChangedRunError(
                f"{self._folder.path}: {name} was made from something else than it is asked to go "
                f"on with:\n{changes(known.facts, facts)}\nGive another folder with --run, or "
                "undo the change"
            )
        for path, digest in known.made.items():
            if digest_at(self._folder.path / path) != digest:
                raise ChangedRunError(
                    f"{self._folder.path / path}: not what the stage {name} made; put it back, or "
                    "give another folder with --run"
                )
        return True

    def run(self, name: str, facts: Facts, work: Callable[[], tuple[Path, ...]]) -> None:
        """Do a stage, which returns what it made, and record it."""
        start = time.monotonic()
        made = work()
        self._finished[name] = Finished(
            facts=facts,
            digest=digest_of(facts),
            made={str(path.relative_to(self._folder.path)): digest_at(path) for path in made},
            seconds=round(time.monotonic() - start, 1),
        )
        stages = {
            each: {
                "digest": finished.digest,
                "seconds": finished.seconds,
                "made": dict(finished.made),
                "from": dict(finished.facts),
            }
            for each, finished in self._finished.items()
        }
        write_json(self._folder.stages, {"format": _FORMAT, "stages": stages})


def digest_of(facts: Facts) -> str:
    """SHA-256 of facts, whatever their order."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def digest_at(path: Path) -> str:
    """SHA-256 of a file, or of a folder's names and contents; empty where there is nothing."""
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.is_file())
        return digest_of({str(each.relative_to(path)): digest_at(each) for each in files})
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def changes(before: Facts, after: Facts) -> str:
    """What differs, one line each."""
    names = [
        name
        for name in {**before, **after}
        if name not in before or name not in after or before[name] != after[name]
    ]
    lines = [f"  {name}: {_shown(before, name)}, now {_shown(after, name)}" for name in names]
    if len(lines) > _SHOWN_CHANGES:
        lines[_SHOWN_CHANGES:] = [f"  and {len(lines) - _SHOWN_CHANGES} more"]
    return "\n".join(lines)


def _shown(facts: Facts, name: str) -> str:
    return json.dumps(facts[name]) if name in facts else "absent"


def _read(path: Path) -> dict[str, Finished]:
    try:
        record = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise TrainingError(f"{path}: not JSON: {error}; begin again in another folder") from None
    if record.get("format") != _FORMAT:
        raise TrainingError(
            f"{path}: written by another version of assayoffice; begin again in another folder"
        )
    return {
        name: Finished(stage["from"], stage["digest"], stage["made"], stage["seconds"])
        for name, stage in record["stages"].items()
    }
