"""Clients of the service: everything that calls it and nothing that judges.

Importing this loads gRPC and the messages, but no verifier and no server.
"""

from assayoffice.rl.client import AsyncClient, Client
from assayoffice.rl.errors import AssayError, ServiceError
from assayoffice.rl.groups import Grouping, GroupingResult, ResponseGroup, ResponseSet
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
from assayoffice.rl.rewrites.reports import Report, ReportResult
from assayoffice.rl.rewrites.rewrite import (
    Domain,
    Key,
    Premises,
    Rewrite,
    Thresholds,
    Unknown,
)
from assayoffice.rl.submissions import Submission

__all__ = [
    "AppliedRecipe",
    "AssayError",
    "AsyncClient",
    "Check",
    "Client",
    "Component",
    "Domain",
    "FinishReason",
    "Generation",
    "Grouping",
    "GroupingResult",
    "Hallmark",
    "ItemError",
    "Key",
    "Outcome",
    "Premises",
    "Recipe",
    "RecipeInfo",
    "Report",
    "ReportResult",
    "ResponseGroup",
    "ResponseSet",
    "Result",
    "Reward",
    "RewardResult",
    "Rewrite",
    "Rollout",
    "ServiceError",
    "Submission",
    "Thresholds",
    "Unknown",
    "Verdict",
]
