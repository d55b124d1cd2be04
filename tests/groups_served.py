"""Sets of responses as tests of the service make them, and how they read its answers."""

from collections.abc import Sequence

from google.protobuf import json_format
from toy_service import Details

from assayoffice.v1 import task_pb2, verdict_pb2, verifier_pb2
from assayoffice.v1.verifier_pb2_grpc import VerifierServiceStub

SECONDS = 60


def boxed(*answers: str) -> list[str]:
    return [rf"So it is \boxed{{{answer}}}." for answer in answers]


def numeric(reference: str = "13", *responses: str, id: str = "") -> verifier_pb2.ResponseSet:
    task = task_pb2.NumericTask(reference=reference)
    submission = verifier_pb2.Submission(id=id, verifier="numeric", numeric=task)
    return verifier_pb2.ResponseSet(submission=submission, responses=responses)


def choice(reference: str, *responses: str, **task: object) -> verifier_pb2.ResponseSet:
    asked = task_pb2.ChoiceTask(reference=reference, **task)
    submission = verifier_pb2.Submission(verifier="choice", choice=asked)
    return verifier_pb2.ResponseSet(submission=submission, responses=responses)


def code(task: task_pb2.CodeTask, *programs: str) -> verifier_pb2.ResponseSet:
    submission = verifier_pb2.Submission(verifier="code", code=task)
    responses = [f"```python\n{program}\n```" if program else "" for program in programs]
    return verifier_pb2.ResponseSet(submission=submission, responses=responses)


def toy(*responses: str, word: str = "gold", **task: object) -> verifier_pb2.ResponseSet:
    submission = verifier_pb2.Submission(verifier="toy")
    json_format.ParseDict({"word": word, **task}, submission.custom)
    return verifier_pb2.ResponseSet(submission=submission, responses=responses)


def group(
    stub: VerifierServiceStub, *sets: verifier_pb2.ResponseSet, seconds: float = SECONDS
) -> Sequence[verifier_pb2.GroupingResult]:
    request = verifier_pb2.GroupResponsesRequest(sets=sets)
    return stub.GroupResponses(request, timeout=seconds).results


def groups(result: verifier_pb2.GroupingResult) -> list[tuple[str, list[int], str]]:
    """Answer, responses and outcome of each group."""
    assert result.HasField("grouping"), result.error.message
    return [
        (each.answer, list(each.responses), _name(each.outcome)) for each in result.grouping.groups
    ]


def places(result: verifier_pb2.GroupingResult) -> list[list[int]]:
    """The responses of each group."""
    return [responses for _, responses, _ in groups(result)]


def silent(result: verifier_pb2.GroupingResult) -> list[int]:
    assert result.HasField("grouping"), result.error.message
    return list(result.grouping.silent)


def error(result: verifier_pb2.GroupingResult) -> tuple[str, list[str]]:
    """Reason and fields of a set's error."""
    assert result.HasField("error"), result.grouping
    details = Details(result.error)
    return details.info.reason, details.fields


def _name(outcome: int) -> str:
    return verdict_pb2.Outcome.Name(outcome).removeprefix("OUTCOME_").replace("UNSPECIFIED", "")
