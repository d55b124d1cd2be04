"""Clients of the service: everything that calls it and nothing that judges.

Importing this loads gRPC and the messages, but no verifier and no server.
"""

from assayoffice.rl.client import AsyncClient, Client
from assayoffice.rl.errors import AssayError, ServiceError
from assayoffice.rl.results import Check, Hallmark, ItemError, Outcome, Result, Verdict
from assayoffice.rl.rewards import (
    AppliedRecipe,
    Component,
    FinishReason,
    Generation,
    Recipe,
    RecipeInfo,
    Reward,
    RewardResult,
    Rollout,
)
from assayoffice.rl.submissions import Submission

__all__ = [
    "AppliedRecipe",
    "AssayError",
    "AsyncClient",
    "Check",
    "Client",
    "Component",
    "FinishReason",
    "Generation",
    "Hallmark",
    "ItemError",
    "Outcome",
    "Recipe",
    "RecipeInfo",
    "Result",
    "Reward",
    "RewardResult",
    "Rollout",
    "ServiceError",
    "Submission",
    "Verdict",
]
