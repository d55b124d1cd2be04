"""A model behind an OpenAI-compatible endpoint: ``POST {base}/chat/completions``.

What is spoken is the part of the API that vLLM's server, and most others, agree on: messages in,
one choice out. An answer is bounded in size and in time, headers included; what it says is text
that nobody has looked at yet.

A request that meets a connection error, 429 or 5xx is made again, after the time that the
server's ``Retry-After`` asks for or else after a wait that doubles. Redirects are not followed,
because a key must not go where it was not meant to. Proxies are those of the environment, and none
for this machine itself.
"""

import contextlib
import http.client
import json
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from assayoffice.rl.endpoints.address import Address, credentials
from assayoffice.rl.endpoints.completion import Completion, completion_of
from assayoffice.rl.endpoints.connections import Connection, SecureConnection
from assayoffice.rl.endpoints.errors import (
    EndpointError,
    EndpointUnavailableError,
    RefusedRequestError,
)

_RESPONSE_BYTES = 4 * 1024 * 1024
_SHOWN_BYTES = 300
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.5, 60.0
_CONNECT_SECONDS = 15.0
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_REFUSED = frozenset({401, 402, 403, 404, 405, 407})
# Shorter ones are placeholders, as servers without keys are given, and may be words of an answer.
_SHORTEST_SECRET = 8


