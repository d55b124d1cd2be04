"""Answers of a model to problems, sampled with vLLM.

``python -m assayoffice.rl.training.sampling FILE``, where the file is JSON with the fields of
``Request``. The rows it writes are verl's, each with the verifier that judges it, and the columns
``response``, ``token_count``, ``finish_reason`` and ``greedy`` beside them, so ``assay verify``
reads them too. A process of its own, because an engine keeps its memory until its end.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from assayoffice.rl.training.folder import write_whole

_PROBLEMS_PER_CALL = 64
_COLUMNS = ("data_source", "prompt", "reward_model")
_ONE_PROCESS = "VLLM_ENABLE_V1_MULTIPROCESSING"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sampled.

    ``samples`` answers to each of the first ``problems`` rows (0: all) at ``temperature``, and a
    greedy one. ``verifier`` judges rows that name none. ``template`` are arguments of the chat
    template, ``engine`` those of ``vllm.LLM``.
    """

    model: str
    rows: str
    output: str
    problems: int
    samples: int
    temperature: float
    max_tokens: int
    seed: int
    verifier: str
    template: Mapping[str, object]
    engine: Mapping[str, object]


def main() -> None:
    """The process. See the module's docstring."""
    request = Request(**json.loads(Path(sys.argv[1]).read_text("utf-8")))
    lines = [json.dumps(row) for row in _answers(request)]
    write_whole(Path(request.output), "".join(f"{line}\n" for line in lines))


def problems(rows: Sequence[Mapping[str, Any]], request: Request) -> list[Mapping[str, object]]:
    """The rows to sample for, each naming the verifier that judges it.

    Ends the process, with what to do, where rows lack what an evaluation needs.
    """
    chosen = rows[: request.problems or None]
    if not chosen:
        sys.exit(f"{request.rows}: no rows; an evaluation needs one problem at least")
    for number, row in enumerate(chosen):
        for column in _COLUMNS:
            if row.get(column) is None:
                sys.exit(
                    f"{request.rows} row {number}: {column}: missing; rows need the columns "
                    f"{', '.join(_COLUMNS)}, as verl has them"
                )
    return [_with_verifier(row, request.verifier) for row in chosen]


def _with_verifier(row: Mapping[str, Any], default: str) -> Mapping[str, object]:
    model, extra = row["reward_model"], row.get("extra_info")
    named = model.get("verifier") or (extra or {}).get("verifier") or default
    return {**row, "reward_model": {**model, "verifier": named}}


def _answers(request: Request) -> Iterator[Mapping[str, object]]:
    # This process has nothing else to do: an engine of its own would load everything once more.
    os.environ.setdefault(_ONE_PROCESS, "0")

    import pyarrow.parquet
    from vllm import LLM, SamplingParams

    table = pyarrow.parquet.read_table(request.rows)
    rows = problems(table.to_pylist(), request)
    engine = LLM(model=request.model, seed=request.seed, **request.engine)
    greedy = SamplingParams(temperature=0.0, max_tokens=request.max_tokens)
    template = dict(request.template)
    remaining = iter(enumerate(rows))
    while part := list(islice(remaining, _PROBLEMS_PER_CALL)):
        # As verl's rollouts write prompts: the template, open for the model's turn.
        prompts = [row["prompt"] for _, row in part]
        sampled = [
            SamplingParams(
                n=request.samples,
                temperature=request.temperature,
                max_tokens=request.max_tokens,
                # Each sample has its own: with one for all, problems would share their luck, and
                # intervals take them for independent. vLLM counts up within a problem.
                seed=(request.seed << 32) + number * request.samples,
            )
            for number, _ in part
        ]
        answers = zip(
            engine.chat(prompts, sampled, use_tqdm=False, chat_template_kwargs=template),
            engine.chat(prompts, greedy, use_tqdm=False, chat_template_kwargs=template),
            strict=True,
        )
        for (number, row), (several, one) in zip(part, answers, strict=True):
            outputs = [(each, False) for each in several.outputs]
            outputs += [(each, True) for each in one.outputs]
            for index, (output, is_greedy) in enumerate(outputs):
                yield {
                    **row,
                    "id": f"{number}/{'greedy' if is_greedy else index}",
                    "response": output.text,
                    "token_count": len(output.token_ids),
                    "finish_reason": output.finish_reason,
                    "greedy": is_greedy,
                }
        sys.stdout.write(f"sampled {part[-1][0] + 1} of {len(rows)} problems\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
