"""Playbooks for tests: base model, ledger with two mixes, held-out problems, configuration."""

import json
from collections.abc import Iterator
from pathlib import Path

from fake_playbook import DIARY, write_model

from assayoffice.rl.client import Client
from assayoffice.rl.mixes.ledger import Ledger

#: Of each domain. Enough for intervals of a few points, and judged in a moment.
HELD_OUT = 40
SAMPLES = 8


def problems(domain: str, count: int, offset: int = 0) -> list[dict[str, object]]:
    """Rows in our own form, each with a demonstration; no two domains ask the same."""
    return [
        {
            "id": f"{domain}-{number}",
            "domain": domain,
            "prompt": f"In {domain}, what is {number} + {number}?",
            "verifier": "numeric",
            "reference": str(2 * number),
            "demonstration": f"\\boxed{{{2 * number}}}",
            "origin": "synthetic",
        }
        for number in range(offset, offset + count)
    ]


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def write_playbook(folder: Path, endpoint: str, explore: str = "", more: str = "") -> Path:
    """A playbook with the domains a and b, of which the mix of a is frozen.

    ``explore`` goes into the table of domain a, ``more`` to the end.
    """
    write_model(folder / "base", {"a": 0.2, "b": 0.3})
    ledger = Ledger(folder / "mixes")
    with Client(endpoint) as client:
        for domain in ("a", "b"):
            rows = write_lines(folder / f"{domain}.jsonl", problems(domain, 12))
            ledger.add(domain, [str(rows)], client, strike=True)
            held_out = problems(domain, HELD_OUT, offset=100)
            write_lines(folder / f"{domain}-held-out.jsonl", held_out)
    ledger.freeze("a")
    (folder / "train.toml").write_text(
        f"""
        [model]
        build = "toy"
        [data]
        build = "toy"
        sizes = {{ demonstrations = 2, prompts = 2, held_out = 2 }}
        [service]
        endpoints = ["{endpoint}"]
        [reward]
        recipe = "accuracy@1"
        [sft]
        steps = 4
        [sft.verl.fake]
        gain = 0.3
        [grpo]
        steps = 2
        [grpo.verl.fake]
        gain = 0.1
        [evaluation]
        samples = {SAMPLES}
        max_tokens = 8
        [environment]
        {DIARY} = "{folder / "diary.txt"}"
        """
    )
    file = folder / "playbook.toml"
    file.write_text(
        f"""
        [train]
        config = "train.toml"
        [model]
        path = "base"
        [ledger]
        path = "mixes"
        [explore.a]
        held_out = ["a-held-out.jsonl"]
        {explore}
        [explore.b]
        held_out = ["b-held-out.jsonl"]
        beside = ["a"]
        runs = 3
        [gate]
        tolerance = 0.1
        {more}
        """
    )
    return file


def diary(folder: Path) -> Iterator[str]:
    """What was started, in its order."""
    path = folder / "diary.txt"
    return iter(path.read_text().splitlines() if path.exists() else ())
