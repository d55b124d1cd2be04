"""What programs run on."""

from dataclasses import dataclass

from assayoffice.sandbox.programs.sandbox import Sandbox
from assayoffice.sandbox.programs.toolchains import Toolchains


@dataclass(frozen=True)
class Machine:
    """A process's sandbox, and the toolchains in it."""

    sandbox: Sandbox
    toolchains: Toolchains
