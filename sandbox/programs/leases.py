"""Numbers that no two slots of this host share while both live: users and cgroups go by them."""

import errno
import os
import socket
from dataclasses import dataclass
from typing import Self

_MAX_SLOTS = 400


@dataclass(frozen=True, slots=True)
class Lease:
    """A number of one's own until it is released, or until this process is gone."""

    number: int
    _holder: socket.socket

    @classmethod
    def take(cls) -> Self:
        """The lowest free number. Raises OSError when all are taken."""
        for number in range(_MAX_SLOTS):
            if lease := cls.claim(number):
                return lease
        raise OSError(errno.EAGAIN, f"{_MAX_SLOTS} sandbox slots are in use on this host")

    @classmethod
    def claim(cls, number: int) -> Self | None:
        """A certain number, unless somebody has it."""
        # The kernel frees an abstract name with the process that holds it, however that ends.
        holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            holder.bind(f"\0assayoffice-slot-{os.geteuid()}-{number}")
        except OSError as error:
            holder.close()
            if error.errno == errno.EADDRINUSE:
                return None
            raise
        return cls(number, holder)

    def release(self) -> None:
        """Give the number back."""
        self._holder.close()
