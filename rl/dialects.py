"""How the services are spoken to: the messages of verdicts, of groups, of rewards and of reports on
rewrites, as batches and streams see them.

``batches.py`` and ``streams.py`` know what can happen to a call, and nothing of what it is about;
that is here, a class for each service. Nothing here waits.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Protocol, TypeVar

from google.protobuf.message import Message
from grpc import StatusCode

from assayoffice.rl.errors import ErrorDetails, service_error
from assayoffice.rl.groups import GroupingResult, ResponseSet, grouping_from_proto, set_to_proto
from assayoffice.rl.results import ItemError, Result, item_error, result_from_proto
from assayoffice.rl.rewards import (
    AppliedRecipe,
    Recipe,
    RewardResult,
    Rollout,
    applied_from_proto,
    recipe_to_proto,
    reward_from_proto,
    rollout_to_proto,
)
from assayoffice.rl.rewrites import reports
from assayoffice.rl.rewrites.reports import ReportResult
from assayoffice.rl.rewrites.rewrite import (
    Rewrite,
    Thresholds,
    rewrite_to_proto,
    thresholds_to_proto,
)
from assayoffice.rl.submissions import Submission, to_proto
from assayoffice.v1 import reward_pb2, rewrite_pb2, verifier_pb2


class Item(Protocol):
    """What is asked about, and what is answered: both are known by an id."""

    @property
    def id(self) -> str:
        """Chosen by the caller, echoed by the service."""
        ...


ItemT = TypeVar("ItemT", bound=Item)
FactT = TypeVar("FactT", bound=Item)
MessageT = TypeVar("MessageT", bound=Message)
RequestT = TypeVar("RequestT", bound=Message)
ResponseT = TypeVar("ResponseT", bound=Message)
_ItemT = TypeVar("_ItemT", bound=Item, contravariant=True)
_FactT = TypeVar("_FactT", bound=Item, covariant=True)
_ResponseT = TypeVar("_ResponseT", bound=Message, contravariant=True)
_RequestT = TypeVar("_RequestT", bound=Message, covariant=True)


class BatchDialect(Protocol[_ItemT, MessageT, _RequestT, _ResponseT, _FactT]):
    """The messages of a batch."""

    def message(self, item: _ItemT) -> MessageT:
        """The wire form of an item. Raises SubmissionError where it has none."""
        ...

    def batch(self, messages: Sequence[MessageT]) -> _RequestT:
        """The request of a call about these."""
        ...

    def results(self, response: _ResponseT) -> Sequence[_FactT | ItemError]:
        """What a call was answered, as it came."""
        ...


class StreamDialect(Protocol[_ItemT, MessageT, _RequestT, _ResponseT, _FactT]):
    """The messages of a stream."""

    def message(self, item: _ItemT) -> MessageT:
        """As of a batch."""
        ...

    def turn(self, message: MessageT, *, first: bool) -> _RequestT:
        """One message of our side; ``first`` of its stream, or not."""
        ...

    def result(self, response: _ResponseT) -> _FactT | ItemError:
        """What one message of the other side says."""
        ...


class VerifierDialect:
    """Submissions to VerifierService, verdicts from it."""

    def __init__(self, required_hallmarks: Mapping[str, str]) -> None:
        self._required_hallmarks = required_hallmarks

    def message(self, item: Submission) -> verifier_pb2.Submission:
        return to_proto(item)

    def batch(self, messages: Sequence[verifier_pb2.Submission]) -> verifier_pb2.VerifyBatchRequest:
        return verifier_pb2.VerifyBatchRequest(
            submissions=messages, required_hallmarks=self._required_hallmarks
        )

    def results(self, response: verifier_pb2.VerifyBatchResponse) -> list[Result]:
        return [result_from_proto(each) for each in response.results]

    def turn(
        self, message: verifier_pb2.Submission, *, first: bool
    ) -> verifier_pb2.VerifyStreamRequest:
        return verifier_pb2.VerifyStreamRequest(
            submission=message, required_hallmarks=self._required_hallmarks if first else None
        )

    def result(self, response: verifier_pb2.VerifyStreamResponse) -> Result:
        return result_from_proto(response.result)


class GroupDialect:
    """Sets of responses to VerifierService, groups from it."""

    def __init__(self, required_hallmarks: Mapping[str, str]) -> None:
        self._required_hallmarks = required_hallmarks

    def message(self, item: ResponseSet) -> verifier_pb2.ResponseSet:
        return set_to_proto(item)

    def batch(
        self, messages: Sequence[verifier_pb2.ResponseSet]
    ) -> verifier_pb2.GroupResponsesRequest:
        return verifier_pb2.GroupResponsesRequest(
            sets=messages, required_hallmarks=self._required_hallmarks
        )

    def results(self, response: verifier_pb2.GroupResponsesResponse) -> list[GroupingResult]:
        return [grouping_from_proto(each) for each in response.results]


class RewardDialect:
    """Rollouts to RewardService, rewards from it. One for each batch or stream.

    ``digests`` holds, for each recipe as it is asked for, the digest of the first answer, and is
    filled in here. Rewards under another are none: they may not be comparable with those before.

    Raises SubmissionError where the recipe's options have no form on the wire.
    """

    def __init__(
        self,
        recipe: Recipe,
        required_hallmarks: Mapping[str, str],
        digests: MutableMapping[bytes, str],
        *,
        require_stamps: bool,
    ) -> None:
        self._recipe = recipe_to_proto(recipe)
        self._required_hallmarks = required_hallmarks
        self._digests = digests
        self._require_stamps = require_stamps
        self._stream_is_answered = False
        self._objection_to_stream: ErrorDetails | None = None

    def message(self, item: Rollout) -> reward_pb2.Rollout:
        return rollout_to_proto(item)

    def batch(self, messages: Sequence[reward_pb2.Rollout]) -> reward_pb2.ComputeRewardsRequest:
        return reward_pb2.ComputeRewardsRequest(
            rollouts=messages,
            recipe=self._recipe,
            required_hallmarks=self._required_hallmarks,
            require_stamps=self._require_stamps,
        )

    def results(self, response: reward_pb2.ComputeRewardsResponse) -> list[RewardResult]:
        if (objection := self._objection(response.recipe)) is not None:
            return [item_error(each.id, objection) for each in response.results]
        return [reward_from_proto(each) for each in response.results]

    def applied(self, response: reward_pb2.ComputeRewardsResponse) -> AppliedRecipe:
        """The recipe as it was applied. Raises ServiceError where it is another one."""
        if (objection := self._objection(response.recipe)) is not None:
            raise service_error(objection)
        return applied_from_proto(response.recipe)

    def turn(self, message: reward_pb2.Rollout, *, first: bool) -> reward_pb2.StreamRewardsRequest:
        return reward_pb2.StreamRewardsRequest(
            rollout=message,
            recipe=self._recipe if first else None,
            required_hallmarks=self._required_hallmarks if first else None,
            require_stamps=self._require_stamps if first else False,
        )

    def result(self, response: reward_pb2.StreamRewardsResponse) -> RewardResult:
        if not self._stream_is_answered:
            # The first answer tells the recipe of all.
            self._stream_is_answered = True
            self._objection_to_stream = self._objection(response.recipe)
        if self._objection_to_stream is not None:
            return item_error(response.result.id, self._objection_to_stream)
        return reward_from_proto(response.result)

    def _objection(self, applied: reward_pb2.AppliedRecipe) -> ErrorDetails | None:
        """Why rewards by a recipe that was applied are not what was asked for, if they are not."""
        asked = self._recipe
        if (applied.name, applied.version) != (asked.name, asked.version):
            message = f"the service applied {applied.name}@{applied.version}"
            return ErrorDetails(StatusCode.INTERNAL, "BROKEN_CONTRACT", message)
        key = asked.SerializeToString(deterministic=True)
        first = self._digests.setdefault(key, applied.digest)
        if applied.digest != first:
            message = (
                f"{asked.name}@{asked.version} is computed by other code now (digest "
                f"{applied.digest[:12]}) than for the first answer ({first[:12]}), and rewards may "
                "differ; have all endpoints serve one release, and go on with a new client"
            )
            return ErrorDetails(StatusCode.INTERNAL, "RECIPE_CHANGED", message)
        return None


class RewriteDialect:
    """Rewrites to RewriteService, reports from it.

    ``digests`` holds, for each verifier, the digest that the first answer told, and is filled in
    here. Reports under another are none: checked by two releases, a set is checked by neither.
    """

    def __init__(
        self,
        thresholds: Thresholds,
        required_hallmarks: Mapping[str, str],
        digests: MutableMapping[str, str],
    ) -> None:
        self._thresholds = thresholds_to_proto(thresholds)
        self._required_hallmarks = required_hallmarks
        self._digests = digests

    def message(self, item: Rewrite) -> rewrite_pb2.Rewrite:
        return rewrite_to_proto(item)

    def batch(self, messages: Sequence[rewrite_pb2.Rewrite]) -> rewrite_pb2.CheckRewritesRequest:
        return rewrite_pb2.CheckRewritesRequest(
            rewrites=messages,
            thresholds=self._thresholds,
            required_hallmarks=self._required_hallmarks,
        )

    def results(self, response: rewrite_pb2.CheckRewritesResponse) -> list[ReportResult]:
        objections = {
            verifier: objection
            for verifier, digest in response.digests.items()
            if (objection := self._objection(verifier, digest)) is not None
        }
        results: list[ReportResult] = []
        for each in response.results:
            objection = objections.get(each.report.hallmark.verifier)
            if each.HasField("report") and objection is not None:
                results.append(item_error(each.id, objection))
            else:
                results.append(reports.result_from_proto(each))
        return results

    def digests(self, response: rewrite_pb2.CheckRewritesResponse) -> Mapping[str, str]:
        """The digests of an answer. Raises ServiceError where one differs from the first."""
        for verifier, digest in response.digests.items():
            if (objection := self._objection(verifier, digest)) is not None:
                raise service_error(objection)
        return dict(response.digests)

    def _objection(self, verifier: str, digest: str) -> ErrorDetails | None:
        first = self._digests.setdefault(verifier, digest)
        if digest == first:
            return None
        message = (
            f"rewrites of verifier {verifier!r} are checked by other code now (digest "
            f"{digest[:12]}) than for the first answer ({first[:12]}), and reports may differ; "
            "have all endpoints serve one release, and go on with a new client"
        )
        return ErrorDetails(StatusCode.INTERNAL, "CHECKS_CHANGED", message)
