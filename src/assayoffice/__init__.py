"""Assay office: a reward and verifier service whose verdicts can be trusted.

``Client`` and ``AsyncClient`` talk to a running service. They are loaded on first use, so
``import assayoffice`` costs nothing, and using them pulls in neither a verifier nor the server.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assayoffice.rl.client import AsyncClient, Client

__all__ = ["AsyncClient", "Client", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in ("AsyncClient", "Client"):
        from assayoffice.rl import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
