"""Asking a model: what is sent, what is waited for, and what is given up on."""

import threading
import time
from collections.abc import Iterator
from itertools import count

import pytest
from fake_completions import Asked, FakeCompletions, Raw, Respond, completion, unused_port

from assayoffice.rl.endpoints.address import Address
from assayoffice.rl.endpoints.endpoint import Endpoint, Patience, Sampling
from assayoffice.rl.endpoints.errors import (
    EndpointError,
    EndpointUnavailableError,
    NoCompletionError,
    RefusedRequestError,
)

_SAMPLING = Sampling(temperature=0.5, top_p=0.9, max_tokens=100)


def endpoint(url: str, *, seconds: float = 10.0, attempts: int = 3, key: str = "") -> Endpoint:
    return Endpoint(Address.of(url), "tiny", _SAMPLING, Patience(seconds, attempts), key)


def answers(*each: str | Raw) -> Respond:
    """Answers in turn, the last one for ever."""
    turn = count()
    lock = threading.Lock()

    def respond(asked: Asked) -> str | Raw:
        with lock:
            return each[min(next(turn), len(each) - 1)]

    return respond


def test_asks_as_the_api_wants_it_and_reads_the_answer() -> None:
    with FakeCompletions(lambda asked: "fine") as fake:
        asked = endpoint(fake.url + "/", key="secret")
        found = asked.ask("be brief", "hello", seed=7, response_format={"type": "json_object"})
    assert (found.text, found.model, found.cut_off) == ("fine", "tiny-build-7", False)
    assert fake.requests == [
        {
            "model": "tiny",
            "messages": [
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": "hello"},
            ],
            "temperature": 0.5,
            "top_p": 0.9,
            "max_tokens": 100,
            "seed": 7,
            "stream": False,
            "response_format": {"type": "json_object"},
        }
    ]
    assert fake.headers[0]["Authorization"] == "Bearer secret"
    assert "secret" not in repr(asked)


def test_knows_an_answer_that_was_cut_off() -> None:
    def respond(asked: Asked) -> Raw:
        return Raw(body=completion('{"prob', asked, finish_reason="length"))

    with FakeCompletions(respond) as fake:
        assert endpoint(fake.url).ask("", "", seed=0).cut_off


class TestChat:
    def test_any_conversation_is_sent_with_how_it_is_sampled_and_what_else_the_server_takes(self):
        turns = [{"role": each, "content": each} for each in ("user", "assistant", "user")]
        with FakeCompletions(lambda asked: "fine") as fake:
            more = {"chat_template_kwargs": {"enable_thinking": False}}
            endpoint(fake.url).chat(turns, Sampling(0.0, 1.0, 5), seed=3, more=more)
        (sent,) = fake.requests
        assert sent["messages"] == turns
        assert (sent["temperature"], sent["top_p"], sent["max_tokens"], sent["seed"]) == (
            0,
            1,
            5,
            3,
        )
        assert sent["chat_template_kwargs"] == {"enable_thinking": False}

    def test_tokens_and_the_reason_for_the_end_are_those_that_the_server_tells(self):
        def respond(asked: Asked) -> Raw:
            return Raw(body=completion("4", asked, finish_reason="stop", tokens=17))

        with FakeCompletions(respond) as fake:
            found = endpoint(fake.url).chat([], _SAMPLING, seed=0)
        assert (found.tokens, found.finish_reason, found.cut_off) == (17, "stop", False)

    @pytest.mark.parametrize("usage", ["null", "7", '{"completion_tokens": "9"}', "{}"])
    def test_a_server_that_does_not_count_is_believed_nothing(self, usage):
        body = '{"choices": [{"message": {"content": "4"}, "finish_reason": 3}], "usage": %s}'
        with FakeCompletions(lambda asked: Raw(body=(body % usage).encode())) as fake:
            found = endpoint(fake.url).chat([], _SAMPLING, seed=0)
        assert (found.text, found.tokens, found.finish_reason) == ("4", 0, "")

    def test_no_text_is_the_models_where_all_tokens_went_into_reasoning(self):
        body = b'{"choices": [{"message": {"content": null}, "finish_reason": "length"}]}'
        with FakeCompletions(lambda asked: Raw(body=body)) as fake:
            found = endpoint(fake.url).chat([], _SAMPLING, seed=0)
        assert found.text == "" and found.cut_off

    def test_half_a_surrogate_pair_is_no_text(self):
        body = rb'{"choices": [{"message": {"content": "a\ud800b"}, "finish_reason": "stop"}]}'
        with FakeCompletions(lambda asked: Raw(body=body)) as fake:
            assert endpoint(fake.url).chat([], _SAMPLING, seed=0).text == "a?b"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_asks_again_where_it_may_yet_go_well(status: int) -> None:
    with FakeCompletions(answers(Raw(status, headers={"Retry-After": "0"}), "at last")) as fake:
        assert endpoint(fake.url).ask("", "", seed=0).text == "at last"
    assert len(fake.requests) == 2


