"""The server put together: what starts in which order, and stops in which."""

import asyncio
import contextlib
import logging
import math
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from assayoffice.sandbox.programs.settings import SandboxSettings
from assayoffice.sandbox.workers import START_SECONDS
from assayoffice.server import lean_settings
from assayoffice.server.access import BearerToken, is_local, server_credentials, token
from assayoffice.server.admission import Admission
from assayoffice.server.calls import Calls
from assayoffice.server.catalog import Catalog, load_catalog
from assayoffice.server.config import Settings
from assayoffice.server.engine import Engine, EngineSettings
from assayoffice.server.grouping.groupings import Groupings
from assayoffice.server.health import SERVICES, Health
from assayoffice.server.jobs import Operation
from assayoffice.server.rechecks import Rechecks
from assayoffice.server.reward_service import RewardService
from assayoffice.server.rewrite_service import RewriteService
from assayoffice.server.service import MAX_MESSAGE_BYTES, VerifierService
from assayoffice.v1.reward_pb2_grpc import add_RewardServiceServicer_to_server
from assayoffice.v1.rewrite_pb2_grpc import add_RewriteServiceServicer_to_server
from assayoffice.v1.verifier_pb2_grpc import add_VerifierServiceServicer_to_server

_log = logging.getLogger(__name__)

#: What the worker processes run.
HANDLER = "assayoffice.server.judge:make_handler"

_HEALTH_SERVICE = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

# More wait at the client. Bounds what one connection can have in memory here.
_CALLS_PER_CONNECTION = 1024
# Clients may ping this often to keep idle connections through their networks' boxes.
_MIN_PING_MILLISECONDS = 10_000
# A library may have gigabytes, all of which are read.
_START_WITH_LEAN_SECONDS = 3600.0
# For what is answered when the work has ended and is not sent yet.
_LAST_ANSWERS_SECONDS = 2.0


class StartError(Exception):
    """The server cannot start; the message says why and what to do."""


class Server:
    """A server that has been started by ``running``."""

    def __init__(
        self,
        endpoint: str,
        catalog: Catalog,
        grpc_server: grpc.aio.Server,
        engine: Engine,
        calls: Calls,
        health: Health,
        rechecking: "asyncio.Task[None]",
    ) -> None:
        self.endpoint = endpoint
        self._catalog = catalog
        self._grpc_server = grpc_server
        self._engine = engine
        self._calls = calls
        self._health = health
        self._rechecking = rechecking

    def states(self) -> Mapping[str, str]:
        """SERVING or NOT_SERVING for each verifier."""
        return {
            name: "SERVING" if entry.serving else "NOT_SERVING"
            for name, entry in self._catalog.entries.items()
        }

    async def drain(self, grace_seconds: float) -> None:
        """Take no new calls and let those under way come to an end, within so many seconds.

        What is then still unfinished gets an error; what is finished is not lost by it.
        """
        self._health.stop()
        self._calls.drain()
        self._rechecking.cancel()
        await self._engine.drain(grace_seconds)
        await self._engine.close()
        self._health.end()
        await self._grpc_server.stop(_LAST_ANSWERS_SECONDS)


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Server]:
    """Serve until the block ends. Raises ConfigError, StartError, EngineError."""
    secret = token(settings)
    grpc_server = grpc.aio.server(
        interceptors=[BearerToken(secret)] if secret is not None else None,
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            # A second server on the port fails instead of taking half of the calls.
            ("grpc.so_reuseport", 0),
            ("grpc.max_concurrent_streams", _CALLS_PER_CONNECTION),
            ("grpc.http2.min_ping_interval_without_data_ms", _MIN_PING_MILLISECONDS),
            ("grpc.keepalive_permit_without_calls", 1),
        ],
    )
    # The port first: its being taken should not cost the start of the workers.
    endpoint = _bind(grpc_server, settings)
    if not is_local(settings.listen):
        if secret is None:
            _log.warning("open to the network without a token", extra={"facts": {"at": endpoint}})
        elif settings.tls_certificate is None:
            _log.warning("tokens cross the network in clear text: no TLS")
    engine = Engine(engine_settings(settings))
    try:
        await engine.start()
        catalog = await load_catalog(engine)
        for entry in catalog.entries.values():
            if not entry.serving:
                facts = {"verifier": entry.name, "why": entry.info.state_detail}
                _log.warning("verifier out of service", extra={"facts": facts})
        calls = Calls()
        admission = Admission(engine, catalog)
        groupings = Groupings(admission, catalog, await engine.ask(Operation.GROUPING.value))
        verifying = VerifierService(admission, catalog, calls, groupings)
        add_VerifierServiceServicer_to_server(verifying, grpc_server)
        rewarding = RewardService(admission, catalog, calls)
        add_RewardServiceServicer_to_server(rewarding, grpc_server)
        checks_digest = await engine.ask(Operation.CHECKS.value)
        checking = RewriteService(admission, catalog, calls, checks_digest)
        add_RewriteServiceServicer_to_server(checking, grpc_server)
        health = Health(catalog, engine)
        health_pb2_grpc.add_HealthServicer_to_server(health, grpc_server)
        reflection.enable_server_reflection(
            (*SERVICES, _HEALTH_SERVICE, reflection.SERVICE_NAME), grpc_server
        )
        await grpc_server.start()
        following = asyncio.create_task(health.follow())
        rechecks = Rechecks(engine, catalog, settings.recheck_seconds, health.tell)
        rechecking = asyncio.create_task(rechecks.run())
        try:
            yield Server(endpoint, catalog, grpc_server, engine, calls, health, rechecking)
        finally:
            following.cancel()
            rechecking.cancel()
    finally:
        await grpc_server.stop(None)
        await engine.close()


def _bind(grpc_server: grpc.aio.Server, settings: Settings) -> str:
    listen, credentials = settings.listen, server_credentials(settings)
    try:
        if credentials is None:
            port = grpc_server.add_insecure_port(listen)
        else:
            port = grpc_server.add_secure_port(listen, credentials)
    except RuntimeError as error:
        raise StartError(
            f"cannot listen on {listen}: it is in use, or not an address of this machine"
        ) from error
    return listen if listen.startswith("unix:") else f"{listen.rpartition(':')[0]}:{port}"


def engine_settings(settings: Settings) -> EngineSettings:
    """What the engine is made with. Raises ConfigError."""
    cores = usable_cores()
    return EngineSettings(
        handler_path=HANDLER,
        quick_workers=settings.workers or cores,
        full_workers=settings.full_workers or math.ceil(cores / 2),
        sandboxed_workers=settings.sandbox_workers or cores,
        queue_items=settings.queue_items,
        queue_bytes=settings.queue_bytes,
        cache_bytes=settings.cache_bytes,
        sandbox=sandbox_settings(settings),
        handler_arguments=() if settings.lean is None else (lean_settings.read(settings.lean),),
        start_seconds=START_SECONDS if settings.lean is None else _START_WITH_LEAN_SECONDS,
    )


def sandbox_settings(settings: Settings) -> SandboxSettings:
    """What programs are run with."""
    modules = [each.strip() for each in (settings.sandbox_preload or "").split(",")]
    return SandboxSettings(
        tier=settings.sandbox_tier,
        python=settings.sandbox_python,
        packages=settings.sandbox_packages,
        preload=tuple(filter(None, modules)),
        first_uid=settings.sandbox_uid,
    )


def usable_cores() -> int:
    """Cores this process may use, a container's quota included."""
    cores = len(os.sched_getaffinity(0))
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        cores = min(cores, math.ceil(int(quota) / int(period)))
    return max(cores, 1)
