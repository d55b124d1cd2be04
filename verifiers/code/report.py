"""What is known about a program after one test."""

import enum
from dataclasses import dataclass


class Grade(enum.IntEnum):
    """How a test ended; of several, the largest decides about the program."""

    SKIPPED = 0
    PASSED = 1
    WRONG_ANSWER = 2
    RUNTIME_ERROR = 3
    OUTPUT = 4
    MEMORY = 5
    #: Waited longer than it may.
    WALL_TIME = 6
    CPU_TIME = 7
    COMPILE_ERROR = 8


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one test. ``detail`` is for people, and the same whenever the test is run.

    It may quote what the program wrote, and what the test passed to it, but never what it should
    have answered: details are shown to those who write programs.
    """

    name: str
    grade: Grade
    detail: str = ""