def test_waits_as_long_as_it_is_asked_to() -> None:
    with FakeCompletions(answers(Raw(429, headers={"Retry-After": "1"}), "at last")) as fake:
        start = time.monotonic()
        endpoint(fake.url).ask("", "", seed=0)
    assert time.monotonic() - start >= 1.0


def test_gives_up_after_its_attempts_without_calling_the_endpoint_down() -> None:
    busy = Raw(500, b"out of memory", {"Retry-After": "0"})
    with FakeCompletions(lambda asked: busy) as fake:
        with pytest.raises(
            EndpointError, match=r"HTTP 500 .*out of memory \(3 attempts\)"
        ) as error:
            endpoint(fake.url).ask("", "", seed=0)
    assert not isinstance(error.value, EndpointUnavailableError)
    assert len(fake.requests) == 3


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_holds_for_all_requests(status: int) -> None:
    with FakeCompletions(lambda asked: Raw(status, b"no")) as fake:
        with pytest.raises(EndpointUnavailableError, match=f"HTTP {status}"):
            endpoint(fake.url).ask("", "", seed=0)
    assert len(fake.requests) == 1


def test_a_request_that_is_refused_says_nothing_about_the_others() -> None:
    with FakeCompletions(lambda asked: Raw(400, b"context too long")) as fake:
        with pytest.raises(RefusedRequestError, match="context too long"):
            endpoint(fake.url).ask("", "", seed=0)
    assert len(fake.requests) == 1


def test_nobody_there() -> None:
    asked = endpoint(f"http://127.0.0.1:{unused_port()}/v1", attempts=2)
    with pytest.raises(EndpointUnavailableError, match="refused"):
        asked.ask("", "", seed=0)


def test_follows_nobody_elsewhere_with_the_key() -> None:
    with FakeCompletions(lambda asked: "stolen") as other:
        moved = Raw(307, headers={"Location": f"{other.url}/chat/completions"})
        with FakeCompletions(lambda asked: moved) as fake:
            with pytest.raises(EndpointError, match="HTTP 307"):
                endpoint(fake.url, key="secret").ask("", "", seed=0)
    assert not other.requests


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Raw(body=b"<html>sign in</html>"), "not a chat completion"),
        (Raw(body=b'{"choices": []}'), "not a chat completion"),
        (Raw(body=b'{"choices": {"0": 1}}'), "not a chat completion"),
        (Raw(body=b"[" * 100_000), "not a chat completion"),
        (Raw(body=b'{"choices": [{"message": {"content": null}}]}'), "without text"),
        *(
            (
                Raw(
                    body=b'{"choices": [{"message": {"content": "so"}, "finish_reason": "%s"}]}'
                    % reason
                ),
                "broken off",
            )
            for reason in (b"abort", b"error", b"content_filter")
        ),
        (Raw(body=b"x" * (5 * 1024 * 1024)), "longer than"),
    ],
)
def test_what_is_no_completion_is_an_error(answer: Raw, message: str) -> None:
    with FakeCompletions(lambda asked: answer) as fake:
        with pytest.raises(EndpointError, match=message) as error:
            endpoint(fake.url).ask("", "", seed=0)
    assert isinstance(error.value, NoCompletionError) == ("longer" not in message)


