"""A RewriteService over real sockets that answers as a test tells. It checks nothing.

And rows to ask it about.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
from fake_service import DIGEST, MIB, status

from assayoffice.v1 import rewrite_pb2, verdict_pb2
from assayoffice.v1.rewrite_pb2_grpc import (
    RewriteServiceServicer,
    add_RewriteServiceServicer_to_server,
)

STAMP = verdict_pb2.Stamp(hallmark=DIGEST, content="cd" * 32)
DIGESTS = {"numeric": "12" * 32, "choice": "34" * 32, "code": "56" * 32}
PASSED, FAILED, UNDECIDED, NOT_APPLICABLE = range(1, 5)
WORDS = "apple river stone cloud paper green seven under light mouse chair north plane".split()
NAMES = (
    "round_trip",
    "discrimination",
    "premises",
    "leak",
    "wording",
    "solutions",
    "key",
    "tests",
    "statement",
)


def good_row(id: str, **more: object) -> dict[str, object]:
    """A row that is admitted, and that is like no other one."""
    number = sum(id.encode())
    words = [WORDS[(number * (place + 3) + place * place) % 13] + id for place in range(8)]
    return {
        "id": id,
        "kind": "variation",
        "problem": f"How many {' '.join(words)} are there?",
        "verifier": "numeric",
        "reference": "13",
        "original": {"id": f"original of {id}"},
        "provenance": {"source": "synthetic"},
        **more,
    }


def checks(**states: int) -> list[rewrite_pb2.RewriteCheck]:
    """All checks; those that are not named passed where they need nothing of the row."""
    usual = dict.fromkeys(NAMES, NOT_APPLICABLE)
    usual |= dict.fromkeys(("round_trip", "discrimination", "leak", "wording"), PASSED)
    return [
        rewrite_pb2.RewriteCheck(
            name=name,
            state=state,
            reason="AS_SCRIPTED" if state in (FAILED, UNDECIDED) else "",
            explanation=f"the script says so of {name}" if state in (FAILED, UNDECIDED) else "",
            evidence=[rewrite_pb2.Evidence(label="sign", text="-13", detail="", expected=True)],
            figures={"kill_rate": 1.0},
        )
        for name, state in (usual | states).items()
    ]


def report(rewrite: rewrite_pb2.Rewrite, **states: int) -> rewrite_pb2.RewriteResult:
    """What a rewrite gets: a key or premises that are there, passed; the rest as ``checks``."""
    given = {name: PASSED for name in ("premises", "key") if rewrite.HasField(name)}
    return rewrite_pb2.RewriteResult(
        id=rewrite.submission.id,
        report=rewrite_pb2.RewriteReport(
            checks=checks(**(given | states)),
            score=0.0 if FAILED in states.values() else 1.0,
            applicable=4 + len(given),
            hallmark=verdict_pb2.Hallmark(
                verifier=rewrite.submission.verifier, version="1", digest=DIGEST
            ),
            stamp=STAMP,
        ),
    )


def by_problem(rewrite: rewrite_pb2.Rewrite) -> rewrite_pb2.RewriteResult:
    """Fails, or makes undecided, the checks that the problem names: ``"fail premises."``."""
    problem = rewrite.submission.prompt
    states = {name: FAILED for name in NAMES if f"fail {name}." in problem}
    states |= {name: UNDECIDED for name in NAMES if f"leave {name}." in problem}
    return report(rewrite, **states)


def error(
    rewrite: rewrite_pb2.Rewrite, code: grpc.StatusCode, reason: str, message: str = "as scripted"
) -> rewrite_pb2.RewriteResult:
    return rewrite_pb2.RewriteResult(id=rewrite.submission.id, error=status(code, reason, message))


@dataclass
class FakeRewriteService(RewriteServiceServicer):
    """Answers by ``check``; ``before_call`` may look at a call, or abort it, first."""

    check: Callable[[rewrite_pb2.Rewrite], rewrite_pb2.RewriteResult] = by_problem
    before_call: Callable[[grpc.ServicerContext], None] = lambda context: None
    digests: dict[str, str] = field(default_factory=lambda: dict(DIGESTS))
    batches: list[rewrite_pb2.CheckRewritesRequest] = field(default_factory=list)
    calls: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def checked(self) -> list[str]:
        """The ids it was asked about, sorted: calls may come in any order."""
        return sorted(each.submission.id for batch in self.batches for each in batch.rewrites)

    def CheckRewrites(self, request, context):
        with self._counting:
            self.calls += 1
            if request.rewrites:
                self.batches.append(request)
        self.before_call(context)
        return rewrite_pb2.CheckRewritesResponse(
            results=[self.check(each) for each in request.rewrites], digests=self.digests
        )


@contextlib.contextmanager
def serving(service: FakeRewriteService) -> Iterator[str]:
    """Serve on a free port; yields host:port."""
    server = grpc.server(
        ThreadPoolExecutor(16),
        options=[
            ("grpc.max_send_message_length", 64 * MIB),
            ("grpc.max_receive_message_length", 64 * MIB),
            ("grpc.so_reuseport", 0),
        ],
    )
    add_RewriteServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
