"""grpc.health.v1 as the truth: of the verifiers, of the workers, and of a server that stops.

grpc's own servicer holds a lock while it writes to a watcher, so that one who does not read would
keep the others, and a drain, waiting.
"""

import asyncio
import logging
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from assayoffice.server.catalog import Catalog
from assayoffice.server.engine import Engine
from assayoffice.v1 import reward_pb2, rewrite_pb2, verifier_pb2

_log = logging.getLogger(__name__)

#: The services whose state is that of all verifiers together.
SERVICES = (
    verifier_pb2.DESCRIPTOR.services_by_name["VerifierService"].full_name,
    reward_pb2.DESCRIPTOR.services_by_name["RewardService"].full_name,
    rewrite_pb2.DESCRIPTOR.services_by_name["RewriteService"].full_name,
)

_LOOK_SECONDS = 1.0
# A worker that dies is replaced within milliseconds; only what lasts is worth telling.
_LOOKS_WITHOUT_WORKERS = 3

_Status = health_pb2.HealthCheckResponse
Context = grpc.aio.ServicerContext[Any, Any]


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc] # grpc_health has no types
    """States by name: each verifier, and ``""`` and the services while any verifier serves."""

    def __init__(self, catalog: Catalog, engine: Engine) -> None:
        self._engine = engine
        self._entries = catalog.entries
        self._names = {*catalog.entries, "", *SERVICES}
        self._stopped = False
        self._working = True
        self._ended = False
        self._changed = asyncio.Event()

    async def Check(
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> health_pb2.HealthCheckResponse:
        if request.service not in self._names:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such service or verifier")
        return _Status(status=self._status(request.service))

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Context) -> None:
        told = None
        while not self._ended:
            changed, status = self._changed, self._status(request.service)
            if status != told:
                await context.write(_Status(status=status))
                told = status
            await changed.wait()

    async def follow(self) -> None:
        """Tell when there are no workers any more, and when they are back; never returns."""
        looks = 0
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            looks = 0 if self._engine.stats().workers_alive else looks + 1
            working = looks < _LOOKS_WITHOUT_WORKERS
            if working != self._working:
                _log.error("workers are back" if working else "no worker can be had")
                self._working = working
                self.tell()

    def stop(self) -> None:
        """Tell that nothing serves any more."""
        self._stopped = True
        self.tell()

    def end(self) -> None:
        """Let go of the watchers, who would otherwise stay as long as the server does."""
        self._ended = True
        self.tell()

    def _status(self, service: str) -> health_pb2.HealthCheckResponse.ServingStatus:
        if service not in self._names:
            return _Status.SERVICE_UNKNOWN
        if service in self._entries:
            serving = self._entries[service].serving
        else:
            serving = any(entry.serving for entry in self._entries.values())
        up = serving and self._working and not self._stopped
        return _Status.SERVING if up else _Status.NOT_SERVING

    def tell(self) -> None:
        """Tell watchers what has changed."""
        self._changed.set()
        self._changed = asyncio.Event()
