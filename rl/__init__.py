"""Clients of the service: everything that calls it and nothing that judges.

Importing this loads gRPC and the messages, but no verifier and no server.
"""

from assayoffice.rl.client import AsyncClient, Client
from assayoffice.rl.errors import AssayError, ServiceError
from assayoffice.rl.results import Check, Hallmark, ItemError, Outcome, Result, Verdict
from assayoffice.rl.submissions import Submission

__all__ = [
    "AssayError",
    "AsyncClient",
    "Check",
    "Client",
    "Hallmark",
    "ItemError",
    "Outcome",
    "Result",
    "ServiceError",
    "Submission",
    "Verdict",
]
