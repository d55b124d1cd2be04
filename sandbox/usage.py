"""CPU time that a job uses outside of its worker process, where the worker's own clock is blind."""

_charged_seconds = 0.0


def charge(cpu_seconds: float) -> None:
    """Add to what the job under way has used."""
    global _charged_seconds
    _charged_seconds += cpu_seconds


def take() -> float:
    """What has been charged since it was last asked for."""
    global _charged_seconds
    taken, _charged_seconds = _charged_seconds, 0.0
    return taken
