"""What travels between the service and a worker process, as length-prefixed frames.

A worker is never trusted: it may be killed in the middle of a frame or send nonsense. Nothing here
unpickles, and a reply longer than ``MAX_REPLY_BYTES`` is a protocol violation.
"""

import enum
import math
import struct
from dataclasses import dataclass
from typing import BinaryIO

#: A verdict is a few kilobytes; anything near this is a broken worker.
MAX_REPLY_BYTES = 16 * 1024 * 1024

_JOB = struct.Struct("!IQQd")
_REPLY = struct.Struct("!IQBd")


class Status(enum.IntEnum):
    """How a job ended, as its worker saw it."""

    DONE = 0
    #: The job asked for more memory than it may have. The worker exits after this reply.
    OUT_OF_MEMORY = 1
    #: The handler raised; the body is the traceback.
    RAISED = 2


class FrameError(Exception):
    """A worker sent something that is not a reply."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. ``cpu_seconds`` and ``memory_bytes`` are what it may use."""

    id: int
    body: bytes
    cpu_seconds: float
    memory_bytes: int

    def encode(self) -> bytes:
        header = _JOB.pack(len(self.body), self.id, self.memory_bytes, self.cpu_seconds)
        return header + self.body


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a job. ``cpu_seconds`` is what it used."""

    job_id: int
    status: Status
    body: bytes
    cpu_seconds: float

    def encode(self) -> bytes:
        header = _REPLY.pack(len(self.body), self.job_id, self.status, self.cpu_seconds)
        return header + self.body


#: By number, because calling the enum for each of millions of replies costs more than reading them.
_STATUSES = {int(status): status for status in Status}


def read_job(stream: BinaryIO) -> Job | None:
    """Read the next job; None when the service has closed its end."""
    header = stream.read(_JOB.size)
    if len(header) < _JOB.size:
        return None
    length, job_id, memory_bytes, cpu_seconds = _JOB.unpack(header)
    body = stream.read(length)
    return Job(job_id, body, cpu_seconds, memory_bytes) if len(body) == length else None


class ReplyReader:
    """Cuts the bytes of a worker into replies."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Reply]:
        """Add received bytes; return the replies that are complete.

        Raises FrameError when they cannot be replies.
        """
        buffer = self._buffer
        buffer += data
        replies = []
        start = 0
        while len(buffer) - start >= _REPLY.size:
            length, job_id, status, cpu_seconds = _REPLY.unpack_from(buffer, start)
            if length > MAX_REPLY_BYTES or status not in _STATUSES:
                raise FrameError(f"a reply of {length} bytes with status {status}")
            if not 0.0 <= cpu_seconds < math.inf:
                raise FrameError(f"a reply after {cpu_seconds} s of CPU time")
            end = start + _REPLY.size + length
            if len(buffer) < end:
                break
            body = bytes(buffer[start + _REPLY.size : end])
            replies.append(Reply(job_id, _STATUSES[status], body, cpu_seconds))
            start = end
        del buffer[:start]
        return replies
