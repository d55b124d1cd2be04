"""Who may call: TLS, and a bearer token on every call except health checks."""

import hmac
import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import grpc

from assayoffice.server.config import ConfigError, Settings
from assayoffice.server.errors import Reason, StatusError, abort

_HEALTH_PREFIX = "/grpc.health.v1.Health/"
_SCHEME = "Bearer "

# Quoted, because grpc's own class takes no parameters outside a type checker.
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
Continuation: TypeAlias = Callable[[grpc.HandlerCallDetails], Awaitable[Handler]]


class BearerToken(grpc.aio.ServerInterceptor):
    """Refuses calls without the token; supervisors that only ask for health need none."""

    def __init__(self, token: str) -> None:
        self._expected = (_SCHEME + token).encode()

    async def intercept_service(
        self,
        continuation: Continuation,
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        if handler_call_details.method.startswith(_HEALTH_PREFIX):
            return await continuation(handler_call_details)
        for key, value in handler_call_details.invocation_metadata:
            given = value if isinstance(value, bytes) else value.encode()
            # Compared in constant time: the time of a refusal must not tell how much was right.
            if key == "authorization" and hmac.compare_digest(given, self._expected):
                return await continuation(handler_call_details)
        return grpc.stream_stream_rpc_method_handler(_refuse)


async def _refuse(requests: object, context: grpc.aio.ServicerContext[Any, Any]) -> None:
    del requests
    await abort(
        context,
        StatusError(
            Reason.UNAUTHENTICATED,
            "this service wants a bearer token in the metadata: authorization: Bearer TOKEN",
        ),
    )


def token(settings: Settings) -> str | None:
    """The token of ``token_file``. Raises ConfigError when it cannot be used."""
    if settings.token_file is None:
        return None
    written = _read("token_file", settings.token_file).decode("ascii", errors="replace").strip()
    if not written or not written.isprintable() or " " in written:
        raise ConfigError(f"token_file: {settings.token_file} must hold one line, the token")
    return written


def server_credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """TLS as the settings want it; None for none. Raises ConfigError."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    # gRPC would only say that the port cannot be had.
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            settings.tls_certificate, settings.tls_key
        )
    except OSError as error:
        raise ConfigError(f"tls_certificate, tls_key: cannot be used: {error}") from error
    pair = (
        _read("tls_key", settings.tls_key),
        _read("tls_certificate", settings.tls_certificate),
    )
    authorities = _read("client_ca", settings.client_ca) if settings.client_ca else None
    return grpc.ssl_server_credentials([pair], authorities, authorities is not None)


def is_local(listen: str) -> bool:
    """Whether only this machine can reach the address."""
    if listen.startswith("unix:"):
        return True
    host = listen.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(setting: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{setting}: {path}: {error.strerror}") from error
