"""The compiled field rules say what protovalidate says, and refuse what they cannot enforce."""

import math
import string
import timeit

import protovalidate
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assayoffice.server.validation import Rules, UnsupportedRuleError
from assayoffice.v1 import reward_pb2, rewrite_pb2, task_pb2, verifier_pb2
from buf.validate import validate_pb2

# The bounds the protos mention, and their neighbours.
STRINGS = [
    *("", "a", "numeric", "numeric\n", "\nnumeric", "Numeric", "n0_", "0n", "ABC", "AB1", "é"),
    *("ab" * 32, "ab" * 32 + "\n", "AB" * 32, "a" * 26, "a" * 27, "a" * 64, "a" * 65, "é" * 64),
    *("a" * 32, "a" * 33),
    *("a" * 256, "a" * 257, "😀" * 256, "a" * 10_000, "a" * 10_001, "é" * 20_000, "é" * 20_001),
    *("a" * 200, "a" * 201, "a" * 65_536, "é" * 32_769, "a" * 262_144, "😀" * 65_537),
    *("a" * 1_048_576, "a" * 1_048_577, "é" * 524_288, "é" * 524_289, "😀" * 262_145),
]
NOT_FINITE = [math.inf, -math.inf, math.nan]
NUMBERS = [0, 1, 2, 64, 65, 99, 100, 101, 1000, 1001, 2**32 - 1]
LARGE_NUMBERS = [0, 2**10 - 1, 2**10, 2**24 - 1, 2**24, 2**26, 2**26 + 1, 2**33, 2**33 + 1]
LARGE_NUMBERS += [2**26 - 1, 2**36, 2**36 + 1, 2**64 - 1]
DOUBLES = [0.0, -0.0, 5e-324, 1e-9, -1e-9, 0.009, 0.01, 0.09, 0.1, 1.0, 60.0, 61.0, 600.0, 601.0]
DOUBLES += NOT_FINITE


def scalars(field: FieldDescriptor) -> st.SearchStrategy:
    match field.type:
        case FieldDescriptor.TYPE_STRING:
            return st.sampled_from(STRINGS) | st.text(string.printable, max_size=5)
        case FieldDescriptor.TYPE_DOUBLE:
            return st.sampled_from(DOUBLES) | st.floats()
        case FieldDescriptor.TYPE_UINT32:
            return st.sampled_from(NUMBERS)
        case FieldDescriptor.TYPE_UINT64:
            return st.sampled_from(LARGE_NUMBERS)
        case FieldDescriptor.TYPE_ENUM:
            return st.integers(-1, 6)
        case FieldDescriptor.TYPE_BOOL:
            return st.booleans()
    raise AssertionError(f"{field.full_name} is of a type this test does not generate")


@st.composite
def messages(draw, descriptor: Descriptor):
    message = message_factory.GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if not draw(st.booleans()):
            continue
        value_type = field.message_type
        if value_type is not None and value_type.GetOptions().map_entry:
            values = scalars(value_type.fields_by_name["value"])
            size = draw(st.sampled_from([1, 2, 64, 65]))
            getattr(message, field.name).update({f"v{n}": draw(values) for n in range(size)})
        elif value_type is not None and value_type.file.package == "google.protobuf":
            getattr(message, field.name).SetInParent()
        elif field.is_repeated and value_type is not None:
            drawn = draw(st.lists(messages(value_type), max_size=2))
            getattr(message, field.name).extend(drawn)
        elif value_type is not None:
            getattr(message, field.name).CopyFrom(draw(messages(value_type)))
        elif field.is_repeated:
            size = draw(st.sampled_from([1, 26, 27]))
            getattr(message, field.name).extend([draw(scalars(field))] * size)
        else:
            setattr(message, field.name, draw(scalars(field)))
    return message


def path(violation: validate_pb2.Violation) -> str:
    written = ""
    for element in violation.field.elements:
        written += ("." if written else "") + element.field_name
        if element.HasField("index"):
            written += f"[{element.index}]"
        elif element.HasField("string_key"):
            written += f'["{element.string_key}"]'
    return written


@pytest.mark.parametrize(
    "descriptor",
    [
        task_pb2.NumericTask.DESCRIPTOR,
        task_pb2.ChoiceTask.DESCRIPTOR,
        task_pb2.CodeTask.DESCRIPTOR,
        task_pb2.Checker.DESCRIPTOR,
        verifier_pb2.Submission.DESCRIPTOR,
        verifier_pb2.VerifyRequest.DESCRIPTOR,
        verifier_pb2.VerifyBatchRequest.DESCRIPTOR,
        verifier_pb2.VerifyStreamRequest.DESCRIPTOR,
        reward_pb2.Rollout.DESCRIPTOR,
        reward_pb2.ComputeRewardsRequest.DESCRIPTOR,
        reward_pb2.StreamRewardsRequest.DESCRIPTOR,
        rewrite_pb2.Premises.DESCRIPTOR,
        rewrite_pb2.ExecutableKey.DESCRIPTOR,
        rewrite_pb2.Rewrite.DESCRIPTOR,
        rewrite_pb2.CheckRewritesRequest.DESCRIPTOR,
    ],
    ids=lambda descriptor: descriptor.name,
)
def test_rules_say_what_protovalidate_says(descriptor):
    rules, peer = Rules(descriptor), protovalidate.Validator()

    # Derandomized, so that a run tells about the code and not about its luck.
    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(messages(descriptor))
    def compare(message):
        ours = sorted((each.field, each.rule) for each in rules.violations(message))
        theirs = sorted(
            (path(each.proto), each.proto.rule_id) for each in peer.collect_violations(message)
        )
        assert ours == theirs

    compare()


