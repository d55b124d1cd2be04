"""Answers of an endpoint: complete, in order, gone on with, and never made up."""

import itertools
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import sampling_process
from fake_completions import Asked, FakeCompletions, Raw, drawn, dying_after
from fake_service import spin_until
from sampling_process import REQUEST, problems

from assayoffice.rl.endpoints.endpoint import Patience
from assayoffice.rl.endpoints.errors import EndpointUnavailableError
from assayoffice.rl.problems.problem import Message, Problem
from assayoffice.rl.rows import RowForm, rows
from assayoffice.rl.sampling import journal
from assayoffice.rl.sampling.answers import (
    discard,
    failures_path,
    header_path,
    read_answers,
    read_failures,
    read_header,
)
from assayoffice.rl.sampling.errors import (
    AnswersInUseError,
    ChangedAnswersError,
    SamplingError,
    UnusableModelError,
)
from assayoffice.rl.sampling.models import EndpointModel, Model
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.sampling.sampling import Sampled, sample
from assayoffice.rl.sources import open_source
from assayoffice.rl.submissions import Submission

PER_PROBLEM = REQUEST.samples + 1


def model(url: str, concurrency: int = 4, attempts: int = 1) -> EndpointModel:
    return EndpointModel(url, "tiny", concurrency=concurrency, patience=Patience(10, attempts))


