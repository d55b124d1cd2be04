"""Has Lean compile a source, inside a sandbox, and brings out what it says and what it has made.

It is handed over as a program of its own, so it imports nothing but the standard library. At fd 3
comes the order, in JSON: ``argv``, ``environment``, the ``products`` that argv is to write, and how
many ``output_bytes`` Lean may say. What it says goes to stdout and stderr, as Lean has it: reports
to the one, and to the other what a source can have printed. To fd 4 goes a line of JSON with
``status``, Lean's as waitpid(2) tells it, ``flood``, whether it had to be stopped for what it says,
and ``sizes`` of the products, null for one that is not there; then the products, one after the
other. Lean itself has neither of the two descriptors.
"""

import json
import os
import select
import signal

_DATA_FD, _ANSWER_FD, _CHANNEL_FD = 3, 4, 5
# As a shell has it.
_NOT_STARTED = 127
_PIECE_BYTES, _MOST_AT_ONCE_BYTES = 1 << 16, 1 << 30


def main() -> None:
    """Carry out the order."""
    with open(_DATA_FD, "rb", closefd=False) as data:
        order = json.load(data)
    argv = order["argv"]
    reports, reported = os.pipe()
    complaints, complained = os.pipe()
    try:
        pid = os.posix_spawn(
            argv[0],
            argv,
            order["environment"],
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, reported, 1),
                (os.POSIX_SPAWN_DUP2, complained, 2),
                *((os.POSIX_SPAWN_CLOSE, fd) for fd in (_DATA_FD, _ANSWER_FD, _CHANNEL_FD)),
            ],
        )
    except OSError as error:
        _write(2, f"{argv[0]}: {error.strerror}".encode())
        _answer(_NOT_STARTED << 8, False, [None for _ in order["products"]])
        return
    os.close(reported)
    os.close(complained)
    flood = not _pass_on({reports: 1, complaints: 2}, order["output_bytes"])
    if flood:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    products = [_open(path) for path in order["products"]]
    sizes = [None if fd is None else os.fstat(fd).st_size for fd in products]
    _answer(status, flood, sizes)
    for fd in products:
        while fd is not None and os.sendfile(_ANSWER_FD, fd, None, _MOST_AT_ONCE_BYTES):
            pass


def _answer(status: int, flood: bool, sizes: list[int | None]) -> None:
    head = json.dumps({"status": status, "flood": flood, "sizes": sizes})
    _write(_ANSWER_FD, head.encode() + b"\n")


def _pass_on(ways: dict[int, int], room: int) -> bool:
    """Copy from some pipes until all have ended; False once they have said too much."""
    poller = select.poll()
    for source in ways:
        poller.register(source, select.POLLIN)
    while ways:
        for source, _ in poller.poll():
            piece = os.read(source, _PIECE_BYTES)
            if not piece:
                poller.unregister(source)
                del ways[source]
            _write(ways.get(source, 1), piece[:room])
            room -= len(piece)
            if room < 0:
                return False
    return True


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
