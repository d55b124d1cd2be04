"""Where the service is and how it is reached: target, balancing, retries, TLS, token.

Retries are gRPC's own, configured here and nowhere else: UNAVAILABLE and RESOURCE_EXHAUSTED are
tried again with backoff, sooner or later as the server's pushback says, and a budget shared by all
calls (retryThrottling) stops the retries when most of them fail, so that a drowning service is not
held under.
"""

import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import grpc

from assayoffice.rl.dialects import RewardDialect, RewriteDialect
from assayoffice.rl.rewards import Recipe
from assayoffice.rl.rewrites.rewrite import Thresholds
from assayoffice.rl.sending import Sending
from assayoffice.v1 import verifier_pb2

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
# How long a service that is back may go unnoticed. By default gRPC lets it grow to two minutes.
_MAX_RECONNECT_MILLISECONDS = 5000
_LARGEST_BATCH = 4096
_LARGEST_BATCH_OF_REWRITES = 64
_LARGEST_BATCH_OF_SETS = 64
_SERVICES = (
    "assayoffice.v1.VerifierService",
    "assayoffice.v1.RewardService",
    "assayoffice.v1.RewriteService",
)
_SCHEMES = ("dns:", "ipv4:", "ipv6:", "unix:", "unix-abstract:", "vsock:", "xds:")


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the service. Raises ValueError where the parts do not fit together."""

    endpoints: str | Sequence[str]
    credentials: grpc.ChannelCredentials | None = None
    token: str | None = field(default=None, repr=False)
    server_name: str | None = None
    wait_for_ready: bool = True

    def __post_init__(self) -> None:
        self.target()
        if self.token is not None and self.credentials is None and not self._is_local():
            raise ValueError(
                "token: would cross the network in clear text; pass credentials= "
                "(grpc.ssl_channel_credentials()) or connect over loopback"
            )

    def target(self) -> str:
        """The gRPC target: one name, or several addresses that are balanced between.

        Raises ValueError for several host names, which gRPC cannot take in one target.
        """
        endpoints = self._endpoints()
        if not endpoints or not all(endpoints):
            raise ValueError("endpoints: give at least one, e.g. '127.0.0.1:50051'")
        if len(endpoints) == 1 and endpoints[0].startswith(_SCHEMES):
            return endpoints[0]
        families = {_ip_version(endpoint) for endpoint in endpoints}
        if families == {4}:
            return "ipv4:" + ",".join(endpoints)
        if families == {6}:
            return "ipv6:" + ",".join(endpoints)
        if len(endpoints) == 1:
            return f"dns:///{endpoints[0]}"
        raise ValueError(
            f"endpoints: {', '.join(endpoints)} cannot be balanced together; give addresses "
            "of one IP version with their ports, or one name that resolves to all of them"
        )

    def options(self) -> list[tuple[str, str | int]]:
        """Channel options."""
        options: list[tuple[str, str | int]] = [
            ("grpc.service_config", json.dumps(self._service_config())),
            ("grpc.service_config_disable_resolution", 1),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            # A call that outgrows its replay buffer (256 KiB by default) is never retried.
            ("grpc.per_rpc_retry_buffer_size", MAX_MESSAGE_BYTES),
            ("grpc.max_reconnect_backoff_ms", _MAX_RECONNECT_MILLISECONDS),
        ]
        if self.server_name is not None:
            options.append(("grpc.ssl_target_name_override", self.server_name))
        if self._is_local():
            # A proxy from the environment has no business between us and our own machine.
            options.append(("grpc.enable_http_proxy", 0))
        return options

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Metadata of every call."""
        return () if self.token is None else (("authorization", f"Bearer {self.token}"),)

    def _endpoints(self) -> list[str]:
        return [self.endpoints] if isinstance(self.endpoints, str) else list(self.endpoints)

    def _is_local(self) -> bool:
        return all(_is_local(endpoint) for endpoint in self._endpoints())

    def _service_config(self) -> Mapping[str, object]:
        return {
            "loadBalancingConfig": [{"round_robin": {}}],
            "methodConfig": [
                {
                    "name": [{"service": each} for each in _SERVICES],
                    "waitForReady": self.wait_for_ready,
                    "retryPolicy": {
                        "maxAttempts": 5,
                        "initialBackoff": "0.1s",
                        "maxBackoff": "5s",
                        "backoffMultiplier": 3,
                        "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
                    },
                }
            ],
            "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.5},
        }


