"""math-verify behind the same RPCs, arranged as verl runs it: a spawned pool of two processes.

    python benchmarks/peer.py

Serves on a free port, says where on its first line, and ends with its standard input. The answers
carry what a verdict carries at least, so that client and transport do the same work for both.
"""

import asyncio
import functools
import json
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor

import grpc
from judges import Judge, math_verify

from assayoffice.v1 import verdict_pb2, verifier_pb2

_MAX_MESSAGE_BYTES = 64 * 1024 * 1024


class PeerService:
    """Judges every submission by the pool."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    async def verify(
        self, request: verifier_pb2.VerifyRequest, context: object
    ) -> verifier_pb2.VerifyResponse:
        """Judge one submission."""
        return verifier_pb2.VerifyResponse(result=await self._judge(request.submission))

    async def verify_batch(
        self, request: verifier_pb2.VerifyBatchRequest, context: object
    ) -> verifier_pb2.VerifyBatchResponse:
        """Judge a batch."""
        results = await asyncio.gather(*(self._judge(each) for each in request.submissions))
        return verifier_pb2.VerifyBatchResponse(results=results)

    def handler(self) -> grpc.GenericRpcHandler:
        """The two methods under the names the client calls them by."""
        methods = {
            "Verify": grpc.unary_unary_rpc_method_handler(
                self.verify,
                verifier_pb2.VerifyRequest.FromString,
                verifier_pb2.VerifyResponse.SerializeToString,
            ),
            "VerifyBatch": grpc.unary_unary_rpc_method_handler(
                self.verify_batch,
                verifier_pb2.VerifyBatchRequest.FromString,
                verifier_pb2.VerifyBatchResponse.SerializeToString,
            ),
        }
        return grpc.method_handlers_generic_handler("assayoffice.v1.VerifierService", methods)

    async def _judge(self, submission: verifier_pb2.Submission) -> verdict_pb2.VerifyResult:
        accepted, said = await asyncio.get_running_loop().run_in_executor(
            self._pool, _judge, submission.response, submission.numeric.reference
        )
        outcome = verdict_pb2.OUTCOME_CORRECT if accepted else verdict_pb2.OUTCOME_INCORRECT
        verdict = verdict_pb2.Verdict(outcome=outcome, score=float(accepted), reason=said)
        return verdict_pb2.VerifyResult(id=submission.id, verdict=verdict)


def _judge(response: str, reference: str) -> tuple[bool, str]:
    try:
        return _loaded()(response, reference, "")
    except Exception as error:  # noqa: BLE001 - verl scores what its worker raises 0
        return False, f"raised {type(error).__name__}"


@functools.cache
def _loaded() -> Judge:
    return math_verify()


async def _serve() -> None:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        for warm in [pool.submit(_judge, r"\boxed{0.5}", r"\frac{1}{2}") for _ in range(4)]:
            warm.result()
        server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
            ]
        )
        server.add_generic_rpc_handlers((PeerService(pool).handler(),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        ready = {"endpoint": f"127.0.0.1:{port}", "verifiers": {"numeric": "serving"}}
        print(json.dumps(ready), flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)
        # Its queue may hold minutes of work by now, which nobody waits for.
        for process in multiprocessing.active_children():
            process.kill()
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(_serve())
