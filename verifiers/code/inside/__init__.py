"""Runs inside sandboxes: standard library only, and no import of anything of ours.

The modules import each other for those who read and check them. In a sandbox there are no modules
of ours: their texts are joined to one program, without these imports.
"""

import functools
import re
from importlib.resources import files

_IMPORT_OF_OURS = re.compile(r"^from assayoffice\.[^(\n]*(?:\([^)]*\))?\n", re.MULTILINE)


@functools.cache
def program(*names: str) -> str:
    """The modules of these names as one program, which ends by calling its ``main``."""
    texts = (files(__name__).joinpath(f"{name}.py").read_text("utf-8") for name in names)
    return "\n".join(_IMPORT_OF_OURS.sub("", text) for text in texts) + "\nmain()\n"
