"""Judges proofs in Lean by what was compiled of them, not by what Lean prints."""

from assayoffice.verifiers.lean.task import Candidate, LeanTask, Trust
from assayoffice.verifiers.lean.verifier import LeanVerifier

__all__ = ["Candidate", "LeanTask", "LeanVerifier", "Trust"]
