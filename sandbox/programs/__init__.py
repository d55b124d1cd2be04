"""Runs programs that nobody trusts, isolated from the host and from each other.

It knows no answers: what a program should print never comes near it. See ``Sandbox``.
"""

from assayoffice.sandbox.programs.blob import Blob
from assayoffice.sandbox.programs.errors import SandboxFailure, SandboxUnavailable
from assayoffice.sandbox.programs.run import (
    ANSWER_FD,
    CHANNEL_FD,
    DATA_FD,
    Command,
    PythonProgram,
    Run,
    RunLimits,
    RunResult,
    Status,
    Tier,
)
from assayoffice.sandbox.programs.sandbox import Sandbox
from assayoffice.sandbox.programs.settings import Folder, SandboxSettings, TierChoice

__all__ = [
    "ANSWER_FD",
    "CHANNEL_FD",
    "DATA_FD",
    "Blob",
    "Command",
    "Folder",
    "PythonProgram",
    "Run",
    "RunLimits",
    "RunResult",
    "Sandbox",
    "SandboxFailure",
    "SandboxSettings",
    "SandboxUnavailable",
    "Status",
    "Tier",
    "TierChoice",
]
