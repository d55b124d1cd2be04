"""Judges programs: runs them against tests in a sandbox that never sees what they should answer."""

from assayoffice.verifiers.code.task import (
    CallTest,
    Checker,
    CodeExtraction,
    CodeTask,
    Comparator,
    StdioTest,
)
from assayoffice.verifiers.code.verifier import CodeVerifier

__all__ = [
    "CallTest",
    "Checker",
    "CodeExtraction",
    "CodeTask",
    "CodeVerifier",
    "Comparator",
    "StdioTest",
]
