"""The compiled modules that a header imports. They are trusted; what they rest on is not taken for
granted, because what stands in them by way of an axiom such as ``sorryAx`` proves nothing.

Names are indexed, terms are not decoded: a module can only mention a constant if its bytes have all
words of the constant's name, so only modules that have the words of something that rests on a
forbidden axiom are looked into. One module at a time is in memory, and what is kept of it are the
names it defines.

Reading takes some 20 microseconds and 300 bytes for each constant, and a few seconds for each
gigabyte; 300 modules of 110 kB with 38,000 constants took 0.8 s. Mathlib, with twenty times as many
constants and 5 GB, is thus a matter of a minute; it has not been tried.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from assayoffice.verifiers.lean.compiled.olean import Olean, OleanError
from assayoffice.verifiers.lean.compiled.terms import Kind, Name, Safety, parse, text
from assayoffice.verifiers.lean.stamps import Stamp, stamp

#: A module is in one file or, if it says ``module``, in one for all importers and two for some.
_PARTS = (".olean", ".olean.server", ".olean.private")
#: What is trusted is read to its end. This only stops what a damaged file would make endless.
_STEPS = 1 << 40
#: The text of every string object, up to its first NUL: tag, three words of sizes, text, NUL. What
#: merely looks like one is harmless, and cannot hide one, because a match takes up one byte only.
_STRING = re.compile(rb"\xf9(?=(?s:.{24})([^\0]*)\0)")


class LibraryError(Exception):
    """A module is not there or cannot be read; says which, and the remedy."""


class Library:
    """What the modules in ``modules``, and all that they import, define and rest on.

    A module ``A.B`` is ``A/B.olean`` in the first of ``folders`` that has it, which is what Lean
    takes if they are its search path, the toolchain's own library folder last. ``allowed`` are the
    axioms that anything may rest on. ``releases`` are the commits of Lean whose files may be read.

    Raises LibraryError.
    """

    def __init__(
        self,
        modules: Sequence[str],
        folders: Sequence[Path],
        *,
        allowed: frozenset[Name],
        releases: Collection[str],
    ) -> None:
        self.allowed = allowed
        self.releases = frozenset(releases)
        self._folders = tuple(folders)
        #: All files that Lean reads of the modules, or would if they were there, from before they
        #: were first read here.
        self.stamps: dict[str, Stamp] = {}
        self._names: set[Name] = set()
        self._unsafe: set[Name] = set()
        self._forbidden: dict[Name, frozenset[Name]] = {}
        digest = hashlib.sha256()
        ordered = self._ordered(list(map(parse, modules)), digest.update)
        #: All modules that are reachable, dependencies first.
        self.modules = tuple(text(module) for module in ordered)
        #: SHA-256 of their names and contents.
        self.digest = digest.hexdigest()
        self._follow(ordered)

    def __contains__(self, name: Name) -> bool:
        """Whether some module defines it."""
        return name in self._names

    def forbidden(self, name: Name) -> frozenset[Name]:
        """The axioms outside of ``allowed`` that a constant rests on, through types and bodies.

        An axiom rests on itself. What unsafe constants rest on is not followed, see ``is_safe``.
        Raises KeyError if no module defines the constant.
        """
        if name not in self._names:
            raise KeyError(text(name))
        return self._forbidden.get(name, frozenset())

    def is_safe(self, name: Name) -> bool:
        """Whether a proof may rest on it: whether it is neither unsafe nor partial.

        Raises KeyError if no module defines the constant.
        """
        if name not in self._names:
            raise KeyError(text(name))
        return name not in self._unsafe

    def olean(self, module: str) -> Olean:
        """A module, read anew. Raises LibraryError."""
        name = parse(module)
        return self._olean(name, self._parts(name))

    def _ordered(self, modules: Sequence[Name], hashed: Callable[[bytes], None]) -> list[Name]:
        """Index all modules; each comes after those it imports."""
        imports: dict[Name, Sequence[Name]] = {}
        ordered: dict[Name, None] = {}
        stack = list(modules[::-1])
        while stack:
            module = stack.pop()
            if module in imports:
                ordered.setdefault(module)
                continue
            parts = self._parts(module)
            hashed(f"{text(module)} {[len(part) for part in parts]}\n".encode())
            for part in parts:
                hashed(part)
            imports[module] = self._index(module, parts)
            stack += [module, *(each for each in imports[module][::-1] if each not in imports)]
        place = {module: index for index, module in enumerate(ordered)}
        for module in ordered:
            if any(place[each] >= place[module] for each in imports[module]):
                raise LibraryError(f"{text(module)} imports itself: compile it anew")
        return list(ordered)

    def _places(self, module: Name) -> list[Path]:
        """The files of a module, none where no folder has it."""
        place = Path(*map(str, module))
        for folder in self._folders:
            files = [folder / f"{place}{suffix}" for suffix in _PARTS]
            # Where it is looked for counts as well: what comes to be there would come first.
            for file in map(str, files):
                if file not in self.stamps:
                    self.stamps[file] = stamp(file)
            if files[0].is_file():
                return [file for file in files if file.is_file()]
        return []

    def _parts(self, module: Name) -> list[bytes]:
        """The content of a module's files."""
        try:
            if files := self._places(module):
                return [file.read_bytes() for file in files]
        except OSError as error:
            raise LibraryError(f"{text(module)} cannot be read: {error}") from error
        where = ", ".join(map(str, self._folders)) or "no folder at all"
        raise LibraryError(
            f"there is no compiled module {text(module)} in {where}: build it, or add the folder "
            "that has it to the header's path"
        )

    def _olean(self, module: Name, parts: Sequence[bytes]) -> Olean:
        try:
            return Olean(parts, steps=_STEPS, releases=self.releases)
        except OleanError as error:
            raise _unreadable(module, error) from error

    def _index(self, module: Name, parts: Sequence[bytes]) -> Sequence[Name]:
        """Take in what a module defines; the modules it imports."""
        olean = self._olean(module, parts)
        self._names.update(olean.names)
        try:
            for name in olean.names:
                if olean.safety(name) is not Safety.SAFE:
                    self._unsafe.add(name)
                if olean.kind(name) is Kind.AXIOM and name not in self.allowed:
                    self._forbidden[name] = frozenset((name,))
        except OleanError as error:
            raise _unreadable(module, error) from error
        return [each.module for each in olean.imports]

    def _follow(self, modules: Sequence[Name]) -> None:
        """Find what rests on forbidden axioms. Safe constants never mention unsafe ones."""
        words = {name: _words(name) for name in self._forbidden.keys() - self._unsafe}
        for module in modules if words else ():
            parts = self._parts(module)
            here = {word for part in parts for word in _STRING.findall(part)}
            if any(needed <= here for needed in words.values()):
                for name in self._spread(module, parts):
                    words[name] = _words(name)

    def _spread(self, module: Name, parts: Sequence[bytes]) -> set[Name]:
        """Find what rests on forbidden axioms in a module, where what it imports is known."""
        olean = self._olean(module, parts)
        users: defaultdict[Name, list[Name]] = defaultdict(list)
        try:
            for name in olean.names:
                if name not in self._unsafe:
                    for used in olean.references(name):
                        users[used].append(name)
        except OleanError as error:
            raise _unreadable(module, error) from error
        found: set[Name] = set()
        waiting = [name for name in users if name in self._forbidden]
        while waiting:
            used = waiting.pop()
            for name in users[used]:
                known = self._forbidden.get(name, frozenset())
                now = known | self._forbidden[used]
                if now != known:
                    self._forbidden[name] = now
                    found.add(name)
                    waiting.append(name)
        return found


def _unreadable(module: Name, error: OleanError) -> LibraryError:
    return LibraryError(
        f"the compiled module {text(module)} cannot be read: {error}. It must be one that the "
        "header's own toolchain has compiled, of a release that is known here"
    )


def _words(name: Name) -> frozenset[bytes]:
    """What of a name is in the bytes of every module that mentions it, as ``_STRING`` finds it."""
    return frozenset(part.encode().split(b"\0")[0] for part in name if isinstance(part, str))
