"""Both services over real sockets, with a behaviour that a test can script."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from assayoffice.v1 import reward_pb2, verdict_pb2, verifier_pb2
from assayoffice.v1.reward_pb2_grpc import (
    RewardServiceServicer,
    add_RewardServiceServicer_to_server,
)
from assayoffice.v1.verifier_pb2_grpc import (
    VerifierServiceServicer,
    add_VerifierServiceServicer_to_server,
)

MIB = 1024 * 1024
DIGEST = "ab" * 32


def verdict(submission: verifier_pb2.Submission) -> verdict_pb2.VerifyResult:
    """CORRECT exactly when the response is the reference."""
    correct = submission.response == submission.numeric.reference
    return verdict_pb2.VerifyResult(
        id=submission.id,
        verdict=verdict_pb2.Verdict(
            outcome=verdict_pb2.OUTCOME_CORRECT if correct else verdict_pb2.OUTCOME_INCORRECT,
            score=1.0 if correct else 0.0,
            reason="EQUAL" if correct else "DIFFERENT",
            extracted=submission.response,
            method="exact",
            hallmark=verdict_pb2.Hallmark(verifier="numeric", version="1", digest=DIGEST),
        ),
    )


def reward(rollout: reward_pb2.Rollout) -> reward_pb2.RewardResult:
    """1 for a response that is the reference, less a hundredth for each token."""
    judged = verdict(rollout.submission).verdict
    tokens = len(rollout.generation.token_ids) or rollout.generation.token_count
    return reward_pb2.RewardResult(
        id=rollout.submission.id,
        reward=reward_pb2.Reward(
            total=judged.score - 0.01 * tokens,
            components=[
                reward_pb2.RewardComponent(
                    name="accuracy", value=judged.score, weight=1.0, rule=judged.reason.lower()
                ),
                reward_pb2.RewardComponent(name="length", value=-tokens, weight=0.01),
            ],
            verdict=judged,
            token_count=tokens,
        ),
    )


def reward_error(
    rollout: reward_pb2.Rollout, code: grpc.StatusCode, reason: str, message: str = "as scripted"
) -> reward_pb2.RewardResult:
    return reward_pb2.RewardResult(id=rollout.submission.id, error=status(code, reason, message))


def error(
    submission: verifier_pb2.Submission, code: grpc.StatusCode, reason: str
) -> verdict_pb2.VerifyResult:
    return verdict_pb2.VerifyResult(id=submission.id, error=status(code, reason, "as scripted"))


def status(
    code: grpc.StatusCode, reason: str, message: str, field_name: str = ""
) -> status_pb2.Status:
    info = any_pb2.Any()
    info.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="assayoffice"))
    details = [info]
    if field_name:
        bad = any_pb2.Any()
        bad.Pack(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(
                        field=field_name, description="must be 64 hexadecimal digits"
                    )
                ]
            )
        )
        details.append(bad)
    return status_pb2.Status(code=code.value[0], message=message, details=details)


def abort(context: grpc.ServicerContext, answer: status_pb2.Status) -> None:
    context.set_trailing_metadata((("grpc-status-details-bin", answer.SerializeToString()),))
    code = next(each for each in grpc.StatusCode if each.value[0] == answer.code)
    context.abort(code, answer.message)


def grouping(asked: verifier_pb2.ResponseSet) -> verifier_pb2.GroupingResult:
    """Equal responses are one group, right if they are the reference; empty ones are silent."""
    places: dict[str, list[int]] = {}
    for place, response in enumerate(asked.responses):
        places.setdefault(response, []).append(place)
    return verifier_pb2.GroupingResult(
        id=asked.submission.id,
        grouping=verifier_pb2.Grouping(
            silent=places.pop("", []),
            groups=[
                verifier_pb2.ResponseGroup(
                    answer=response,
                    responses=standing,
                    outcome=verdict_pb2.OUTCOME_CORRECT
                    if response == asked.submission.numeric.reference
                    else verdict_pb2.OUTCOME_INCORRECT,
                )
                for response, standing in places.items()
            ],
            by_answer=True,
            hallmark=verdict_pb2.Hallmark(verifier="numeric", version="1", digest=DIGEST),
            stamp=verdict_pb2.Stamp(hallmark=DIGEST, content="cd" * 32),
        ),
    )


@dataclass
class FakeVerifierService(VerifierServiceServicer):
    """Judges by ``judge`` and groups by ``group``, which ``before_call`` may look at, or abort."""

    judge: Callable[[verifier_pb2.Submission], verdict_pb2.VerifyResult] = verdict
    group: Callable[[verifier_pb2.ResponseSet], verifier_pb2.GroupingResult] = grouping
    before_call: Callable[[grpc.ServicerContext], None] = lambda context: None
    batches: list[verifier_pb2.VerifyBatchRequest] = field(default_factory=list)
    groupings: list[verifier_pb2.GroupResponsesRequest] = field(default_factory=list)
    stream_requests: list[verifier_pb2.VerifyStreamRequest] = field(default_factory=list)
    metadata: list[tuple[str, str | bytes]] = field(default_factory=list)
    seconds_left: list[float] = field(default_factory=list)
    calls: int = 0
    most_at_once: int = 0
    # A batch waits until this many are inside together.
    wait_for_company: int = 1
    _inside: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def release(self) -> None:
        with self._changed:
            self.wait_for_company = 1
            self._changed.notify_all()

    def Verify(self, request, context):
        self._enter(context)
        return verifier_pb2.VerifyResponse(result=self.judge(request.submission))

    def VerifyBatch(self, request, context):
        self._enter(context)
        with self._changed:
            self.batches.append(request)
            self._inside += 1
            self.most_at_once = max(self.most_at_once, self._inside)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most_at_once >= self.wait_for_company, timeout=20)
        try:
            return verifier_pb2.VerifyBatchResponse(
                results=[self.judge(submission) for submission in request.submissions]
            )
        finally:
            with self._changed:
                self._inside -= 1

    def GroupResponses(self, request, context):
        self._enter(context)
        self.groupings.append(request)
        return verifier_pb2.GroupResponsesResponse(
            results=[self.group(each) for each in request.sets]
        )

    def VerifyStream(self, request_iterator, context):
        self._enter(context)
        for request in request_iterator:
            self.stream_requests.append(request)
            yield verifier_pb2.VerifyStreamResponse(result=self.judge(request.submission))

    def ListVerifiers(self, request, context):
        self._enter(context)
        hallmark = verdict_pb2.Hallmark(verifier="numeric", version="1", digest=DIGEST)
        return verifier_pb2.ListVerifiersResponse(
            verifiers=[
                verifier_pb2.VerifierInfo(
                    name="lean",
                    summary="Checks proofs",
                    state=verifier_pb2.VERIFIER_STATE_NOT_SERVING,
                    state_detail="no lean on this host; install elan",
                ),
                verifier_pb2.VerifierInfo(
                    name="numeric",
                    summary="Numbers [and more]",
                    hallmark=hallmark,
                    state=verifier_pb2.VERIFIER_STATE_SERVING,
                    state_detail="40 of 40 cases",
                    task_field="numeric",
                    hallmark_parts={"python": "3.14"},
                    languages=["c", "python"],
                ),
            ]
        )

    def _enter(self, context: grpc.ServicerContext) -> None:
        self.calls += 1
        self.metadata.extend(context.invocation_metadata())
        self.seconds_left.append(context.time_remaining())
        self.before_call(context)


@dataclass
class FakeRewardService(RewardServiceServicer):
    """Rewards by ``rewarded``; ``before_call`` as above."""

    rewarded: Callable[[reward_pb2.Rollout], reward_pb2.RewardResult] = reward
    before_call: Callable[[grpc.ServicerContext], None] = lambda context: None
    applied: str = ""
    digest: str = DIGEST
    batches: list[reward_pb2.ComputeRewardsRequest] = field(default_factory=list)
    stream_requests: list[reward_pb2.StreamRewardsRequest] = field(default_factory=list)
    metadata: list[tuple[str, str | bytes]] = field(default_factory=list)
    calls: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def ComputeRewards(self, request, context):
        self._enter(context)
        if request.rollouts:
            self.batches.append(request)
        return reward_pb2.ComputeRewardsResponse(
            results=[self.rewarded(rollout) for rollout in request.rollouts],
            recipe=self._applied(request.recipe),
        )

    def StreamRewards(self, request_iterator, context):
        self._enter(context)
        recipe = None
        for request in request_iterator:
            self.stream_requests.append(request)
            named = None if recipe else self._applied(request.recipe)
            recipe = recipe or request.recipe
            result = self.rewarded(request.rollout)
            yield reward_pb2.StreamRewardsResponse(result=result, recipe=named)

    def ListRecipes(self, request, context):
        self._enter(context)
        options = {
            "type": "object",
            "properties": {
                "max_tokens": {
                    "type": "integer",
                    "description": "Longest response [tokens].",
                    "default": 31744,
                },
                "think": {"enum": ["required", "ignored"], "default": "required"},
                "components": {"type": "array", "description": "What is added up."},
            },
            "required": ["components"],
        }
        return reward_pb2.ListRecipesResponse(
            recipes=[
                reward_pb2.RecipeInfo(
                    name="accuracy",
                    version="1",
                    summary="The score [0 to 1]",
                    options_schema='{"type": "object", "properties": {}}',
                    default_digest=DIGEST,
                ),
                reward_pb2.RecipeInfo(
                    name="shaped",
                    version="3",
                    summary="Long answers cost",
                    options_schema=json.dumps(options),
                ),
            ]
        )

    def _applied(self, asked: reward_pb2.RewardRecipe) -> reward_pb2.AppliedRecipe:
        name = self.applied or asked.name
        return reward_pb2.AppliedRecipe(
            name=name, version=asked.version, options="{}", digest=self.digest
        )

    def _enter(self, context: grpc.ServicerContext) -> None:
        with self._counting:
            self.calls += 1
        self.metadata.extend(context.invocation_metadata())
        self.before_call(context)


@contextlib.contextmanager
def serving(
    service: FakeVerifierService | FakeRewardService,
    credentials: grpc.ServerCredentials | None = None,
) -> Iterator[str]:
    """Serve on a free port; yields host:port."""
    server = grpc.server(
        ThreadPoolExecutor(16),
        options=[
            ("grpc.max_send_message_length", 64 * MIB),
            ("grpc.max_receive_message_length", 64 * MIB),
            ("grpc.so_reuseport", 0),
        ],
    )
    if isinstance(service, FakeRewardService):
        add_RewardServiceServicer_to_server(service, server)
    else:
        add_VerifierServiceServicer_to_server(service, server)
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def spin_until(happened: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