class BaseClient:
    """What the two clients have in common: everything but the waiting."""

    def __init__(
        self,
        endpoints: str | Sequence[str],
        *,
        credentials: grpc.ChannelCredentials | None = None,
        token: str | None = None,
        server_name: str | None = None,
        required_hallmarks: Mapping[str, str] | None = None,
        require_stamps: bool = False,
        batch_size: int = 256,
        calls_in_flight: int = 8,
        shed_attempts: int = 5,
        wait_for_ready: bool = True,
    ) -> None:
        """Describe a connection; nothing is opened yet.

        ``endpoints`` is ``host:port``, a gRPC target such as ``dns:///rewards:50051``, or a list
        of addresses; calls are spread over all addresses. ``server_name`` is the name the TLS
        certificate is checked against, where the target does not tell. ``required_hallmarks`` maps
        verifiers to the digests that must be in service. With ``require_stamps`` a rollout has no
        reward, but an error STAMP_MISMATCH, unless its stamp says that this very task was admitted
        to its data set under the hallmark in service. ``batch_size`` and ``calls_in_flight``
        bound the calls that a batch, of whatever it is, is split into. Without ``wait_for_ready``,
        calls fail after the retries instead of waiting for a server to come up.

        Raises ValueError where that does not fit together.
        """
        if not 1 <= batch_size <= _LARGEST_BATCH:
            raise ValueError(f"batch_size: must be 1 to {_LARGEST_BATCH}, not {batch_size}")
        if calls_in_flight < 1 or shed_attempts < 1:
            raise ValueError("calls_in_flight and shed_attempts: must be at least 1")
        self._connection = Connection(endpoints, credentials, token, server_name, wait_for_ready)
        self._metadata = self._connection.metadata()
        self._required_hallmarks = dict(required_hallmarks or {})
        self._require_stamps = require_stamps
        self._batch_size = batch_size
        # A rewrite is some forty verdicts; in larger calls, the first report would wait for long.
        self._rewrites_per_call = min(batch_size, _LARGEST_BATCH_OF_REWRITES)
        # A set is as many verdicts as it has responses, and comparisons between them.
        self._sets_per_call = min(batch_size, _LARGEST_BATCH_OF_SETS)
        self._recipe_digests: dict[bytes, str] = {}
        self._rewrite_digests: dict[str, str] = {}
        self._sending = Sending(self._metadata, calls_in_flight, shed_attempts)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """What the client was given, so that others can be made for the same service."""
        given = self._connection.endpoints
        return (given,) if isinstance(given, str) else tuple(given)

    def _verify_request(self, submission: verifier_pb2.Submission) -> verifier_pb2.VerifyRequest:
        return verifier_pb2.VerifyRequest(
            submission=submission, required_hallmarks=self._required_hallmarks
        )

    def _reward_dialect(self, recipe: Recipe) -> RewardDialect:
        return RewardDialect(
            recipe,
            self._required_hallmarks,
            self._recipe_digests,
            require_stamps=self._require_stamps,
        )

    def _rewrite_dialect(self, thresholds: Thresholds) -> RewriteDialect:
        return RewriteDialect(thresholds, self._required_hallmarks, self._rewrite_digests)


def _host(endpoint: str) -> str:
    return endpoint.rpartition(":")[0].strip("[]")


def _ip_version(endpoint: str) -> int | None:
    try:
        return ipaddress.ip_address(_host(endpoint)).version
    except ValueError:
        return None


def _is_local(endpoint: str) -> bool:
    if endpoint.startswith(("unix:", "unix-abstract:")):
        return True
    host = _host(endpoint.removeprefix("dns:///"))
    if host == "localhost":
        return True
    return _ip_version(endpoint) is not None and ipaddress.ip_address(host).is_loopback
