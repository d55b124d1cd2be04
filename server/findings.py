"""How the endings of runs are put to the caller. Facts and trouble are told apart in the engine."""

from assayoffice.server.items import Item
from assayoffice.server.jobs import Tag
from assayoffice.server.work import Failed, Finding, Judged, LimitExceeded, Troubled

# Of what a verifier raised; its message may quote the submission at any length.
_MAX_DEFECT_CHARACTERS = 300

SHUTTING_DOWN = Failed("SHUTTING_DOWN", "the service is stopping", None)
DEADLINE_EXCEEDED = Failed("DEADLINE_EXCEEDED", "the deadline passed before the verdict", None)


def answer(item: Item, reply: bytes, cpu_seconds: float) -> Finding:
    """What the verifier says, provided that it is a verdict or an error."""
    if reply[:1] == Tag.TROUBLE.value:
        return Troubled(reply[1:])
    if reply[:1] not in (Tag.ANSWER.value, Tag.ERROR.value):
        return Failed("VERIFIER_DEFECT", "the worker's answer is none", None)
    return Judged(reply, item.spent_cpu_seconds + cpu_seconds, _queue_seconds(item), cached=False)


def cpu_time_exceeded(item: Item, cpu_seconds: float) -> LimitExceeded:
    """The explanation names the limit and not the usage, so that equal work is told the same."""
    explanation = f"judging it takes more than {item.limits.cpu_seconds:g} s of CPU time"
    return _limit_exceeded(item, "CPU_TIME", explanation, cpu_seconds)


def memory_exceeded(item: Item, cpu_seconds: float) -> LimitExceeded:
    """As for CPU time."""
    mebibytes = item.limits.memory_bytes / 2**20
    explanation = f"judging it takes more than {mebibytes:g} MiB of memory"
    return _limit_exceeded(item, "MEMORY", explanation, cpu_seconds)


def wall_timeout(item: Item) -> Failed:
    """The verifier's trouble: a submission that waits is ended, and judged, far sooner."""
    seconds = item.limits.wall_seconds
    message = f"the verifier waited {seconds:g} s for something that did not come"
    return Failed("WALL_TIMEOUT", message, None)


def worker_crashed(cause: str) -> Failed:
    """After a second try; a third would likely end the same."""
    return Failed("WORKER_CRASHED", f"its worker died twice: {cause}", None)


def unstartable(why: str, retry_after_seconds: float) -> Failed:
    """Nothing is known about the submission, which never ran."""
    message = f"no worker can be started: {why}"
    return Failed("WORKER_CRASHED", message, retry_after_seconds)


def overloaded(retry_after_seconds: float) -> Failed:
    """The queue takes no more."""
    return Failed("OVERLOADED", "the queue is full", retry_after_seconds)


def defect(traceback: str) -> Failed:
    """Where the verifier raised, and what: enough to find it with the submission at hand."""
    lines = traceback.strip().splitlines()
    places = [line.rpartition("/")[2] for line in lines if line.startswith("  File ")]
    where = places[-1].replace('"', "") if places else "place unknown"
    message = f"{lines[-1] if lines else 'it raised'} ({where})"
    return Failed("VERIFIER_DEFECT", message[:_MAX_DEFECT_CHARACTERS], None)


def _limit_exceeded(item: Item, reason: str, explanation: str, cpu_seconds: float) -> LimitExceeded:
    total = item.spent_cpu_seconds + cpu_seconds
    return LimitExceeded(reason, explanation, total, _queue_seconds(item), cached=False)


def _queue_seconds(item: Item) -> float:
    return item.started - item.submitted