def go(
    asked: Sequence[Problem], of: Model, file: Path, request: SamplingRequest = REQUEST
) -> Sampled:
    return sample(asked, of, request, file, progress=lambda done, total: None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The answers to eight problems by an endpoint that does nothing wrong."""
    file = tmp_path_factory.mktemp("whole") / "answers.jsonl"
    with FakeCompletions(drawn) as fake:
        go(problems(8), model(fake.url), file)
    return file.read_bytes()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


class TestAnswers:
    def test_every_problem_gets_its_samples_and_the_greedy_answer(self, file):
        told = []
        with FakeCompletions(drawn) as fake:
            found = sample(
                problems(3), model(fake.url), REQUEST, file, progress=lambda *at: told.append(at)
            )
        assert found == Sampled(0, 3, {}) and told[0] == (0, 3) and told[-1] == (3, 3)
        answers = list(read_answers(file))
        assert [each.id for each in answers] == [
            f"sets/{number}/{name}" for number in range(3) for name in (0, 1, 2, "greedy")
        ]
        assert {each.problem for each in answers} == {"sets/0", "sets/1", "sets/2"}
        assert [each.sample for each in answers[:4]] == [0, 1, 2, None]
        first = answers[0]
        assert (first.domain, first.verifier, first.task) == ("sums", "numeric", {"reference": "0"})
        assert first.messages == problems(1)[0].messages
        assert (first.token_count, first.finish_reason, first.cut_off) == (5, "stop", False)
        assert len({each.response for each in answers}) == len(answers)

    def test_answers_are_asked_for_as_the_request_says(self, file):
        request = replace(REQUEST, template={"enable_thinking": False})
        with FakeCompletions(drawn) as fake:
            go(problems(1), model(fake.url), file, request)
        sent = sorted((each["temperature"], each["top_p"]) for each in fake.requests)
        assert sent == [(0.0, 1.0)] + 3 * [(1.0, 0.9)]
        assert all(each["max_tokens"] == 8 for each in fake.requests)
        assert all(each["chat_template_kwargs"] == request.template for each in fake.requests)
        written = {each.sample: each.seed for each in read_answers(file)}
        assert {each["seed"] for each in fake.requests} == set(written.values())
        assert written == {each: request.seed_of("sets/0", each) for each in (0, 1, 2, None)}

    def test_the_file_is_one_that_assay_verify_judges(self, file):
        special = replace(problems(1)[0], verifier="code", task={"tests": [{"stdin": "1"}]})
        with FakeCompletions(drawn) as fake:
            go([special, problems(2)[1]], model(fake.url), file)
        with open_source(str(file)) as source:
            found = [each.submission for each in rows(source.records, RowForm(source.name))]
        assert all(isinstance(each, Submission) for each in found)
        assert {(each.verifier, json.dumps(each.task)) for each in found} == {
            ("code", '{"tests": [{"stdin": "1"}]}'),
            ("numeric", '{"reference": "1"}'),
        }

    def test_however_threads_come_in_the_file_is_the_same(self, file, whole):
        chance = random.Random(1)

        def late(asked: Asked) -> Raw:
            time.sleep(chance.random() * 0.02)
            return drawn(asked)

        for concurrency in (1, 7, 32):
            discard(file)
            with FakeCompletions(late) as fake:
                go(problems(8), model(fake.url, concurrency), file)
            assert file.read_bytes() == whole

    def test_as_much_is_asked_at_once_as_allowed_and_no_more(self, file):
        most: list[int] = []
        # Of 24 requests, each waits for two others.
        three = threading.Barrier(3, timeout=30)
        under_way = 0
        lock = threading.Lock()

        def together(asked: Asked) -> Raw:
            nonlocal under_way
            with lock:
                under_way += 1
                most.append(under_way)
            three.wait()
            with lock:
                under_way -= 1
            return drawn(asked)

        with FakeCompletions(together) as fake:
            found = go(problems(6), model(fake.url, concurrency=3), file)
        assert found.finished == 6 and max(most) == 3


class TestSeeds:
    def test_an_answer_has_the_seed_of_its_problem_and_index_alone(self):
        more = replace(REQUEST, samples=9, temperature=0.1, max_tokens=99)
        assert more.seed_of("a", 2) == REQUEST.seed_of("a", 2)
        assert replace(REQUEST, seed=2).seed_of("a", 2) != REQUEST.seed_of("a", 2)

    def test_seeds_of_problems_and_samples_have_nothing_in_common(self):
        seeds = [REQUEST.seed_of(str(id), index) for id in range(200) for index in range(8)]
        assert len(set(seeds)) == len(seeds) and all(0 <= each < 2**31 for each in seeds)
        # "1" with sample 11 is not "11" with sample 1.
        assert REQUEST.seed_of("1", 11) != REQUEST.seed_of("11", 1)


class TestGoingOn:
    def test_what_is_answered_is_not_asked_again(self, file, whole):
        with FakeCompletions(dying_after(3 * PER_PROBLEM, drawn)) as dying:
            go(problems(8), model(dying.url, concurrency=1), file)
        assert 0 < len(list(read_answers(file))) <= 3 * PER_PROBLEM
        finished = {each.problem for each in read_answers(file)}
        with FakeCompletions(drawn) as fake:
            found = go(problems(8), model(fake.url), file)
        assert found == Sampled(len(finished), 8, {})
        assert len(fake.requests) == (8 - len(finished)) * PER_PROBLEM
        assert file.read_bytes() == whole

    @pytest.mark.parametrize("torn", [1, 30, 400, 900])
    def test_what_a_machine_that_stopped_left_torn_is_asked_again(self, file, whole, torn):
        with FakeCompletions(drawn) as fake:
            go(problems(8), model(fake.url), file)
            file.write_bytes(whole[:-torn])
            asked = len(fake.requests)
            # Nothing reads a torn line as an answer.
            assert len(list(read_answers(file))) < 8 * PER_PROBLEM
            found = go(problems(8), model(fake.url), file)
            assert len(fake.requests) - asked == PER_PROBLEM
        assert found.before == 7 and file.read_bytes() == whole

    def test_killed_at_any_moment_it_goes_on(self, file, whole):
        released = threading.Event()

        def held(asked: Asked) -> Raw:
            # The sixth problem is never answered while the first process lives.
            if "sets/5" in asked["messages"][0]["content"]:
                released.wait(30)
            return drawn(asked)

        with FakeCompletions(held) as fake:
            command = [sys.executable, sampling_process.__file__, fake.url, str(file), "8"]
            process = subprocess.Popen(command)
            try:
                spin_until(lambda: file.exists() and len(list(read_answers(file))) >= 12, 60)
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
                released.set()
            before = {each.problem for each in read_answers(file)}
            asked = len(fake.requests)
            found = go(problems(8), model(fake.url), file)
            again = fake.requests[asked:]
        assert found.before == len(before) >= 3
        # What the killed process asked last may come late, and was about others.
        told = {f"How many are there in {each}?" for each in before}
        assert not [each for each in again if each["messages"][0]["content"] in told]
        assert file.read_bytes() == whole

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"request": replace(REQUEST, temperature=0.5)}, "request temperature: 1.0, now 0.5"),
            ({"request": replace(REQUEST, samples=9)}, "request samples: 3, now 9"),
            ({"request": replace(REQUEST, template={"a": 1})}, "request template: {}, now"),
            ({"name": "other"}, 'model name: "tiny", now "other"'),
            ({"asked": problems(3)}, r"problems \(digest"),
            ({"asked": [replace(problems(1)[0], messages=(Message("user", "?"),))]}, "problems"),
        ],
    )
    def test_another_request_model_or_problems_are_refused_and_named(self, file, changed, said):
        with FakeCompletions(drawn) as fake:
            go(problems(1), model(fake.url), file)
            before = file.read_bytes()
            other = replace(model(fake.url), model=changed.get("name", "tiny"))
            with pytest.raises(ChangedAnswersError, match=said):
                go(changed.get("asked", problems(1)), other, file, changed.get("request", REQUEST))
        assert file.read_bytes() == before

    def test_the_same_model_may_be_served_elsewhere(self, file):
        with FakeCompletions(drawn) as first:
            go(problems(2), model(first.url), file)
        with FakeCompletions(drawn) as second:
            go(problems(2), model(second.url), file)
        assert not second.requests

    def test_a_file_that_is_none_of_ours_is_left_alone(self, file):
        file.write_text('{"id": "1"}\n')
        with FakeCompletions(drawn) as fake:
            with pytest.raises(ChangedAnswersError, match=r"no answers\.jsonl\.header\.json"):
                go(problems(1), model(fake.url), file)
            header_path(file).write_text('{"what": "ever"}')
            with pytest.raises(SamplingError, match="not the header of answers"):
                go(problems(1), model(fake.url), file)
        assert file.read_text() == '{"id": "1"}\n'

    def test_lines_that_were_tampered_with_are_named(self, file):
        with FakeCompletions(drawn) as fake:
            go(problems(2), model(fake.url), file)
            lines = file.read_text().splitlines(keepends=True)
            file.write_text("".join(lines[:2] + lines[3:]))
            with pytest.raises(SamplingError, match=r"row 4: not what sampling wrote"):
                go(problems(2), model(fake.url), file)

    def test_two_runs_do_not_write_one_file(self, file, monkeypatch):
        monkeypatch.setattr(journal, "_LOCK_SECONDS", 0.0)
        with FakeCompletions(drawn) as fake:
            go(problems(1), model(fake.url), file)
            header = read_header(file)
            assert header is not None
            with journal.Journal(file, header):
                with pytest.raises(AnswersInUseError, match="another run is writing it"):
                    go(problems(1), model(fake.url), file)

    def test_a_full_disk_leaves_whole_problems(self, file, whole, monkeypatch):
        writes = itertools.count()
        append = journal.append_whole

        def full(raw, data, end):
            if next(writes) < 2:
                return append(raw, data, end)
            raw.write(data[:50])
            raw.truncate(end)
            raise OSError(28, "No space left on device")

        with FakeCompletions(drawn) as fake:
            monkeypatch.setattr(journal, "append_whole", full)
            with pytest.raises(OSError, match="No space left"):
                go(problems(8), model(fake.url), file)
            monkeypatch.undo()
            assert go(problems(8), model(fake.url), file).before == 2
        assert file.read_bytes() == whole

    def test_what_cannot_be_appended_whole_is_taken_back(self):
        class Full:
            def __init__(self) -> None:
                self.written = b"before"

            def write(self, data):
                if len(self.written) > 20:
                    raise OSError(28, "No space left on device")
                self.written += bytes(data[:10])
                return 10

            def truncate(self, end):
                self.written = self.written[:end]

        raw = Full()
        with pytest.raises(OSError, match="No space left"):
            journal.append_whole(raw, b"x" * 100, 6)
        assert raw.written == b"before"


class TestEndpointsThatFail:
    def test_one_that_dies_ends_the_run_and_keeps_what_was_answered(self, file):
        stopped = threading.Event()

        def respond(asked: Asked) -> Raw:
            if len(fake.requests) > 2 * PER_PROBLEM:
                stopped.set()
                return Raw(hang_up=True)
            return drawn(asked)

        with FakeCompletions(respond) as fake:

            def stop() -> None:
                stopped.wait(30)
                fake.stop()

            threading.Thread(target=stop).start()
            with pytest.raises(EndpointUnavailableError, match="refused"):
                go(problems(500), model(fake.url, concurrency=1, attempts=2), file)
        assert len(list(read_answers(file))) == 2 * PER_PROBLEM

    def test_one_that_answers_nobody_is_given_up_soon(self, file):
        with FakeCompletions(lambda asked: Raw(503, b"busy")) as fake:
            with pytest.raises(EndpointUnavailableError, match="20 problems in a row.*503"):
                go(problems(200), model(fake.url), file)
        assert len(fake.requests) < 40 * PER_PROBLEM and not file.read_bytes()

    def test_rubbish_about_a_problem_is_no_answer_and_is_asked_again(self, file, whole):
        healed = threading.Event()

        def rubbish(asked: Asked) -> Raw:
            if "sets/2" in asked["messages"][0]["content"] and not healed.is_set():
                return Raw(body=b"<html>sign in</html>")
            return drawn(asked)

        with FakeCompletions(rubbish) as fake:
            found = go(problems(8), model(fake.url, concurrency=1), file)
            assert found.finished == 7
            assert found.failures == {"sets/2": "the answer is not a chat completion"}
            assert read_failures(file) == found.failures
            assert "sets/2" not in {each.problem for each in read_answers(file)}
            told = [each for each in fake.requests if "sets/2" in str(each["messages"])]
            assert len(told) == 3  # its first sample, three times
            healed.set()
            assert go(problems(8), model(fake.url), file) == Sampled(7, 8, {})
        assert not read_failures(file) and file.read_bytes() == whole

    def test_why_there_is_no_answer_is_read_whatever_it_holds(self, file):
        """The lines of text that others end are no lines of the file; nor is a torn one."""
        failed = {"a\u2028b": "no\x85answer\u2029"}
        lines = journal.lines_of({"problem": id, "error": said} for id, said in failed.items())
        failures_path(file).write_bytes(lines + b'{"problem": "c", "err')
        assert read_failures(file) == failed

    def test_one_that_never_ends_an_answer_is_not_waited_for(self, file):
        def endless(asked: Asked) -> Raw:
            about = asked["messages"][0]["content"]
            return Raw(drip=b" ") if "sets/1" in about else drawn(asked)

        with FakeCompletions(endless) as fake:
            impatient = replace(model(fake.url), patience=Patience(0.5, 1))
            found = go(problems(3), impatient, file)
        assert found.finished == 2
        assert "no whole answer within 0.5 s" in found.failures["sets/1"]

    def test_problems_that_are_refused_cost_the_others_nothing(self, file):
        def refusing(asked: Asked) -> Raw:
            number = int(asked["messages"][0]["content"].rpartition("/")[2].rstrip("?"))
            return drawn(asked) if number >= 30 else Raw(400, b"too long for this model")

        with FakeCompletions(refusing) as fake:
            found = go(problems(32), model(fake.url), file)
        assert found.finished == 2 and len(found.failures) == 30
        assert "HTTP 400" in found.failures["sets/0"] and "too long" in found.failures["sets/0"]

    def test_an_address_that_is_none_is_said_so(self, file):
        with pytest.raises(UnusableModelError, match="must begin with http"):
            go(problems(1), model("127.0.0.1:8000"), file)

    def test_two_problems_of_one_name_are_refused(self, file):
        with pytest.raises(SamplingError, match="two problems are called 'sets/0'"):
            go([*problems(1), *problems(1)], model("http://127.0.0.1:1/v1"), file)


def test_the_header_says_what_was_asked_and_holds_no_key(file):
    secret = replace(model(""), api_key="sk-1234567890")
    with FakeCompletions(drawn) as fake:
        go(problems(1), replace(secret, url=fake.url), file)
    header = read_header(file)
    assert header is not None and header.request == REQUEST and header.model["name"] == "tiny"
    beside = "".join(each.read_text() for each in file.parent.iterdir())
    assert "sk-1234567890" not in beside + repr(secret)
