"""Which languages this host can run programs in: the toolchains, where they are, their versions.

A toolchain counts only where programs can reach it: in the system's folders, which are all of the
host that a sandbox shows, and open to every user. Of several, the system's first is taken, so that
a service does the same whoever starts it.
"""

import functools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assayoffice.sandbox.programs.interpreter import Interpreter, candidates, examine, unreachable
from assayoffice.sandbox.programs.settings import configured

_FOLDERS = ("/usr/local/bin", "/usr/bin")
_VISIBLE = ("/usr/bin", "/usr/lib", "/usr/libexec", "/usr/local/go", "/usr/share")
_ASK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What runs a language. ``version`` names all that can change what a program does.

    ``tools`` are absolute paths without links, by what they do: ``compile``, ``link``, ``run``.
    """

    language: str
    version: str
    tools: Mapping[str, str] = field(default_factory=dict)


#: How to get what a language needs.
REMEDIES: Mapping[str, str] = {
    "python": "install python3",
    "c": "install gcc and the C library's headers (Debian: gcc libc6-dev)",
    "cpp": "install g++ (Debian: g++)",
    "javascript": "install Node.js 18 or later (Debian: nodejs)",
    "java": "install a JDK, not only a JRE (Debian: default-jdk-headless)",
    "bash": "install bash",
    "rust": "install rustc for all users (Debian: rustc)",
    "go": "install Go for all users, all of it in one folder of /usr/lib",
}


class _Missing(Exception):
    """Why there is no toolchain, and how to get one."""


def found() -> Mapping[str, Toolchain]:
    """The toolchains of this host by language; asked for once per process."""
    return _survey()[0]


def missing() -> Mapping[str, str]:
    """What is missing for each other language, and how to get it."""
    return _survey()[1]


@functools.cache
def _survey() -> tuple[Mapping[str, Toolchain], Mapping[str, str]]:
    present: dict[str, Toolchain] = {}
    absent: dict[str, str] = {}
    for language, probe in _PROBES.items():
        try:
            present[language] = probe()
        except _Missing as reason:
            absent[language] = str(reason)
    return present, absent


def _python() -> Toolchain:
    reasons = []
    for path in candidates(configured().python):
        interpreter = examine(path)
        if isinstance(interpreter, Interpreter):
            return Toolchain("python", interpreter.version, {"run": str(interpreter.executable)})
        reasons.append(interpreter)
    raise _Missing("; ".join(reasons) or f"no Python that programs can reach; {REMEDIES['python']}")


def _c() -> Toolchain:
    compiler = _tool("gcc", REMEDIES["c"])
    return Toolchain("c", _say(compiler), {"compile": compiler})


def _cpp() -> Toolchain:
    compiler = _tool("g++", REMEDIES["cpp"])
    return Toolchain("cpp", _say(compiler), {"compile": compiler})


def _javascript() -> Toolchain:
    node = _tool("node", REMEDIES["javascript"])
    return Toolchain("javascript", f"node {_say(node)}", {"run": node})


def _java() -> Toolchain:
    compiler = _tool("javac", REMEDIES["java"])
    java = str(Path(compiler).with_name("java"))
    if not os.access(java, os.X_OK):
        raise _Missing(f"{compiler} has no java beside it; {REMEDIES['java']}")
    return Toolchain("java", _say(java), {"compile": compiler, "run": java})


def _bash() -> Toolchain:
    shell = _tool("bash", REMEDIES["bash"])
    return Toolchain("bash", _say(shell), {"run": shell})


def _rust() -> Toolchain:
    compiler = _tool("rustc", REMEDIES["rust"])
    linker = _c().tools["compile"]
    return Toolchain("rust", _say(compiler), {"compile": compiler, "link": linker})


def _go() -> Toolchain:
    compiler = _tool("go", REMEDIES["go"])
    # Distributions may keep the standard library apart from the compiler that needs it.
    library = os.path.realpath(Path(compiler).parent.with_name("src"))
    if reason := _out_of_reach(library):
        raise _Missing(f"{reason}; {REMEDIES['go']}")
    return Toolchain("go", _say(compiler, "version"), {"compile": compiler})


_PROBES: Mapping[str, Callable[[], Toolchain]] = {
    "python": _python,
    "c": _c,
    "cpp": _cpp,
    "javascript": _javascript,
    "java": _java,
    "bash": _bash,
    "rust": _rust,
    "go": _go,
}


#: All languages there can be.
LANGUAGES = tuple(_PROBES)


def _tool(name: str, remedy: str) -> str:
    """The real path of a tool that programs can reach. Raises _Missing."""
    reasons = []
    for path in _places(name):
        real = os.path.realpath(path)
        reason = _out_of_reach(real)
        if not reason:
            return real
        reasons.append(reason)
    raise _Missing(f"{reasons[0] if reasons else f'there is no {name}'}; {remedy}")


def _out_of_reach(path: str) -> str:
    """Why programs cannot reach a real path; empty where they can."""
    folder = unreachable(Path(path))
    if folder is not None:
        return f"{path} is behind {folder}, which is closed to other users"
    if not any(Path(path).is_relative_to(visible) for visible in _VISIBLE):
        return f"{path} is outside of {', '.join(_VISIBLE)}, all that programs see"
    return ""


def _places(name: str) -> Iterator[str]:
    for folder in _FOLDERS:
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK):
            yield path
    # Only to say why it is not taken: what lies elsewhere is not visible to programs.
    if elsewhere := shutil.which(name):
        yield elsewhere


def _say(tool: str, question: str = "--version") -> str:
    """What a tool says about its version, in one line."""
    try:
        answer = subprocess.run(
            [tool, question],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_ASK_SECONDS,
            env={},
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise _Missing(f"{tool} does not tell its version: {error}") from error
    lines = answer.decode(errors="replace").splitlines()
    return lines[0].strip() if lines else ""
