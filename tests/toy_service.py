"""Servers with the toy verifier of ``tests/plugins``, and how tests read their answers."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2

from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.v1 import reward_pb2, verdict_pb2, verifier_pb2

PLUGINS = Path(__file__).parent / "plugins"


def toy(
    response: str, id: str = "", word: str = "gold", verifier: str = "toy", **task: object
) -> verifier_pb2.Submission:
    message = verifier_pb2.Submission(id=id, verifier=verifier, response=response)
    json_format.ParseDict({"word": word, **task}, message.custom)
    return message


def sleeper(name: str, id: str = "") -> verifier_pb2.Submission:
    """Work that ends only when it is killed, in a process that goes by the name."""
    assert len(name) <= 15, "Linux keeps no more of it"
    return toy("sleep", id=id, word=name, verifier="patient_toy")


@contextlib.contextmanager
def toy_server(*flags: str) -> Iterator[tuple[str, int]]:
    """Address and process id of a server with the toy."""
    command = (sys.executable, "-P", "-m", "assayoffice.server", *flags)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PLUGINS))
        embedded = EmbeddedServer(start_seconds=60, command=command)
        with embedded as ready:
            assert ready.verifiers["toy"] == "SERVING"
            yield ready.endpoint, embedded._process.pid


class Details:
    """The details of a status, unpacked."""

    def __init__(self, status: status_pb2.Status) -> None:
        self.info = error_details_pb2.ErrorInfo()
        self.retry = error_details_pb2.RetryInfo()
        bad_request = error_details_pb2.BadRequest()
        for detail in status.details:
            assert any(detail.Unpack(each) for each in (self.info, self.retry, bad_request))
        self.fields = [each.field for each in bad_request.field_violations]


def reason(result: verdict_pb2.VerifyResult | reward_pb2.RewardResult) -> str:
    """Reason of the verdict or error."""
    if isinstance(result, reward_pb2.RewardResult) and result.HasField("reward"):
        return result.reward.verdict.reason
    if isinstance(result, verdict_pb2.VerifyResult) and result.HasField("verdict"):
        return result.verdict.reason
    details = Details(result.error)
    assert details.info.domain == "assayoffice"
    return details.info.reason


def call_details(error: grpc.RpcError) -> Details:
    assert isinstance(error, grpc.Call)  # what grpc raises is the call itself
    metadata = {each.key: each.value for each in error.trailing_metadata() or ()}
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    assert (status.code, status.message) == (error.code().value[0], error.details())
    return Details(status)
