"""Where a proposed row comes from: enough to make it again, and to find all that came of a parent.

It stands in the row's ``provenance``, which is free of form, and is written by us alone: nothing a
model answers gets into it but the name that the endpoint gives to its model.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from assayoffice.rl.endpoints.endpoint import Sampling

_SEEDS = 2**31  # what servers take that keep seeds in 32 bits
_MODEL_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Source:
    """What is asked for a proposal: a parent by id and digest, a prompt, and which of its tries.

    ``prompt`` is its name with its version, ``prompt_digest`` the SHA-256 of its text.
    """

    parent: str
    parent_digest: str
    prompt: str
    prompt_digest: str
    index: int

    @property
    def id(self) -> str:
        """The id of the row that comes of it."""
        name = self.prompt.partition("@")[0]
        return f"{self.parent[:180]}/{name}/{self.parent_digest[:8]}/{self.index}"

    def seed(self, seed: int) -> int:
        """The seed of its request: each proposal of a run has another, and the same again."""
        text = f"{seed}\n{self.parent_digest}\n{self.prompt_digest}\n{self.index}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % _SEEDS


def digest_of(content: Mapping[str, object]) -> str:
    """SHA-256 of a row as JSON with sorted keys, its stamp left out, in hexadecimal."""
    whole = {name: value for name, value in content.items() if name != "stamp"}
    written = json.dumps(whole, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(written.encode()).hexdigest()


def provenance(
    source: Source, asked_model: str, answering_model: str, sampling: Sampling, seed: int
) -> dict[str, object]:
    """The provenance of a row that a model wrote."""
    return {
        "source": "synthetic",
        "generator": asked_model,
        "lineage": {
            "parent": source.parent,
            "parent_digest": source.parent_digest,
            "prompt": source.prompt,
            "prompt_digest": source.prompt_digest,
            "index": source.index,
            "endpoint_model": answering_model[:_MODEL_CHARACTERS],
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": source.seed(seed),
        },
    }
