"""Who answers: a model in an engine of ours, or one behind an endpoint."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from assayoffice.rl.endpoints.endpoint import Patience
from assayoffice.rl.sampling.errors import UnusableModelError

_LOOKS_LIKE_A_PATH = ("/", ".", "~")
# Reasoning of thirty thousand tokens takes half an hour where a server is busy.
_ANSWER_SECONDS = 3600.0
# Of each file, so many parts of this size are read: weights may be too large to be read whole, and
# training changes all of them.
_PARTS, _PART_BYTES = 16, 4096


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that vLLM loads: a folder as transformers saves one, or a name on the hub.

    ``engine`` are arguments of ``vllm.LLM``.
    """

    path: str
    engine: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called in records."""
        return self.path

    def facts(self) -> dict[str, object]:
        """What answers depend on, for people and to tell whether it is another model by now.

        Raises UnusableModelError.
        """
        return {
            "name": self.path,
            "files": _fingerprint(Path(self.path)),
            "engine": dict(self.engine),
        }

    def check(self) -> None:
        """Raise UnusableModelError where there is no such folder, or no model in it."""
        folder = Path(self.path)
        if folder.is_dir():
            if not (folder / "config.json").is_file():
                raise UnusableModelError(
                    f"{folder}: there is no config.json; name a folder that holds a model as "
                    "transformers saves it (of a checkpoint of verl: its folder huggingface)"
                )
        elif folder.exists() or self.path.startswith(_LOOKS_LIKE_A_PATH):
            raise UnusableModelError(
                f"{folder}: there is no such folder; name one that holds a model, or a model on "
                "the hub"
            )


@dataclass(frozen=True, slots=True)
class EndpointModel:
    """A model behind an OpenAI-compatible endpoint, asked ``concurrency`` times at once.

    ``url`` is e.g. ``http://127.0.0.1:8000/v1``. ``ca_file`` (PEM) is what it is trusted by.
    """

    url: str
    model: str
    api_key: str = field(default="", repr=False)
    concurrency: int = 16
    patience: Patience = field(default_factory=lambda: Patience(_ANSWER_SECONDS))
    ca_file: str | None = None

    @property
    def name(self) -> str:
        """What it is called in records."""
        return self.model

    def facts(self) -> dict[str, object]:
        """What answers depend on. Where it is served does not matter to them."""
        return {"name": self.model, "endpoint": True}


Model: TypeAlias = LocalModel | EndpointModel


def _fingerprint(folder: Path) -> str:
    """A digest of the files of a model, empty for what is no folder."""
    if not folder.is_dir():
        return ""
    digest = hashlib.sha256()
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        size = file.stat().st_size
        digest.update(f"{file.relative_to(folder)}\n{size}\n".encode())
        with file.open("rb") as opened:
            for part in range(_PARTS):
                opened.seek(max(0, size - _PART_BYTES) * part // (_PARTS - 1))
                digest.update(opened.read(_PART_BYTES))
    return digest.hexdigest()
