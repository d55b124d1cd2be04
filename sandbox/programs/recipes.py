"""How each language's programs are compiled and started."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assayoffice.sandbox.programs import javasource, witness
from assayoffice.sandbox.programs.languages import Toolchain

_MIB = 1 << 20

#: Stands in ``Recipe.argv`` for the memory a program may have, in MiB.
HEAP = "{heap}"

# The smallest a JVM starts with.
_FIRST_HEAP = "-Xms2m"
# Recursion as deep as competitive programmers are used to. Only main's thread has this much: each
# thread that a JVM starts for itself would count as much otherwise.
_JAVA_STACK = ("-Xss64m", "-XX:ThreadStackSize=1024")
# One thread where possible: the same work on every host, and less CPU time for short programs.
_JVM = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:ActiveProcessorCount=1",
    "-XX:-UsePerfData",
    "-Xshare:auto",
)
# Little enough for a limit on address space; deep, for expressions as generated code has them.
_JAVAC_MEMORY = ("-Xmx512m", "-XX:CompressedClassSpaceSize=64m", "-Xss16m")
# Of the 16 MiB of stack that a sandbox gives to runtimes: what is built into node comes on top of
# what scripts use, and is not held to this. Node's own choice is 984.
_NODE_STACK_KIB = 7_000
_MOST_ERRORS = 20
# From one line start only spaces of that line: otherwise empty lines would be read again and again.
_OPENSSL = re.compile(r"^[^\S\n]*#[^\S\n]*include[^\S\n]*[<\"]openssl/", re.MULTILINE)
_MOST_NAME_BYTES, _MOST_PATH_BYTES = 255, 4096


class Unbuildable(Exception):
    """A program lacks what its language asks of every program; the message says what."""


@dataclass(frozen=True, slots=True)
class Source:
    """A program's text, texts of files that it finds beside it, and whether it has a witness."""

    text: str
    beside: Mapping[str, str] = field(default_factory=dict)
    witnessed: bool = False


@dataclass(frozen=True, slots=True)
class Runtime:
    """What running a program takes beyond what the program itself may use.

    ``memory_bytes`` and ``processes`` are the runtime's own; ``reserves_memory`` as in ``Command``.
    """

    memory_bytes: int = 0
    processes: int = 0
    reserves_memory: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """Files, the commands that compile them in their folder, and what comes out of it.

    ``product`` is an executable, or a folder that is packed into the file ``product_name``. Where
    nothing is compiled the program runs from ``files``.
    """

    files: Mapping[str, str]
    argv: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...] = ()
    product: str = ""
    product_name: str = ""
    runtime: Runtime = field(default_factory=Runtime)


def recipe(toolchain: Toolchain, source: Source) -> Recipe:
    """How to compile and start a program; Python needs neither. Raises Unbuildable."""
    return _RECIPES[toolchain.language](toolchain, source)


def _native(suffix: str, standard: str) -> Callable[[Toolchain, Source], Recipe]:
    def make(toolchain: Toolchain, source: Source) -> Recipe:
        compiler = toolchain.tools["compile"]
        files = {f"main{suffix}": source.text, **source.beside}
        # In two steps, with a pipe between compiler and assembler: messages name no random files.
        compiled = [compiler, "-pipe", "-O2", f"-std={standard}", "-w", "-c", "-o", "main.o"]
        compiled += [f"-fmax-errors={_MOST_ERRORS}", "-fdiagnostics-color=never", f"main{suffix}"]
        linked = [compiler, "-o", "main"]
        if source.witnessed:
            files["witness.c"] = witness.C
            linked += ["-Wl,--wrap=main", "-x", "c", "witness.c", "-x", "none"]
        linked += ["main.o", "-lm"]
        if any(_OPENSSL.search(text) for text in files.values()):
            linked.append("-lcrypto")
        return Recipe(files, ("/tmp/main",), (tuple(compiled), tuple(linked)), "main")

    return make


