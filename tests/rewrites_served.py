"""Rewrites as tests of the service make them, and how they read its answers."""

from collections.abc import Sequence

from google.protobuf import json_format
from toy_service import Details

from assayoffice.v1 import rewrite_pb2, task_pb2, verifier_pb2
from assayoffice.v1.rewrite_pb2_grpc import RewriteServiceStub

SECONDS = 60
QUESTION = "A pen costs 4 coins and a book 9 coins. How many coins do both cost together?"
DOMAINS = {"positive": rewrite_pb2.DOMAIN_POSITIVE, "real": rewrite_pb2.DOMAIN_REAL}


def numeric(
    reference: str = "13", problem: str = QUESTION, id: str = "", **parts: object
) -> rewrite_pb2.Rewrite:
    task = task_pb2.NumericTask(reference=reference)
    submission = verifier_pb2.Submission(id=id, verifier="numeric", prompt=problem, numeric=task)
    return rewrite_pb2.Rewrite(submission=submission, **parts)


def choice(reference: str, options: Sequence[str], **parts: object) -> rewrite_pb2.Rewrite:
    task = task_pb2.ChoiceTask(reference=reference, options=options)
    problem = "Which of these is it?\n" + "\n".join(
        f"{letter}) {text}" for letter, text in zip("ABCDE", options, strict=False)
    )
    submission = verifier_pb2.Submission(verifier="choice", prompt=problem, choice=task)
    return rewrite_pb2.Rewrite(submission=submission, **parts)


def custom(verifier: str, problem: str = QUESTION, **parts: object) -> rewrite_pb2.Rewrite:
    """``parts`` that a Rewrite has are its own, all others belong to the task."""
    names = rewrite_pb2.Rewrite.DESCRIPTOR.fields_by_name
    own = {name: parts.pop(name) for name in list(parts) if name in names}
    submission = verifier_pb2.Submission(verifier=verifier, prompt=problem)
    json_format.ParseDict(parts, submission.custom)
    return rewrite_pb2.Rewrite(submission=submission, **own)


def code(task: task_pb2.CodeTask, **parts: object) -> rewrite_pb2.Rewrite:
    problem = "Read a whole number and print its double. What does your program look like?"
    submission = verifier_pb2.Submission(verifier="code", prompt=problem, code=task)
    return rewrite_pb2.Rewrite(submission=submission, **parts)


def premises(
    unknowns: dict[str, str], constraints: Sequence[str], asked: str
) -> rewrite_pb2.Premises:
    return rewrite_pb2.Premises(
        unknowns=[
            rewrite_pb2.Unknown(name=name, domain=DOMAINS[domain])
            for name, domain in unknowns.items()
        ],
        constraints=constraints,
        asked=asked,
    )


def check(
    stub: RewriteServiceStub,
    *rewrites: rewrite_pb2.Rewrite,
    seconds: float = SECONDS,
    **envelope: object,
) -> Sequence[rewrite_pb2.RewriteResult]:
    request = rewrite_pb2.CheckRewritesRequest(rewrites=rewrites, **envelope)
    return stub.CheckRewrites(request, timeout=seconds).results


def checks(result: rewrite_pb2.RewriteResult) -> dict[str, rewrite_pb2.RewriteCheck]:
    """The checks of a report that apply, by name."""
    assert result.HasField("report"), result.error.message
    return {
        each.name: each
        for each in result.report.checks
        if each.state != rewrite_pb2.CHECK_STATE_NOT_APPLICABLE
    }


def found(result: rewrite_pb2.RewriteResult) -> dict[str, tuple[str, str]]:
    """State and reason of the checks that apply."""
    return {name: (state(each), each.reason) for name, each in checks(result).items()}


def state(check: rewrite_pb2.RewriteCheck) -> str:
    return rewrite_pb2.CheckState.Name(check.state).removeprefix("CHECK_STATE_")


def error(result: rewrite_pb2.RewriteResult) -> tuple[str, list[str]]:
    """Reason and fields of a row's error."""
    assert result.HasField("error"), result.report
    details = Details(result.error)
    return details.info.reason, details.fields