@pytest.mark.parametrize(
    ("task", "rules"),
    [
        (task_pb2.CodeTask(stdio=[task_pb2.StdioTest(input="a" * 2**24)]), []),
        (
            task_pb2.CodeTask(stdio=[task_pb2.StdioTest(input="a" * 2**24 + "a")]),
            ["string.max_bytes"],
        ),
        (task_pb2.CodeTask(calls=[task_pb2.CallTest()] * 1000), []),
        (task_pb2.CodeTask(calls=[task_pb2.CallTest()] * 1001), ["repeated.max_items"]),
    ],
    ids=["long", "too long", "many", "too many"],
)
def test_rules_say_it_of_large_tests_as_well(task, rules):
    found = Rules(task_pb2.CodeTask.DESCRIPTOR).violations(task)
    theirs = protovalidate.Validator().collect_violations(task)
    assert [each.rule for each in found] == rules
    assert [each.proto.rule_id for each in theirs] == rules


@pytest.mark.heavy
def test_a_million_token_ids_are_checked_and_no_more_are_taken():
    rules = Rules(reward_pb2.Generation.DESCRIPTOR)
    generation = reward_pb2.Generation(token_ids=range(2**20))
    # Looked at one by one they would take a second.
    assert timeit.timeit(lambda: rules.violations(generation), number=10) < 0.1
    assert rules.violations(generation) == []
    generation.token_ids.append(0)
    theirs = protovalidate.Validator().collect_violations(generation)
    assert [each.rule for each in rules.violations(generation)] == ["repeated.max_items"]
    assert [each.proto.rule_id for each in theirs] == ["repeated.max_items"]


class TestPaths:
    def test_path_leads_from_the_request_to_the_field(self):
        task = task_pb2.NumericTask(reference="1", tolerance=-1)
        submission = verifier_pb2.Submission(verifier="numeric", numeric=task)
        rules = Rules(verifier_pb2.Submission.DESCRIPTOR)
        [violation] = rules.violations(submission, "submissions[3]")
        assert violation.field == "submissions[3].numeric.tolerance"
        assert violation.description == "must be at least 0"

    def test_messages_apart_are_left_to_rules_of_their_own(self):
        request = verifier_pb2.VerifyBatchRequest(submissions=[verifier_pb2.Submission()])
        apart = frozenset({"submissions"})
        rules = Rules(verifier_pb2.VerifyBatchRequest.DESCRIPTOR, apart=apart)
        assert rules.violations(request) == []
        request.submissions.extend([verifier_pb2.Submission()] * 4096)
        assert [each.rule for each in rules.violations(request)] == ["repeated.max_items"]


def test_field_of_a_newer_client_is_not_ignored():
    # Field 99 may be an option that makes the answer right.
    task = task_pb2.NumericTask(reference="1")
    task.MergeFromString(b"\x98\x06\x01")
    submission = verifier_pb2.Submission(verifier="numeric", numeric=task)
    [violation] = Rules(verifier_pb2.Submission.DESCRIPTOR).violations(submission)
    assert violation.field == "numeric"
    assert "this version" in violation.description


class TestUnsupportedRules:
    @pytest.mark.parametrize(
        "rule",
        [
            "string { email: true }",
            "string { min_len: 1 uuid: true }",
            r'string { pattern: "^\\\\d+$" }',
            'string { pattern: "numeric" }',
            'string { pattern: "^a|b$" }',
            'cel { id: "x" expression: "this.size() > 1" }',
            "required: true",
            "ignore: IGNORE_ALWAYS",
        ],
    )
    def test_rule_of_a_field_is_refused_not_ignored(self, rule):
        with pytest.raises(UnsupportedRuleError, match="field"):
            Rules(dynamic(field=rule))

    def test_rule_of_a_message_is_refused_not_ignored(self):
        rule = 'cel { id: "edited" expression: "this.field == \'\'" }'
        with pytest.raises(UnsupportedRuleError, match="edited"):
            Rules(dynamic(message=rule))


def dynamic(field: str = "", message: str = "") -> Descriptor:
    """A message with one string field, with rules in text form."""
    file = descriptor_pb2.FileDescriptorProto(name="dynamic.proto", syntax="proto3")
    declared = file.message_type.add(name="Dynamic")
    added = declared.field.add(name="field", number=1, type=FieldDescriptor.TYPE_STRING, label=1)
    text_format.Parse(field, added.options.Extensions[validate_pb2.field])
    text_format.Parse(message, declared.options.Extensions[validate_pb2.message])
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool.FindMessageTypeByName("Dynamic")