def _rust(toolchain: Toolchain, source: Source) -> Recipe:
    files = {"main.rs": source.text, **source.beside}
    linker = toolchain.tools["link"]
    compiled = [toolchain.tools["compile"], "--edition=2021", "-Copt-level=2", "-Ccodegen-units=1"]
    compiled += ["--cap-lints=allow", "--color=never", f"-Clinker={linker}", "-o", "main"]
    commands: list[tuple[str, ...]] = []
    if source.witnessed:
        files["witness.c"] = witness.C
        commands.append((linker, "-O2", "-c", "-o", "witness.o", "witness.c"))
        compiled += ["-Clink-arg=witness.o", "-Clink-arg=-Wl,--wrap=main"]
    commands.append((*compiled, "main.rs"))
    return Recipe(files, ("/tmp/main",), tuple(commands), "main")


def _go(toolchain: Toolchain, source: Source) -> Recipe:
    files = {"main.go": source.text, **source.beside}
    if source.witnessed:
        files |= {"main.go": witness.renamed_go_main(source.text), "witness.go": witness.GO}
    names = sorted(name for name in files if name.endswith(".go"))
    compiled = (toolchain.tools["compile"], "build", "-o", "main", *names)
    # What its collector and its threads take.
    runtime = Runtime(memory_bytes=64 * _MIB, reserves_memory=True)
    return Recipe(files, ("/tmp/main",), (compiled,), "main", runtime=runtime)


def _java(toolchain: Toolchain, source: Source) -> Recipe:
    outline = javasource.outline(source.text)
    if not outline.main:
        raise Unbuildable("no top-level class has a method static void main(String[])")
    name = f"{outline.name}.java"
    # Not left to javac, which need not see the same classes.
    parts = (name, f"{outline.main}.class", *outline.package.split("."))
    if any(len(part.encode()) > _MOST_NAME_BYTES for part in parts):
        raise Unbuildable("the name of its class is too long for the name of a file")
    if len(outline.package.encode()) > _MOST_PATH_BYTES:
        raise Unbuildable("the name of its package is too long for the name of a folder")
    started = outline.main
    files = {name: source.text, **source.beside}
    options: tuple[str, ...] = ()
    if source.witnessed:
        started = witness.JAVA_CLASS
        files[f"{started}.java"] = witness.java(outline.package, outline.main)
        # Without -ea an assert tests nothing.
        options = ("-ea", witness.JAVA_OPTION)
    compiled = (
        toolchain.tools["compile"],
        *(f"-J{option}" for option in (*_JVM, *_JAVAC_MEMORY)),
        *("-encoding", "UTF-8", "-nowarn", "-proc:none", "-Xmaxerrs", str(_MOST_ERRORS)),
        *("-d", "classes"),
        *sorted(name for name in files if name.endswith(".java")),
    )
    argv = (toolchain.tools["run"], *_JVM, *options, _FIRST_HEAP, f"-Xmx{HEAP}m", *_JAVA_STACK)
    argv += ("-cp", "main.jar", outline.qualified(started))
    # Main's stack, the code of the program and of the JVM, and what it takes to start.
    runtime = Runtime(memory_bytes=192 * _MIB, reserves_memory=True)
    return Recipe(files, argv, (compiled,), "classes", "main.jar", runtime)


def _javascript(toolchain: Toolchain, source: Source) -> Recipe:
    files = {"main.js": source.text, **source.beside}
    if source.witnessed:
        files |= {"main.mjs": source.text, "witness.js": witness.JAVASCRIPT}
    argv = (
        toolchain.tools["run"],
        "--v8-pool-size=1",
        f"--max-old-space-size={HEAP}",
        f"--stack-size={_NODE_STACK_KIB}",
        "witness.js" if source.witnessed else "main.js",
    )
    # Its threads' stacks, and what it takes to start.
    return Recipe(files, argv, runtime=Runtime(memory_bytes=128 * _MIB, reserves_memory=True))


def _bash(toolchain: Toolchain, source: Source) -> Recipe:
    files = {"main.sh": source.text, **source.beside}
    if source.witnessed:
        files |= {"main.sh": source.text + witness.BASH_END, "witness.sh": witness.BASH}
    argv = (toolchain.tools["run"], "witness.sh" if source.witnessed else "main.sh")
    # A shell without other programs is of no use.
    return Recipe(files, argv, runtime=Runtime(processes=64))


_RECIPES: Mapping[str, Callable[[Toolchain, Source], Recipe]] = {
    "c": _native(".c", "gnu17"),
    "cpp": _native(".cpp", "gnu++17"),
    "javascript": _javascript,
    "java": _java,
    "bash": _bash,
    "rust": _rust,
    "go": _go,
}
