"""Has Lean compile a source, inside a sandbox, and brings out what it says and what it has made.

It is handed over as a program of its own, so it imports nothing but the standard library. At fd 3
comes the order, in JSON: ``argv``, ``environment``, the ``products`` that argv is to write, and how
many ``output_bytes`` Lean may say. What it says goes to stdout. To fd 4 goes a line of JSON with
``status``, Lean's as waitpid(2) tells it, ``flood``, whether it had to be stopped for what it says,
and ``sizes`` of the products, null for one that is not there; then the products, one after the
other. Lean itself has neither of the two descriptors.
"""

import json
import os
import signal

_DATA_FD, _ANSWER_FD, _CHANNEL_FD = 3, 4, 5
_PIECE_BYTES, _MOST_AT_ONCE_BYTES = 1 << 16, 1 << 30


def main() -> None:
    """Carry out the order."""
    with open(_DATA_FD, "rb", closefd=False) as data:
        order = json.load(data)
    argv = order["argv"]
    said, says = os.pipe()
    pid = os.posix_spawn(
        argv[0],
        argv,
        order["environment"],
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, says, 1),
            (os.POSIX_SPAWN_DUP2, says, 2),
            *((os.POSIX_SPAWN_CLOSE, fd) for fd in (_DATA_FD, _ANSWER_FD, _CHANNEL_FD)),
        ],
    )
    os.close(says)
    room, flood = order["output_bytes"], False
    while piece := os.read(said, _PIECE_BYTES):
        _write(1, piece[: max(room, 0)])
        room -= len(piece)
        if room < 0:
            flood = True
            os.kill(pid, signal.SIGKILL)
            break
    _, status = os.waitpid(pid, 0)
    products = [_open(path) for path in order["products"]]
    sizes = [None if fd is None else os.fstat(fd).st_size for fd in products]
    _write(_ANSWER_FD, json.dumps({"status": status, "flood": flood, "sizes": sizes}).encode())
    _write(_ANSWER_FD, b"\n")
    for fd in products:
        while fd is not None and os.sendfile(_ANSWER_FD, fd, None, _MOST_AT_ONCE_BYTES):
            pass


def _open(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None


def _write(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


if __name__ == "__main__":
    main()
