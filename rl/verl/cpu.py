"""Everything that verl and vLLM must be told on a machine without an accelerator.

For verl 0.9.1 and vLLM 0.27.1, by whom this is needed. Each adaptation is one function that names
the file of theirs that it concerns, what happens without it, and when it can go:
tests/training/test_cpu.py fails then. Where there is an accelerator, or a vLLM that is not built
for CPUs, nothing here does anything.

Entry points of this package have verl call `adapt_verl` and vLLM `keep_weights_updatable`, each in
all of its processes. What must be known before a process starts is `ENVIRONMENT`.
"""

import importlib.metadata
import os
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder, PackageNotFoundError
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

# To be merged into the environment of each process of a run: verl, vLLM and Ray hand it on.
ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        # verl/workers/engine/base.py knows no engine for "cpu". The one it has for "cuda" and FSDP
        # asks the platform (below) for all that differs.
        "VERL_ENGINE_DEVICE": "cuda",
        # Of 2 cores each process would take both: verl, vLLM, and what stores the samples.
        "OMP_NUM_THREADS": "1",
        "TQ_NUM_THREADS": "1",
        # vLLM has its sampler compiled with the first samples, even if told to be eager: half a
        # minute, in which a model this small makes most of the samples that it ever will.
        "TORCHDYNAMO_DISABLE": "1",
        # GiB for keys and values. vLLM would take half of the machine's memory.
        "VLLM_CPU_KVCACHE_SPACE": "1",
        # Lets vLLM keep the model in the process of its scheduler (executor "uni"). The shared
        # memory between the two, 400 MB, is left behind when Ray kills them.
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        # Models come from folders here, and a machine may have no way to ask anybody.
        "HF_HUB_OFFLINE": "1",
    }
)


def adapt_verl() -> None:
    """Make verl run on this machine's processors, if these are all it has to run on."""
    if not _only_cpus():
        return
    find_vllm_by_its_name()
    use_cpu_platform()
    name_one_backend_per_device()


def keep_weights_updatable() -> None:
    """Keep vLLM's weights where new ones can be written over them.

    vllm/model_executor/layers/linear.py hands each weight, packed, to the library that multiplies
    and drops the original. What verl sends after a step then has nowhere to go. Can go when vLLM
    keeps the original, or can load weights without it.
    """
    if not _only_cpus():
        return
    from vllm.model_executor.layers import utils

    dispatch = utils.dispatch_cpu_unquantized_gemm

    def dispatch_and_keep(layer: object, remove_weight: bool) -> None:
        dispatch(layer, remove_weight=False)

    utils.dispatch_cpu_unquantized_gemm = dispatch_and_keep


def find_vllm_by_its_name() -> None:
    """Have `vllm-cpu`, as vLLM is called when built for CPUs, found by who asks for `vllm`.

    verl/third_party/vllm/__init__.py asks `importlib.metadata` for a version and refuses to run
    without one. Can go when it asks `vllm.__version__`, or vLLM is published under one name.
    """
    try:
        importlib.metadata.version("vllm")
    except PackageNotFoundError:
        sys.meta_path.append(_VllmFinder())


def use_cpu_platform() -> None:
    """Tell verl that its device is the CPU.

    verl/plugin/platform/platform_manager.py falls back to CUDA where it finds nothing, and
    torch.cuda raises. Can go when verl has a platform for CPUs of its own.
    """
    from verl.plugin.platform import PlatformBase, PlatformRegistry, set_platform

    platform = type("CpuPlatform", (_CpuPlatform, PlatformBase), {})
    PlatformRegistry.register(platform="cpu")(platform)
    set_platform(platform())


def name_one_backend_per_device() -> None:
    """Have verl's process groups made of gloo for each device once.

    verl/utils/distributed.py asks torch for "cpu:gloo,DEVICE:BACKEND", which torch refuses if it
    names the CPU twice. Of the names it accepts, "cuda" is the one that other code of verl expects.
    Can go when verl leaves out a device that is the CPU.
    """
    from verl.utils import distributed

    distributed.get_device_name = lambda: "cuda"


