"""Doing something once another package has imported one of its modules."""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


def when_imported(name: str, act: Callable[[], None]) -> None:
    """Call ``act`` when module ``name`` has been executed: now, or when it is imported at last.

    So that a plug-in, which is loaded first and in every process, neither imports for processes
    that never use the module, nor does so before other plug-ins have had their say.
    """
    if name in sys.modules:
        act()
    else:
        sys.meta_path.insert(0, _Watch(name, act))


class _Watch(MetaPathFinder):
    """Finds one module as the others would, and remembers to act after its execution."""

    def __init__(self, name: str, act: Callable[[], None]) -> None:
        self._name = name
        self._act = act

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_act(module: ModuleType) -> None:
            execute(module)
            self._act()

        # On this one loader, which serves this one module: a wrapper around it would lack the
        # methods with which others read its source.
        spec.loader.exec_module = execute_and_act  # type: ignore[method-assign]
        return spec
