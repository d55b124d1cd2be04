"""What the engine is asked for and what it finds out: the words it shares with the transport."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkLimits:
    """What one submission may use, as its verifier declares it.

    CPU time is judged; wall time only catches work that waits for something that never comes.
    ``quick_cpu_seconds`` is where work that shares a worker is stopped, to be repeated alone.
    ``sandboxed`` work waits for programs that run elsewhere, under limits of their own.
    """

    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int
    quick_cpu_seconds: float
    sandboxed: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """One submission to be judged.

    Works of equal ``key`` are computed once, so it covers everything a verdict may depend on.
    ``deadline`` is on the clock of time.monotonic(), ``math.inf`` for none. ``flow`` tells callers
    apart: they are served in turn, so that a large batch does not starve a small one. What is
    ``fresh`` has a key of its own: it is done whatever is known of its body, and not remembered.
    """

    key: bytes
    body: bytes
    limits: WorkLimits
    deadline: float
    flow: object
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """The verifier has answered: ``reply`` is a tagged verdict or error (see ``jobs.Tag``)."""

    reply: bytes
    cpu_seconds: float
    queue_seconds: float
    cached: bool


@dataclass(frozen=True, slots=True)
class Troubled:
    """The verifier could not judge, for a reason that may pass: ``status`` is a serialized Status.

    As for ``Failed``, nothing is known about the submission.
    """

    status: bytes


@dataclass(frozen=True, slots=True)
class LimitExceeded:
    """The submission burnt its allowance: a verdict. ``reason`` is CPU_TIME or MEMORY."""

    reason: str
    explanation: str
    cpu_seconds: float
    queue_seconds: float
    cached: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """Trouble of ours, never a verdict.

    ``reason`` is WORKER_CRASHED, WALL_TIMEOUT, DEADLINE_EXCEEDED, OVERLOADED, VERIFIER_DEFECT or
    SHUTTING_DOWN; ``retry_after_seconds`` says when asking again may help, None where it won't.
    """

    reason: str
    message: str
    retry_after_seconds: float | None


Finding = Judged | LimitExceeded | Troubled | Failed