def _only_cpus() -> bool:
    """Whether this environment can run vLLM on CPUs only, and this machine has nothing else.

    The first, because a process of a cluster that Ray gave no accelerator does not see those that
    others train on.
    """
    try:
        importlib.metadata.version("vllm-cpu")
    except PackageNotFoundError:
        return False
    import torch

    return not torch.accelerator.is_available()


class _Vllm(Distribution):
    """`vllm-cpu` under the name, and with the version, of a vLLM that was built for CPUs."""

    def __init__(self) -> None:
        self._installed = importlib.metadata.distribution("vllm-cpu")

    def read_text(self, filename: str) -> str | None:
        return self._installed.read_text(filename)

    def locate_file(self, path: str | os.PathLike[str]) -> Path:
        return Path(str(self._installed.locate_file(path)))

    @property
    def version(self) -> str:
        # vllm/platforms/__init__.py tells by this suffix which machine it was built for.
        return f"{self._installed.version}+cpu"


class _VllmFinder(DistributionFinder):
    """Finds one distribution, when asked for it by name, and no modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return None

    def find_distributions(
        self, context: DistributionFinder.Context | None = None
    ) -> Iterator[Distribution]:
        if context is not None and context.name == "vllm":
            yield _Vllm()


class _CpuDevice(ModuleType):
    """torch.cpu, and what verl expects of a device's module besides: its memory, in bytes.

    That is the memory of this process, of which nothing is reserved or cached.
    """

    def __getattr__(self, name: str) -> Any:
        import torch

        return getattr(torch.cpu, name)

    def empty_cache(self) -> None:
        """Nothing is cached."""

    def memory_allocated(self) -> int:
        resident = Path("/proc/self/statm").read_text().split()[1]
        return int(resident) * resource.getpagesize()

    def memory_reserved(self) -> int:
        return self.memory_allocated()

    def max_memory_allocated(self) -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB

    def max_memory_reserved(self) -> int:
        return self.max_memory_allocated()

    def mem_get_info(self) -> tuple[int, int]:
        """Free and total memory of the machine."""
        page = resource.getpagesize()
        return os.sysconf("SC_AVPHYS_PAGES") * page, os.sysconf("SC_PHYS_PAGES") * page

    def get_device_name(self) -> str:
        return "CPU"

    def set_rng_state(self, state: Any) -> None:
        """As a checkpoint has it, which a resumed run reads once as the CPU's and once as this."""
        import torch

        torch.set_rng_state(state)


class _CpuPlatform:
    """What verl asks of a platform: one device, which needs no care."""

    device_name = "cpu"
    vendor_name = "cpu"
    device_module = _CpuDevice("assayoffice.rl.verl.cpu.device")

    def is_available(self) -> bool:
        return True

    def current_device(self) -> str:
        # Given to Tensor.to(), for which a number is an accelerator.
        return "cpu"

    def device_count(self) -> int:
        return 1

    def set_device(self, device_index: int) -> None:
        """There is only one."""

    def synchronize(self, device_index: int | None = None) -> None:
        """A CPU has done what it was told when the call returns."""

    def manual_seed(self, seed: int) -> None:
        import torch

        torch.manual_seed(seed)

    def manual_seed_all(self, seed: int) -> None:
        self.manual_seed(seed)

    def set_allocator_settings(self, settings: str) -> None:
        """They are CUDA's."""

    def empty_cache(self) -> None:
        """Nothing is cached."""

    def get_device_capability(self, device_index: int = 0) -> tuple[int | None, int | None]:
        return None, None

    def communication_backend_name(self) -> str:
        return "gloo"

    def visible_devices_envvar(self) -> str:
        return "CUDA_VISIBLE_DEVICES"  # the one that Ray sets for the resource named below

    @contextmanager
    def nvtx_range(self, msg: str) -> Iterator[None]:
        yield

    def profiler_start(self) -> None:
        """There is none."""

    def profiler_stop(self) -> None:
        """There is none."""

    def ray_resource_name(self) -> str:
        # verl places its workers by this resource; a run declares one for all it has to place.
        return "GPU"

    def ray_noset_envvars(self) -> list[str]:
        return ["RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES"]

    def is_ipc_supported(self) -> bool:
        return False  # so that weights travel to vLLM in shared memory

    def cudart(self) -> None:
        """There is none."""