def test_a_body_that_ends_early_is_asked_for_again() -> None:
    torn = Raw(body=b'{"choices": [{"mess', claimed_bytes=4000)
    with FakeCompletions(answers(torn, "whole")) as fake:
        assert endpoint(fake.url).ask("", "", seed=0).text == "whole"


@pytest.mark.parametrize("drip", [b" ", b"{" * 1000])
def test_a_body_without_end_ends_by_the_clock_or_by_its_size(drip: bytes) -> None:
    with FakeCompletions(lambda asked: Raw(drip=drip)) as fake:
        start = time.monotonic()
        with pytest.raises(EndpointError, match="no whole answer within 0.5 s|longer than"):
            endpoint(fake.url, seconds=0.5).ask("", "", seed=0)
        assert time.monotonic() - start < 3.0
        assert len(fake.requests) == 1


@pytest.mark.parametrize("size", [b"-1", b"-5", b"x"])
def test_a_chunk_of_no_size_is_read_no_further(size: bytes) -> None:
    endless = Raw(drip=size + b"\r\n", headers={"Transfer-Encoding": "chunked"})
    with FakeCompletions(lambda asked: endless) as fake:
        start = time.monotonic()
        with pytest.raises(EndpointError, match="IncompleteRead"):
            endpoint(fake.url, seconds=8.0, attempts=1).ask("", "", seed=0)
        assert time.monotonic() - start < 4.0


@pytest.mark.parametrize("status", [401, 500, 400, 302])
def test_a_key_that_comes_back_is_not_told(status: int) -> None:
    echo = Raw(status, b"wrong key sk-1234567890")
    with FakeCompletions(lambda asked: echo) as fake:
        with pytest.raises(EndpointError) as error:
            endpoint(fake.url, attempts=1, key="sk-1234567890").ask("", "", seed=0)
    assert "sk-1234567890" not in str(error.value)
    assert ("redirects are not followed" if status == 302 else "(the API key)") in str(error.value)


def test_an_answer_that_holds_the_key_is_not_taken() -> None:
    with FakeCompletions(lambda asked: "you are sk-1234567890, and this is EMPTY") as fake:
        with pytest.raises(EndpointError, match="the answer holds the API key"):
            endpoint(fake.url, key="sk-1234567890").ask("", "", seed=0)
        # What a server without keys is given is a word like others.
        assert endpoint(fake.url, key="EMPTY").ask("", "", seed=0).text.endswith("EMPTY")


def test_a_proxy_of_the_environment_is_not_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused_port()}")
    with FakeCompletions(lambda asked: "direct") as fake:
        assert endpoint(fake.url).ask("", "", seed=0).text == "direct"


def test_a_proxy_of_the_environment_is_used_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with FakeCompletions(lambda asked: "unasked") as fake:
        monkeypatch.setenv("http_proxy", fake.url.replace("http://", "http://me:pass@"))
        # The fake knows one path, and what it is asked for through a proxy is a whole address.
        with pytest.raises(EndpointUnavailableError, match="no such path"):
            endpoint("http://models.invalid/v1").ask("", "", seed=0)
    assert fake.headers[0]["Proxy-Authorization"] == "Basic bWU6cGFzcw=="
    assert fake.headers[0]["Host"] == "models.invalid"


@pytest.fixture
def stuck() -> Iterator[FakeCompletions]:
    release = threading.Event()

    def respond(asked: Asked) -> str:
        release.wait(30)
        return "too late"

    with FakeCompletions(respond) as fake:
        yield fake
        release.set()


def test_closing_breaks_off_what_is_waited_for(stuck: FakeCompletions) -> None:
    asked = endpoint(stuck.url, seconds=60.0)
    errors: list[EndpointError] = []

    def ask() -> None:
        try:
            asked.ask("", "", seed=0)
        except EndpointError as error:
            errors.append(error)

    waiting = threading.Thread(target=ask)
    waiting.start()
    while not stuck.requests:
        time.sleep(0.01)
    asked.close()
    waiting.join(5)
    assert [str(each) for each in errors] == ["broken off"]


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8000",
        "ftp://host/v1",
        "http:///v1",
        "http://host:port/v1",
        "http://h/v1?key=1",
        "http://me@h/v1",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        Address.of(url)
