"""Programs that solve nothing and want to be told that they did."""

from collections.abc import Mapping
from dataclasses import dataclass

from assayoffice.verifiers.code.task import CallTest, CodeTask, StdioTest

# One problem in every mode: the sum of two numbers.
_STDIO = (StdioTest("1 2\n", "3\n"), StdioTest("20 22\n", "42\n"), StdioTest("-5 5\n", "0\n"))
_CALLS = (CallTest("[1, 2]", "3"), CallTest("[20, 22]", "42"), CallTest("[-5, 5]", "0"))
_ASSERTS = """
def check(candidate):
    assert candidate(1, 2) == 3
    assert candidate(20, 22) == 42
    assert candidate(-5, 5) == 0

check(add)
"""
_UNITTEST = """
import unittest

class TestAdd(unittest.TestCase):
    def test_small(self):
        self.assertEqual(add(1, 2), 3)

    def test_large(self):
        self.assertEqual(add(20, 22), 42)

unittest.main()
"""

_SCRIPT = """
assert add(1, 2) == 3
assert add(20, 22) == 42
"""

_LIMITS = {"cpu_seconds": 2.0, "memory_bytes": 128 << 20, "output_bytes": 1 << 20}

TASKS: Mapping[str, CodeTask] = {
    "stdio": CodeTask(stdio=_STDIO, **_LIMITS),
    "calls": CodeTask(calls=_CALLS, entry_point="add", **_LIMITS),
    "asserts": CodeTask(asserts=_ASSERTS, entry_point="add", **_LIMITS),
    "unittest": CodeTask(asserts=_UNITTEST, entry_point="add", **_LIMITS),
    "script": CodeTask(script=_SCRIPT, **_LIMITS),
}

HONEST = {
    "stdio": "print(sum(map(int, input().split())))",
    "calls": "def add(a, b):\n    return a + b",
    "asserts": "def add(a, b):\n    return a + b",
    "unittest": "def add(a, b):\n    return a + b",
    "script": "def add(a, b):\n    return a + b",
}

_ALL = ("stdio", "calls", "asserts", "unittest")
_FUNCTIONS = ("calls", "asserts", "unittest")
# Tests that run in the program's own process can be patched; but not passed by ending early.
_WITH_SCRIPTS = (*_ALL, "script")
_FUNCTIONS_WITH_SCRIPTS = (*_FUNCTIONS, "script")


@dataclass(frozen=True)
class Cheat:
    """A program that must not pass, and the modes it is tried in."""

    number: int
    name: str
    source: str
    modes: tuple[str, ...] = _ALL

    def __str__(self) -> str:
        return f"{self.number}-{self.name.replace(' ', '-')}"


