"""Runs inside sandboxes: standard library only, and no import of anything of ours.

The modules import each other for those who read and check them. In a sandbox there are no modules
of ours: their texts are joined to one program, without these imports.
"""

import functools
import importlib.util
import json
import marshal
import re
from collections.abc import Mapping
from importlib.resources import files

_IMPORT_OF_OURS = re.compile(r"^from assayoffice\.[^(\n]*(?:\([^)]*\))?\n", re.MULTILINE)

#: Runs what ``data`` holds. Compiling it anew each time would cost more than most runs.
LOADER = b"""
import marshal, os, _frozen_importlib_external as importing
known = os.pread(3, 4, 0) == importing.MAGIC_NUMBER
code_bytes, text_bytes = int.from_bytes(os.pread(3, 4, 4)), int.from_bytes(os.pread(3, 4, 8))
os.lseek(3, 12 + code_bytes + text_bytes, os.SEEK_SET)
if known:
    exec(marshal.loads(os.pread(3, code_bytes, 12)))
else:
    exec(os.pread(3, text_bytes, 12 + code_bytes))
"""


def data(*names: str, order: Mapping[str, object]) -> bytes:
    """The modules of these names, which end by calling ``main``, and what that is to read.

    They come as a program and as text, for interpreters that cannot run what this one compiles.
    """
    return _compiled(names) + json.dumps(order).encode()


def text(name: str) -> str:
    """The text of a module."""
    return files(__name__).joinpath(f"{name}.py").read_text("utf-8")


@functools.cache
def _compiled(names: tuple[str, ...]) -> bytes:
    whole = "\n".join(_IMPORT_OF_OURS.sub("", text(name)) for name in names) + "\nmain()\n"
    code = marshal.dumps(compile(whole, "harness.py", "exec", dont_inherit=True, optimize=2))
    lengths = len(code).to_bytes(4, "big") + len(whole.encode()).to_bytes(4, "big")
    return importlib.util.MAGIC_NUMBER + lengths + code + whole.encode()
