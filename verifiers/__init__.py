"""Judgement: verifiers know answers and no wire. ``base`` says what a verifier is."""

from assayoffice.verifiers.base import (
    AdaptsCases,
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
    "AdaptsCases",
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
