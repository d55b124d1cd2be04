"""When missing rewards stop a training run, and when they do not."""

from assayoffice.rl.verl.breaker import Breaker


def _trips(breaker: Breaker, samples: str) -> list[int]:
    """After which samples, x without a reward, the breaker says that training must not go on."""
    return [
        number for number, sample in enumerate(samples, 1) if breaker.record(failed=sample == "x")
    ]


def test_a_few_errors_among_the_first_samples_stop_nothing() -> None:
    assert _trips(Breaker(share=0.1, window=256, minimum=8), "x" * 7 + "." * 100) == []


def test_a_service_that_only_fails_stops_training_at_the_minimum() -> None:
    assert _trips(Breaker(share=0.1, window=256, minimum=8), "x" * 9) == [8, 9]


def test_the_share_is_of_the_latest_samples() -> None:
    breaker = Breaker(share=0.5, window=10, minimum=2)
    assert _trips(breaker, "." * 1000 + "xxxxx.") == []
    assert _trips(breaker, "x") == [1]


def test_errors_that_are_long_past_do_not_count() -> None:
    rare = ("x" + "." * 19) * 50
    assert _trips(Breaker(share=0.1, window=40, minimum=3), rare) == []


def test_it_stays_tripped_and_keeps_its_reason() -> None:
    breaker = Breaker(share=0.1, window=10, minimum=2)
    breaker.record(failed=True)
    reason = breaker.record(failed=True)
    assert reason == "2 of the last 2 samples have no reward (100%; at most 10% may)"
    assert [breaker.record(failed=False) for _ in range(100)] == [reason] * 100
