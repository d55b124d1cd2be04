"""Numeric and symbolic answers: read without loss, compared in tiers, never with model code run."""

from assayoffice.verifiers.extract import Extraction
from assayoffice.verifiers.numeric.task import (
    Match,
    NumericTask,
    Order,
    Percent,
    Unevaluated,
    Units,
)
from assayoffice.verifiers.numeric.verifier import NumericVerifier

__all__ = [
    "Extraction",
    "Match",
    "NumericTask",
    "NumericVerifier",
    "Order",
    "Percent",
    "Unevaluated",
    "Units",
]
