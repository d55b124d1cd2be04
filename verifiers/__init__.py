"""Judgement: verifiers know answers and no wire. ``base`` says what a verifier is."""

from assayoffice.verifiers.base import (
    Check,
    Effort,
    InvalidTaskError,
    Limits,
    NeedsFullEffort,
    Outcome,
    RunsPrograms,
    SandboxFailedError,
    Submission,
    UnscorableReferenceError,
    UsesTools,
    Verdict,
    Verifier,
    VerifierError,
    VerifierUnavailableError,
)

__all__ = [
    "Check",
    "Effort",
    "InvalidTaskError",
    "Limits",
    "NeedsFullEffort",
    "Outcome",
    "RunsPrograms",
    "SandboxFailedError",
    "Submission",
    "UnscorableReferenceError",
    "UsesTools",
    "Verdict",
    "Verifier",
    "VerifierError",
    "VerifierUnavailableError",
]
