"""A real vLLM answers the toy's problems, here and on a real Ray, and real services judge them.

What is compared is compared byte by byte: an answer depends on its seed, and on nothing that a kill
or a cluster changes.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fake_service import spin_until
from judging_answers import problem

from assayoffice.rl import Client
from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.rl.judging.judge import judge_answers
from assayoffice.rl.judging.on_ray import Service, on_ray
from assayoffice.rl.problems.problem import Message, Problem
from assayoffice.rl.sampling.answers import header_path, read_answers
from assayoffice.rl.sampling.errors import EngineError
from assayoffice.rl.sampling.models import LocalModel
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.sampling.sampling import Sampled, sample

ENGINE = {"dtype": "float32", "enforce_eager": True, "max_model_len": 64, "max_num_seqs": 64}
REQUEST = SamplingRequest(3, temperature=1.0, top_p=1.0, max_tokens=12, seed=1, greedy=True)
COUNT = 70  # more than are asked together


def problems(count: int = COUNT) -> list[Problem]:
    """Sums, and a problem that the model has no room for."""
    sums = [
        problem(str(number), str(number + 1), messages=(Message("user", f"{number} + 1"),))
        for number in range(count)
    ]
    return [*sums[:3], problem("long", messages=(Message("user", "1 + " * 300),)), *sums[3:]]


def go(model: Path, file: Path, asked: list[Problem], ray: str | None = None) -> Sampled:
    of = LocalModel(str(model), ENGINE)
    return sample(asked, of, REQUEST, file, progress=lambda done, total: None, ray=ray)


@pytest.fixture(scope="module")
def model(model_folders: tuple[Path, Path]) -> Path:
    return model_folders[0]


@pytest.fixture(scope="module")
def whole(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("whole") / "answers.jsonl"
    found = go(model, file, problems())
    # A prompt that is too long costs the others nothing.
    assert found.finished == COUNT and list(found.failures) == ["long"]
    assert "maximum context length" in found.failures["long"]
    return file


def test_answers_are_the_models_own_and_as_many_as_asked_for(whole: Path) -> None:
    answers = list(read_answers(whole))
    assert len(answers) == 4 * COUNT
    sampled = [each for each in answers if not each.greedy]
    # A model without training, at temperature 1: samples that share their luck would be alike.
    assert len({each.response for each in sampled}) > 0.9 * len(sampled)
    assert {each.finish_reason for each in answers} <= {"stop", "length"}
    assert all(0 < each.token_count <= 12 for each in answers)
    assert all(each.seed == REQUEST.seed_of(each.problem, each.sample) for each in answers)


def test_what_was_killed_goes_on_in_other_company_to_the_same_answers(
    whole: Path, model: Path, tmp_path: Path
) -> None:
    file = tmp_path / "answers.jsonl"
    shutil.copy(header_path(whole), header_path(file))
    lines = whole.read_bytes().splitlines(keepends=True)
    # As a machine that stopped leaves it: nine problems, and a torn line.
    file.write_bytes(b"".join(lines[:36]) + lines[36][:50])
    found = go(model, file, problems())
    assert (found.before, found.finished, list(found.failures)) == (9, COUNT, ["long"])
    assert file.read_bytes() == whole.read_bytes()


def test_ray_changes_nothing(whole: Path, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    found = go(model, file, problems(), ray="local")
    assert (found.finished, list(found.failures)) == (COUNT, ["long"])
    assert file.read_bytes() == whole.read_bytes()


def test_an_argument_that_vllm_does_not_know_is_named(model: Path, tmp_path: Path) -> None:
    of = LocalModel(str(model), {"no_such_argument": 1})
    with pytest.raises(EngineError, match="(?s)^an engine argument.*no_such_argument"):
        sample(problems(1), of, REQUEST, tmp_path / "a.jsonl", progress=lambda *at: None)


def test_killed_with_its_engine_nothing_is_left_behind(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[3]); "
        "import test_sampling as t; t.go(Path(sys.argv[1]), Path(sys.argv[2]), t.problems(2000))"
    )
    here = Path(__file__)
    command = [sys.executable, "-c", script, str(model), str(file), str(here.parent)]
    paths = {"PYTHONPATH": f"{here.parents[1]}"}
    process = subprocess.Popen(command, env={**os.environ, **paths})
    try:
        spin_until(lambda: file.exists() and file.stat().st_size > 0, 120)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    spin_until(lambda: not _engines(file), 30)
    # Whole problems, and a lock that lets the next one in.
    before = len({each.problem for each in read_answers(file)})
    assert 0 < before < 2000 and len(list(read_answers(file))) == 4 * before


def test_judging_on_ray_changes_nothing(whole: Path, tmp_path: Path) -> None:
    with EmbeddedServer(start_seconds=120) as ready, Client(ready.endpoint) as client:
        judged = [
            judge_answers(
                client,
                whole,
                problems(),
                tmp_path / name,
                progress=lambda done, total: None,
                through=through,
            )
            for name, through in (
                ("here.jsonl", None),
                ("ray.jsonl", on_ray(Service((ready.endpoint,)), "local", timeout=60)),
            )
        ]
    assert judged[0] == judged[1]
    assert len(judged[0].problems) == COUNT and list(judged[0].errors) == ["long"]


def _engines(file: Path) -> list[int]:
    """The processes that were told of a file."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(file).encode() in each.read_bytes():
                found.append(int(each.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found