class _PassingError(EndpointError):
    """It may go better next time; ``wait_seconds`` is what the server asks for."""

    def __init__(self, message: str, *, unreachable: bool, wait_seconds: float | None = None):
        super().__init__(message)
        self.unreachable = unreachable
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn; ``max_tokens`` bounds each. The seed comes with each request."""

    temperature: float
    top_p: float
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Patience:
    """``timeout_seconds`` bounds one request, ``attempts`` how often it is made."""

    timeout_seconds: float = 300.0
    attempts: int = 5


@dataclass(slots=True)
class Endpoint:
    """Asks a model. May be used by several threads; ``close`` ends what they wait for."""

    address: Address
    model: str
    sampling: Sampling
    patience: Patience = field(default_factory=Patience)
    api_key: str = field(default="", repr=False)
    ca_file: str | None = None
    _sockets: set[socket.socket] = field(default_factory=set, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _closed: threading.Event = field(default_factory=threading.Event, init=False, repr=False)

    def ask(
        self,
        system: str,
        user: str,
        *,
        seed: int,
        response_format: Mapping[str, object] | None = None,
    ) -> Completion:
        """Have the model answer a user. Raises EndpointError."""
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        more = {} if response_format is None else {"response_format": response_format}
        return self.chat(messages, self.sampling, seed=seed, more=more)

    def chat(
        self,
        messages: Sequence[Mapping[str, str]],
        sampling: Sampling,
        *,
        seed: int,
        more: Mapping[str, object] | None = None,
    ) -> Completion:
        """Have the model take its turn, once. ``more`` are fields of the body beside ours.

        Several samples are several calls, each with its seed: servers disagree on what ``n`` does
        to seeds, and one answer that is lost should not cost the others. Raises EndpointError.
        """
        body = {
            "model": self.model,
            "messages": messages,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": seed,
            "stream": False,
            **(more or {}),
        }
        completion = completion_of(self._retried(json.dumps(body).encode()), self.model)
        if len(self.api_key) >= _SHORTEST_SECRET and any(
            self.api_key in each for each in (completion.text, completion.model)
        ):
            raise EndpointError("the answer holds the API key, so nothing of it is kept")
        return completion

    def close(self) -> None:
        """Break off all requests; those who wait for them get an EndpointError."""
        self._closed.set()
        with self._lock:
            for each in self._sockets:
                _break(each)

    def _retried(self, body: bytes) -> bytes:
        wait = _FIRST_WAIT_SECONDS
        for attempt in range(1, self.patience.attempts + 1):
            try:
                return self._request(body)
            except _PassingError as error:
                if self._closed.is_set():
                    raise EndpointError("broken off") from None
                if attempt == self.patience.attempts:
                    made = f"{error} ({attempt} attempts)" if attempt > 1 else str(error)
                    kind = EndpointUnavailableError if error.unreachable else EndpointError
                    raise kind(made) from None
                # At random, or all that were refused together would come back together.
                asked = error.wait_seconds
                pause = wait * random.uniform(0.5, 1.0) if asked is None else asked
                self._closed.wait(min(pause, _LONGEST_WAIT_SECONDS))
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
        raise AssertionError("at least one attempt is made")

    def _request(self, body: bytes) -> bytes:
        seconds = self.patience.timeout_seconds
        connection, path, headers = self._connection()
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            said = f"{self.address}: the certificate is not trusted: {error.verify_message}"
            raise EndpointUnavailableError(said) from None
        except (OSError, http.client.HTTPException) as error:
            raise self._passing(error, unreachable=True) from None
        # Kept, because the connection forgets it before its last byte is read.
        connected = connection.sock
        connected.settimeout(None)
        # A timeout of the socket would start anew with each byte; this one does not.
        expired = threading.Event()
        timer = threading.Timer(seconds, _expire, (connected, expired))
        timer.daemon = True
        with self._live(connected), contextlib.closing(connection):
            timer.start()
            try:
                connection.request("POST", path, body, headers)
                # Closed by itself, because the connection may have handed its socket over to it.
                with contextlib.closing(connection.getresponse()) as response:
                    content = response.read(_RESPONSE_BYTES + 1)
                # A body that ends early is no exception when it is read in parts.
                if expired.is_set() or (response.length and len(content) <= _RESPONSE_BYTES):
                    raise http.client.IncompleteRead(content)
            except (OSError, http.client.HTTPException) as error:
                if expired.is_set():
                    # Not made again: what is too slow once is too slow twice.
                    said = f"{self.address}: no whole answer within {seconds:g} s"
                    raise EndpointError(said) from None
                raise self._passing(error, unreachable=False) from None
            finally:
                timer.cancel()
        return self._checked(response, content)

    def _checked(self, response: http.client.HTTPResponse, content: bytes) -> bytes:
        """The body of an answer that is one."""
        status = response.status
        if status == 200:
            if len(content) > _RESPONSE_BYTES:
                said = f"the answer is longer than {_RESPONSE_BYTES} bytes"
                raise EndpointError(f"{self.address}: {said}")
            return content
        shown = " ".join(content[:_SHOWN_BYTES].decode(errors="replace").split())
        if 300 <= status < 400:
            shown = "redirects are not followed; give the address that it leads to"
        said = self._told(f"HTTP {status} {response.reason}: {shown}")
        if status in _PASSING:
            wait = _retry_after(response.getheader("Retry-After"))
            raise _PassingError(said, unreachable=False, wait_seconds=wait)
        if status in _REFUSED:
            raise EndpointUnavailableError(said)
        raise (RefusedRequestError if 400 <= status < 500 else EndpointError)(said)

    def _passing(self, error: Exception, *, unreachable: bool) -> _PassingError:
        said = self._told(str(error) or type(error).__name__)
        return _PassingError(said, unreachable=unreachable)

    def _told(self, text: str) -> str:
        """What the endpoint told, which may be the key that it was given."""
        told = text.replace(self.api_key, "(the API key)") if self.api_key else text
        return f"{self.address}: {told}"

    @contextlib.contextmanager
    def _live(self, connected: socket.socket) -> Iterator[None]:
        """Have ``close`` end what waits for this socket."""
        with self._lock:
            if self._closed.is_set():
                _break(connected)
            self._sockets.add(connected)
        try:
            yield
        finally:
            with self._lock:
                self._sockets.discard(connected)

    def _connection(self) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
        base, proxy = self.address.base, self.address.proxy
        path = f"{base.path.rstrip('/')}/chat/completions"
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        host, port = base.hostname or "", base.port
        seconds = min(self.patience.timeout_seconds, _CONNECT_SECONDS)
        nearest_host, nearest_port = (proxy.hostname or "", proxy.port) if proxy else (host, port)
        if base.scheme == "https":
            context = ssl.create_default_context(cafile=self.ca_file)
            secure = SecureConnection(nearest_host, nearest_port, timeout=seconds, context=context)
            if proxy:
                secure.set_tunnel(host, port, headers=credentials(proxy))
            return secure, path, headers
        plain = Connection(nearest_host, nearest_port, timeout=seconds)
        if proxy:
            path = f"{base.scheme}://{base.netloc}{path}"
            headers |= credentials(proxy)
        return plain, path, headers


def _retry_after(written: str | None) -> float | None:
    """Seconds that a Retry-After header asks to wait (RFC 9110, 10.2.3)."""
    if written is None:
        return None
    if written.strip().isdecimal():
        return float(written)
    try:
        return max(0.0, parsedate_to_datetime(written).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _expire(connected: socket.socket, expired: threading.Event) -> None:
    expired.set()
    _break(connected)


def _break(connected: socket.socket) -> None:
    """End what another thread waits for."""
    with contextlib.suppress(OSError):  # It may have ended by itself.
        # Of a TLS socket this method does more, which a thread that is reading does not survive.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
