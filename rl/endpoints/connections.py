"""Connections of http.client that a server cannot have read without end."""

import http.client
import io
import socket


class _Bounded(io.BufferedReader):
    """Reads only what it is told the size of: a chunk of -1 bytes would be all that ever comes."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            raise http.client.IncompleteRead(b"")
        return super().read(size)


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, debuglevel: int = 0, method: str | None = None) -> None:
        super().__init__(sock, debuglevel, method)
        self.fp = _Bounded(self.fp.detach())


class Connection(http.client.HTTPConnection):
    """As its base, with answers that are read within bounds."""

    response_class = _Response


class SecureConnection(http.client.HTTPSConnection):
    """As its base, with answers that are read within bounds."""

    response_class = _Response
