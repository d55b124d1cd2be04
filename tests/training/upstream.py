"""What verl does in one process on a machine without an accelerator, as JSON.

`python upstream.py` with verl's plug-ins says it of verl as adapted. With none it says it of verl
alone, which gets the platform for CPUs only before the questions that it could not come to without.
"""

import json
import os
import sys
from collections.abc import Callable

import torch
import verl  # noqa: F401 - loads the plug-ins

ONE_PROCESS = {
    "MASTER_ADDR": "127.0.0.1",
    "MASTER_PORT": "0",
    "RANK": "0",
    "LOCAL_RANK": "0",
    "WORLD_SIZE": "1",
}


def attempt(act: Callable[[], object]) -> str:
    try:
        return str(act())
    except (AssertionError, ImportError, RuntimeError, ValueError) as refused:
        return f"{type(refused).__name__}: {refused}"


def vllm_version() -> object:
    from verl.third_party.vllm import vllm_version

    return vllm_version


def vllm_device() -> object:
    from vllm.platforms import current_platform

    return current_platform.device_type


def device() -> object:
    from verl.utils.device import get_device_name

    return get_device_name()


def resident_memory() -> object:
    from verl.utils.device import get_torch_device

    return get_torch_device().memory_allocated() > 0


def tensor_on_device() -> object:
    from verl.utils.device import get_device_id

    return torch.ones(1).to(get_device_id()).device


def seeded() -> object:
    from verl.utils.device import manual_seed

    draws = []
    for _ in range(2):
        manual_seed(3)
        draws.append(torch.rand(1))
    return torch.equal(*draws)


def resumed() -> object:
    from verl.utils.checkpoint.checkpoint_manager import BaseCheckpointManager

    state = BaseCheckpointManager.get_rng_state()
    drawn = torch.rand(1)
    BaseCheckpointManager.load_rng_state(state)
    return torch.equal(torch.rand(1), drawn)


def engine() -> object:
    from verl.workers.engine import EngineRegistry

    return EngineRegistry.get_engine_cls("language_model", "fsdp2").__name__


def group_of_a_worker() -> object:
    from verl.utils.distributed import initialize_global_process_group_ray

    initialize_global_process_group_ray()
    return sum_over_group()


def group_of_sft() -> object:
    from verl.utils.distributed import initialize_global_process_group

    initialize_global_process_group()
    return sum_over_group()


def sum_over_group() -> float:
    ones = torch.ones(1)
    torch.distributed.all_reduce(ones)
    torch.distributed.destroy_process_group()
    return ones.item()


def main() -> None:
    os.environ.update(ONE_PROCESS)
    found = {
        question.__name__: attempt(question)
        for question in (vllm_version, vllm_device, device, resident_memory)
    }
    if found["device"] != "cpu":
        from assayoffice.rl.verl.cpu import use_cpu_platform

        use_cpu_platform()
    for question in (tensor_on_device, seeded, resumed, engine, group_of_a_worker, group_of_sft):
        found[question.__name__] = attempt(question)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
