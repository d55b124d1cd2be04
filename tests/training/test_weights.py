"""What verl sends to vLLM after a step is what the next rollouts are sampled from."""

import json

import pytest

SCRIPT = "pushed_weights.py"


def test_weights_sent_by_verl_change_what_vllm_samples(run_script, model_folders):
    done = run_script(SCRIPT, *model_folders)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["after"]["ids"] != said["before"]["ids"]
    assert said["after"]["ids"] == said["loaded"]["ids"]
    assert said["after"]["logprobs"] == pytest.approx(said["loaded"]["logprobs"], abs=1e-4)


def test_vllm_on_cpus_cannot_take_weights_by_itself(run_script, model_folders):
    done = run_script(SCRIPT, *model_folders, VLLM_PLUGINS="none")
    refused = "into parameter (torch.Size([0]))"
    assert done.returncode != 0 and refused in done.stderr, (
        f"rl/verl/cpu.py: keep_weights_updatable can go\n{done.stderr}"
    )
