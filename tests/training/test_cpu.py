"""Each adaptation does what it is for, and upstream still fails without it."""

import json

import pytest

SCRIPT = "upstream.py"


@pytest.fixture(scope="module")
def adapted(run_script) -> dict[str, str]:
    """What verl does as a run has it."""
    return found(run_script(SCRIPT))


@pytest.fixture(scope="module")
def upstream(run_script) -> dict[str, str]:
    """What verl does by itself."""
    return found(run_script(SCRIPT, VERL_USE_EXTERNAL_PLUGINS="none", VERL_ENGINE_DEVICE=None))


def found(done) -> dict[str, str]:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_verl_accepts_a_vllm_built_for_cpus(adapted):
    assert adapted["vllm_version"].endswith("+cpu")


def test_vllm_still_knows_that_it_was_built_for_cpus(adapted):
    assert adapted["vllm_device"] == "cpu"


def test_verl_runs_on_the_cpu_and_measures_its_memory(adapted):
    assert adapted["device"] == adapted["tensor_on_device"] == "cpu"
    assert adapted["resident_memory"] == "True"
    assert adapted["seeded"] == adapted["resumed"] == "True"


def test_verl_trains_with_fsdp(adapted):
    assert adapted["engine"] == "FSDPEngineWithLMHead"


def test_process_groups_compute(adapted):
    assert adapted["group_of_a_worker"] == adapted["group_of_sft"] == "1.0"


@pytest.mark.parametrize(
    ("adaptation", "question", "failure"),
    [
        ("find_vllm_by_its_name", "vllm_version", "vllm version None not supported"),
        ("use_cpu_platform", "device", "cuda"),
        ("ENVIRONMENT['VERL_ENGINE_DEVICE']", "engine", "No engine registered for device='cpu'"),
        ("name_one_backend_per_device", "group_of_a_worker", "Duplicate device type cpu"),
        ("name_one_backend_per_device", "group_of_sft", "Duplicate device type cpu"),
    ],
)
def test_upstream_needs(upstream, adaptation, question, failure):
    assert failure in upstream[question], f"rl/verl/cpu.py: {adaptation} can go"


@pytest.mark.parametrize("seen", ["an accelerator", "another vLLM"])
def test_nothing_is_adapted_where_there_is(run_script, seen):
    done = run_script("elsewhere.py", seen, VERL_USE_EXTERNAL_PLUGINS="none", VLLM_PLUGINS="none")
    assert found(done) == {"finders": 0, "device": "cuda", "dispatch": "upstream"}
