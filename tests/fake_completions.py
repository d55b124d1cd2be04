"""An OpenAI-compatible server for tests: real HTTP on loopback, and answers that a test chooses."""

import hashlib
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Asked = Mapping[str, Any]


@dataclass(frozen=True)
class Raw:
    """An answer of another kind than a completion."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Sent one by one, with this pause between them, until the peer has enough.
    drip: bytes = b""
    drip_seconds: float = 0.02
    #: What Content-Length claims; what the body has, without one.
    claimed_bytes: int | None = None
    #: Nothing is sent at all.
    hang_up: bool = False


Respond = Callable[[Asked], str | Raw]


class _Server(ThreadingHTTPServer):
    # Of a queue of 5, the default, a busy machine drops connections, which come back after seconds.
    request_queue_size = 128


class FakeCompletions:
    """Serves ``POST /v1/chat/completions``: ``respond`` is given each request's body."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.requests: list[Asked] = []
        self.headers: list[Mapping[str, str]] = []
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def user(self, index: int) -> str:
        """What the user said in a request."""
        said: str = self.requests[index]["messages"][-1]["content"]
        return said

    def stop(self) -> None:
        """Stop serving, so that nobody listens there."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def __enter__(self) -> Self:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked = json.loads(body)
                with fake._lock:
                    fake.requests.append(asked)
                    fake.headers.append(dict(self.headers))
                if self.path != "/v1/chat/completions":
                    fake._send(self, Raw(404, b"no such path"), asked)
                    return
                fake._send(self, fake.respond(asked), asked)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, answer: str | Raw, asked: Asked) -> None:
        raw = Raw(body=completion(answer, asked)) if isinstance(answer, str) else answer
        handler.close_connection = True
        if raw.hang_up:
            return
        try:
            handler.send_response(raw.status)
            claimed = len(raw.body) if raw.claimed_bytes is None else raw.claimed_bytes
            if not raw.drip:
                handler.send_header("Content-Length", str(claimed))
            for name, value in raw.headers.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(raw.body)
            while raw.drip:
                handler.wfile.write(raw.drip)
                time.sleep(raw.drip_seconds)
        except (BrokenPipeError, ConnectionResetError):
            pass  # The peer has had enough.


def completion(
    text: str, asked: Asked, finish_reason: str = "stop", tokens: int | None = None
) -> bytes:
    """A chat completion as servers write it; ``tokens`` is how many the answer has, if counted."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    usage = {} if tokens is None else {"usage": {"completion_tokens": tokens}}
    return json.dumps(
        {
            "object": "chat.completion",
            "model": f"{asked['model']}-build-7",
            "choices": [choice],
            **usage,
        }
    ).encode()


def drawn(asked: Asked) -> Raw:
    """An answer that depends on what is asked and how it is to be drawn, as a real model's does."""
    keys = ("messages", "temperature", "top_p", "seed")
    text = json.dumps({name: asked[name] for name in keys}, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Raw(body=completion(f"It is \\boxed{{{int(digest[:4], 16)}}}.", asked, tokens=5))


def dying_after(count: int, respond: Respond) -> Respond:
    """Answers ``count`` requests as ``respond`` does, and hangs up on all others."""
    turns = itertools.count()

    def dying(asked: Asked) -> str | Raw:
        # Counting is one step of the interpreter, so threads need no lock.
        return respond(asked) if next(turns) < count else Raw(hang_up=True)

    return dying


def unused_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
