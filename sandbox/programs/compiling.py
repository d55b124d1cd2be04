"""Compiles a program inside a sandbox, for what compilers are given can turn them against us.

It is handed over as a program of its own, so it imports nothing but the standard library. At
DATA_FD comes the order, in JSON: commands to run one after the other, and the product, a file or a
folder of classes. To ANSWER_FD goes one of

- BUILT and the product;
- REFUSED and the status of the command that has failed;
- EMPTY, where all commands say that they have done their work and nothing came out of it;
- UNSTARTABLE and why, where a command is not there or does not find its own libraries.

No answer at all: something else went wrong that has nothing to do with the program. What the
commands print becomes the output of the run.
"""

import io
import json
import os
import subprocess
import zipfile

BUILT, REFUSED, EMPTY, UNSTARTABLE = b"+", b"-", b"0", b"!"

_DATA_FD, _ANSWER_FD = 3, 4
# The status of what is no program of this host, and of a program without its libraries.
_NOT_STARTED = (126, 127)
_ENVIRONMENT = {
    # What a compiler calls by name: the assembler and the linker.
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    # Messages must be the same everywhere, and so must __DATE__ and __TIME__.
    "LC_ALL": "C.UTF-8",
    "SOURCE_DATE_EPOCH": "0",
    # Go programs are what Go alone makes of them.
    "CGO_ENABLED": "0",
    "GO111MODULE": "off",
    "GOTOOLCHAIN": "local",
}


def main() -> None:
    """Carry out the order."""
    with open(_DATA_FD, "rb") as data:
        order = json.load(data)
    for command in order["commands"]:
        try:
            status = subprocess.run(command, stdin=subprocess.DEVNULL, env=_ENVIRONMENT).returncode
        except OSError as error:
            _answer(UNSTARTABLE + f"{command[0]}: {error.strerror}".encode())
            return
        if status in _NOT_STARTED:
            _answer(UNSTARTABLE + f"{command[0]}: exit status {status}".encode())
            return
        if status != 0:
            _answer(REFUSED + str(status).encode())
            return
    product = order["product"]
    if os.path.isdir(product):
        _answer(BUILT + _archive(product))
    elif os.path.isfile(product):
        with open(product, "rb") as file:
            _answer(BUILT + file.read())
    else:
        _answer(EMPTY)


def _archive(folder: str) -> bytes:
    """All files of a folder, stored: packing them would cost more than it saves."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for path, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                full = os.path.join(path, name)
                entry = zipfile.ZipInfo(os.path.relpath(full, folder))
                with open(full, "rb") as content:
                    file.writestr(entry, content.read())
    return archive.getvalue()


def _answer(content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(_ANSWER_FD, view) :]


if __name__ == "__main__":
    main()
