"""Runs inside sandboxes: standard library only, and no import of anything of ours.

The modules import each other for those who read and check them. In a sandbox there are no modules
of ours: their texts are joined to one program, without these imports.
"""

import functools
import importlib.util
import marshal
import re
from importlib.resources import files

_IMPORT_OF_OURS = re.compile(r"^from assayoffice\.[^(\n]*(?:\([^)]*\))?\n", re.MULTILINE)


@functools.cache
def program(*names: str) -> bytes:
    """The modules of these names as one program, which ends by calling its ``main``.

    It brings along what it compiles to, for interpreters like this one: compiling costs more than
    most runs.
    """
    texts = (files(__name__).joinpath(f"{name}.py").read_text("utf-8") for name in names)
    text = "\n".join(_IMPORT_OF_OURS.sub("", text) for text in texts) + "\nmain()\n"
    code = marshal.dumps(compile(text, "harness.py", "exec", dont_inherit=True, optimize=2))
    return (
        "import marshal, _frozen_importlib_external as loader\n"
        f"known = loader.MAGIC_NUMBER == {importlib.util.MAGIC_NUMBER!r}\n"
        f"exec(marshal.loads({code!r}) if known else {text!r})\n"
    ).encode()
