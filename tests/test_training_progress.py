"""What is said of the time that a long stage still takes."""

import pytest

from assayoffice.rl.training.progress import Pace


@pytest.fixture
def seconds_left(monkeypatch: pytest.MonkeyPatch):
    """What is said, one after the other, of what is seen: when, and how much is done."""

    def said(*seen: tuple[float, int] | tuple[float, int, int]) -> list[float | None]:
        pace, answers = Pace(), []
        for when, done, *total in seen:
            monkeypatch.setattr("time.monotonic", lambda now=when: now)
            answers.append(pace.seconds_left(done, *(total or [10])))
        return answers

    return said


def test_steps_to_come_take_as_long_as_those_that_were_seen(seconds_left):
    assert seconds_left((100, 1), (102, 2), (106, 4), (108, 5)) == [None, 16, 12, 10]


def test_seconds_count_down_between_steps(seconds_left):
    assert seconds_left((0, 1), (4, 2), (5, 2), (99, 2)) == [None, 32, 31, 0]


def test_start_before_the_first_step_is_no_step(seconds_left):
    assert seconds_left((0, 0), (180, 1), (182, 2)) == [None, None, 16]


def test_steps_of_an_earlier_run_took_no_time_in_this(seconds_left):
    assert seconds_left((0, 6), (3, 7)) == [None, 9]


def test_another_count_of_the_same_stage_has_its_own_pace(seconds_left):
    """As when a stage trains twice, and starting the second trainer takes minutes."""
    assert seconds_left((0, 9), (1, 10), (200, 1), (203, 2)) == [None, 0, None, 24]


def test_count_to_another_total_has_its_own_pace(seconds_left):
    assert seconds_left((0, 7, 8), (1, 8, 8), (200, 16, 64), (202, 32, 64)) == [None, 0, None, 4]
