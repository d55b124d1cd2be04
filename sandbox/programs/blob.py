"""Bytes that travel into a sandbox by descriptor: written once, sealed, and shared by many runs."""

import errno
import fcntl
import hashlib
import os
from functools import cached_property
from typing import Self

from assayoffice.sandbox.programs.errors import SandboxFailure

_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
_MFD_EXEC = 0x10
# Programs run under another user, who opens a binary anew and may execute it.
_MODE = 0o555


class Blob:
    """Immutable bytes in a sealed memfd. Whoever has the descriptor can read and run, not write.

    Holds its descriptor until it is closed or collected.
    """

    __slots__ = ("__dict__", "fd", "size")

    def __init__(self, content: bytes) -> None:
        """Raises SandboxFailure when the host has no descriptor or memory left."""
        self.fd, self.size = -1, len(content)
        try:
            self.fd = _memory_file()
            view = memoryview(content)
            while view:
                view = view[os.write(self.fd, view) :]
            os.lseek(self.fd, 0, os.SEEK_SET)  # for readers that start where the descriptor stands
            self.restore()
            fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, _SEALS)
        except OSError as error:
            self.close()
            raise SandboxFailure(f"no file of {self.size} bytes: {error.strerror}") from error

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the content."""
        return hashlib.sha256(self.read()).digest()

    def restore(self) -> None:
        """Undo what seals do not prevent: a program that runs as our own user may chmod and touch.

        Before each run, so that none can take it from, or leave a sign in it for, the next.
        """
        os.fchmod(self.fd, _MODE)
        os.utime(self.fd, ns=(0, 0))

    def read(self) -> bytes:
        """The content."""
        parts, at = [], 0
        while part := os.pread(self.fd, self.size - at, at):
            parts.append(part)
            at += len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Give the descriptor back; runs under way keep theirs."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "fd", -1) >= 0:
            self.close()


def _memory_file() -> int:
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        # Hosts may forbid to execute what does not say from the start that it will be.
        return os.memfd_create("blob", flags | _MFD_EXEC)
    except OSError as error:
        if error.errno != errno.EINVAL:  # before Linux 6.3 there was nothing to say
            raise
        return os.memfd_create("blob", flags)