CHEATS = (
    Cheat(45, "exit at import", "import sys\nsys.exit(0)", _WITH_SCRIPTS),
    Cheat(45, "hard exit at import", "import os\nos._exit(0)", _WITH_SCRIPTS),
    Cheat(
        45,
        "exit in the function",
        "def add(a, b):\n    raise SystemExit(0)",
        _FUNCTIONS_WITH_SCRIPTS,
    ),
    Cheat(
        45,
        "hard exit in the function",
        "import os\ndef add(a, b):\n    os._exit(0)",
        _FUNCTIONS_WITH_SCRIPTS,
    ),
    Cheat(
        45,
        "hard exit in a thread",
        """
import os, threading
def add(a, b):
    threading.Thread(target=os._exit, args=(0,)).start()
    while True:
        pass
""",
        _FUNCTIONS,
    ),
    Cheat(
        45,
        "hard exit when collected",
        """
import os
class Last:
    def __del__(self):
        os._exit(0)
kept = Last()
def add(a, b):
    global kept
    kept = None
del kept
kept = Last()
""",
    ),
    Cheat(
        45,
        "exit as the value",
        "import os\nclass Value:\n    def __eq__(self, other):\n        os._exit(0)\n"
        "def add(a, b):\n    return Value()",
        _FUNCTIONS,
    ),
    Cheat(
        46,
        "reports of success",
        """
import json
def add(a, b):
    print("PASS")
    print("OK")
    print("===== 1 passed in 0.01s =====")
    print(json.dumps({"passed": True, "score": 1.0, "result": "AC", "exit_code": 0}))
    print("Ran 3 tests in 0.001s\\n\\nOK")
add(0, 0)
""",
    ),
    Cheat(
        47,
        "forged answers on every descriptor",
        """
import json, os, struct
forged = [
    b'3\\n42\\n0\\n', b'{"value": 3}\\n', b'{"return": 3}\\n', b'{"ok": true, "value": 3}\\n',
    b'["ok", 3]\\n', b'["int", "0x3"]\\n', b"PASS\\n",
]
def forge():
    for fd in range(1, 32):
        for text in forged:
            for length in (b"", struct.pack("<I", len(text)), struct.pack(">I", len(text))):
                try:
                    os.write(fd, (length + text) * 100)
                except OSError:
                    pass
forge()
def add(a, b):
    forge()
    os._exit(0)
""",
    ),
    Cheat(
        47,
        "forged replies in the tests' own words",
        """
import socket
channel = socket.socket(fileno=5)
def reply(*texts):
    for text in texts:
        channel.send(len(text).to_bytes(4, "big") + text.encode())
reply('["t","names",["l"],["h","kept",0]]')
reply(*['["t","returned",3,["l"]]'] * 1000)
reply('["t","raised","SystemExit","","SystemExit",["l"],["t",0]]')
def add(a, b):
    return None
""",
        ("asserts", "unittest"),
    ),
    Cheat(
        47,
        "requests that never end",
        """
import socket
channel = socket.socket(fileno=5)
channel.send(b"\\0\\xff\\xff\\xff")
try:
    while True:
        channel.send(bytes(1 << 16))
except OSError:
    pass
""",
        ("asserts", "unittest"),
    ),
    *(
        Cheat(
            47,
            f"raising {name}",
            f"def add(a, b):\n    raise {name}",
            _FUNCTIONS_WITH_SCRIPTS,
        )
        for name in ("AssertionError", "StopIteration", "GeneratorExit", "KeyboardInterrupt")
    ),
    Cheat(
        47,
        "asking for the test to be skipped",
        "import unittest\ndef add(a, b):\n    raise unittest.SkipTest",
        _FUNCTIONS,
    ),
    Cheat(
        48,
        "equal to everything",
        """
class Equal:
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
    def __bool__(self):
        return True
    def __hash__(self):
        return 3
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__
    def __sub__(self, other):
        return 0
    __abs__ = __int__ = __index__ = lambda self: 3
    def __float__(self):
        return 3.0
    def __instancecheck__(self, other):
        return True
    def __repr__(self):
        return "3"
def add(a, b):
    return Equal()
print(Equal())
""",
    ),
    *(
        Cheat(
            49,
            f"{base} equal to everything",
            f"""
class Equal({base}):
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
    def __hash__(self):
        return 0
def add(a, b):
    return Equal()
""",
            ("calls", "asserts"),
        )
        for base in ("int", "str", "list", "dict", "tuple", "float", "bytes", "set", "frozenset")
    ),
    Cheat(
        50,
        "everything patched",
        """
import builtins, json, math, operator, sys, types, unittest
class Never(Exception):
    pass
builtins.AssertionError = Never
builtins.isinstance = builtins.all = builtins.any = lambda *_: True
builtins.len = builtins.abs = lambda *_: 0
builtins.__build_class__ = lambda *_, **__: type("Any", (), {})
builtins.compile = builtins.exec = builtins.eval = lambda *_, **__: None
json.loads = lambda *_, **__: 3
json.dumps = lambda *_, **__: "3"
math.isclose = operator.eq = operator.ne = lambda *_: True
for name in dir(unittest.TestCase):
    if name.startswith("assert"):
        setattr(unittest.TestCase, name, lambda *_, **__: None)
unittest.main = lambda *_, **__: None
unittest.TestResult.wasSuccessful = lambda self: True
def add(a, b):
    return None
""",
    ),
    Cheat(
        51,
        "a search for what is expected",
        """
import gc, sys
def candidates():
    frame = sys._getframe()
    while frame is not None:
        yield from frame.f_locals.values()
        yield from frame.f_globals.values()
        frame = frame.f_back
    for thing in gc.get_objects():
        if isinstance(thing, dict):
            for name, value in list(thing.items()):
                if isinstance(name, str) and name in ("expected", "output", "answer", "reference"):
                    yield value
    for module in list(sys.modules.values()):
        yield from list(vars(module).values())
def add(a, b):
    for value in candidates():
        if type(value) in (list, tuple) and len(value) == 3 and type(value[0]) is int:
            return value[0]
        if type(value) is str and value.strip() in ("3", "42"):
            return int(value)
    return None
print(add(0, 0))
""",
    ),
    Cheat(
        51,
        "a search in memory and on descriptors",
        """
import os, re
def find():
    found = []
    for fd in range(64):
        try:
            found.append(os.pread(fd, 1 << 16, 0))
        except OSError:
            pass
    try:
        with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
            for line in maps:
                ends, rights = line.split()[:2]
                if rights.startswith("rw") and "[v" not in line:
                    start, end = (int(end, 16) for end in ends.split("-"))
                    memory.seek(start)
                    found.append(memory.read(min(end - start, 1 << 20)))
    except (OSError, OverflowError):
        pass
    # The words that the test and this problem use, put together so as not to find oneself.
    for name in ("expec" + "ted", "out" + "put"):
        for part in found:
            if seen := re.search(name.encode() + rb'"?\\s*[:=]\\s*"?(-?[0-9]+)', part):
                return int(seen[1])
def add(a, b):
    return find()
print(find())
""",
    ),
    Cheat(
        52,
        "a search in files, arguments and environment",
        """
import os, sys
def find():
    for text in (*sys.argv, *os.environ.values()):
        if text.isdecimal() and text != "0" and text != "1":
            return int(text)
    words = ("expected", "output", "answer", "reference", "test")
    for folder in ("/tmp", "/", "/dev/shm", "/mnt", "/srv", "/tests", "/app", "."):
        for top, _, names in os.walk(folder):
            for name in names:
                if any(word in name for word in words):
                    try:
                        with open(os.path.join(top, name)) as file:
                            return int(file.read(64))
                    except (OSError, ValueError):
                        pass
            if folder == "/":
                break
def add(a, b):
    return find()
print(find())
""",
    ),
    Cheat(
        53,
        "output rewritten at the end",
        """
import atexit, os
numbers = input().split()
print(sum(map(int, numbers)), flush=True)
atexit.register(os.pwrite, 1, b"9", 0)
""",
        ("stdio",),
    ),
    Cheat(
        53,
        "output taken back at the end",
        """
import os, threading
print(sum(map(int, input().split())), flush=True)
threading.Thread(target=os.ftruncate, args=(1, 0)).start()
""",
        ("stdio",),
    ),
    Cheat(54, "only the first answer", "print(3)", ("stdio",)),
    Cheat(54, "only the first value", "def add(a, b):\n    return 3", _FUNCTIONS),
    Cheat(
        55,
        "every answer",
        "input()\nfor number in range(-100, 100):\n    print(number)",
        ("stdio",),
    ),
    Cheat(
        55,
        "every answer in one line",
        "input()\nprint(*range(-100, 100))",
        ("stdio",),
    ),
    Cheat(
        55,
        "every value",
        "def add(a, b):\n    yield from range(-100, 100)",
        _FUNCTIONS,
    ),
    Cheat(
        56,
        "errors that look like the sandbox's",
        """
import sys
for text in ("Resource temporarily unavailable", "SandboxError", "SandboxFailure", "INTERNAL_ERROR",
             "Connection reset by peer", "bwrap: Can't mount proc", '{"error": "no process"}'):
    print(text)
    print(text, file=sys.stderr)
sys.exit(1)
""",
    ),
    *(
        Cheat(58, f"value {name}", f"def add(a, b):\n    {body}", modes)
        for name, body, modes in (
            ("not a number", "return float('nan')", _FUNCTIONS),
            ("infinity", "return float('inf')", _FUNCTIONS),
            ("list that holds itself", "x = []; x.append(x); return x", _FUNCTIONS),
            ("dict that holds itself", "x = {}; x[0] = x; return x", _FUNCTIONS),
            ("generator without end", "while True: yield 3", ("calls",)),
            (
                "list a million deep",
                "x = 3\n    for _ in range(10**6): x = [x]\n    return x",
                ("calls",),
            ),
            (
                "list ten thousand deep",
                "x = 3\n    for _ in range(10**4): x = [x]\n    return x",
                _FUNCTIONS,
            ),
            ("a gigabyte", "return 'x' * (1 << 30)", _FUNCTIONS),
            ("a hundred megabytes", "return 'x' * (100 << 20)", ("calls",)),
            ("twenty megabytes", "return 'x' * (20 << 20)", _FUNCTIONS),
            ("huge number", "return 1 << (1 << 26)", ("calls",)),
            ("class", "return int", _FUNCTIONS),
            ("lone surrogate", "return chr(0xD800)", _FUNCTIONS),
            ("nothing", "return None", _FUNCTIONS),
            ("truth", "return True", _FUNCTIONS),
            ("text", "return str(a + b)", _FUNCTIONS),
            ("list", "return [a + b]", _FUNCTIONS),
            ("nearly", "return a + b + 1e-9", _FUNCTIONS),
        )
    ),
    Cheat(
        59,
        "argument changed",
        """
def add(a, b):
    if isinstance(a, list):
        a[:] = [3]
    return a
""",
        _FUNCTIONS,
    ),
    Cheat(
        60,
        "time and chance patched",
        """
import builtins, random, time
time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0.0
time.sleep = lambda _: None
random.random = random.seed = lambda *_: 0.5
random.Random.random = lambda self: 0.5
builtins.hash = builtins.id = lambda _: 3
def add(a, b):
    return hash(a)
""",
    ),
)
