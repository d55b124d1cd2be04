"""What the workers of the engine's tests run: each job says in clear text what to do.

``[QF] COMMAND ARGUMENT # ANYTHING`` after the operation byte; ANYTHING makes jobs differ.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import time

from assayoffice.sandbox import usage
from assayoffice.sandbox.programs.settings import configured
from assayoffice.sandbox.worker import Handler


def make_handler() -> Handler:
    state: list[bytes] = []

    def handle(job: bytes) -> bytes:
        operation, words = job[:1], job[1:].partition(b"#")[0].split()
        command, arguments = words[0].decode(), words[1:]
        match command:
            case "echo":
                return b"A" + job[1:]
            case "fact":
                return b"E" + job[1:]
            case "pid":
                return b"A%d" % os.getpid()
            case "count":
                state.append(b"")
                return b"A%d" % len(state)
            case "limits":
                return b"A" + json.dumps(_limits()).encode()
            case "full":
                return b"F" if operation == b"Q" else b"A" + operation
            case "reduce":
                return b"F" + b" ".join(arguments)
            case "trouble":
                return b"T" + job[1:]
            case "charge":
                usage.charge(float(arguments[0]))
                return b"A"
            case "sandbox":
                return b"A" + repr(configured()).encode()
            case "burn":
                end = time.process_time() + float(arguments[0])
                while time.process_time() < end:
                    pass
                return b"A" + operation
            case "sleep":
                time.sleep(float(arguments[0]))
                return b"A" + operation
            case "wedge":
                read, _ = os.pipe()
                os.read(read, 1)
                raise AssertionError("nobody writes")
            case "allocate":
                block = bytearray(int(arguments[0]))
                return b"A%d" % len(block)
            case "leak":
                state.append(b"x" * int(arguments[0]))
                return b"A%d" % os.getpid()
            case "big":
                return b"A" + bytes(int(arguments[0]))
            case "raise":
                raise ValueError("a defect")
            case "segfault":
                ctypes.string_at(0)
                raise AssertionError("address 0 can be read")
            case "signal":
                os.kill(os.getpid(), int(arguments[0]))
            case "exit":
                os._exit(int(arguments[0]))
            case "crash":
                if arguments[1] == b"full" and operation == b"Q":
                    return b"F"
                with open(arguments[0], "ab") as diary:
                    diary.write(b"x")
                os._exit(1)
            case "suicide-quick":
                if operation == b"Q":
                    os.kill(os.getpid(), signal.SIGKILL)
                return b"A" + operation
            case "kill-zygote":
                os.kill(os.getppid(), signal.SIGKILL)
                time.sleep(60)
                raise AssertionError("outlived the zygote")
            case "start":
                return b"A%d" % subprocess.Popen(["sleep", arguments[0]]).pid
            case "print":
                print("a verifier prints", flush=True)  # noqa: T201
                return b"A"
            case "nonsense":
                return b"?"
        raise AssertionError(f"no command {command}")

    return handle


def _limits() -> dict[str, tuple[int, int]]:
    names = ["RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_NOFILE", "RLIMIT_CORE"]
    return {name: resource.getrlimit(getattr(resource, name)) for name in names}


def make_dying_handler() -> Handler:
    """A handler module that ends its process when loaded."""
    os._exit(3)
