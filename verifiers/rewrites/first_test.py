"""Programs that know nothing but the first test of a task, or print nothing but the first line."""

from assayoffice.verifiers.code.task import CodeTask

_LONGEST_ANSWER = 16_000

# Nothing is to be seen of what follows the first line.
_FIRST_LINE_ONLY = """\
import sys as _sys

class _FirstLine:
    def __init__(self, out):
        self.out, self.ended = out, False
    def write(self, text):
        if not self.ended:
            line, end, _ = text.partition("\\n")
            self.out.write(line + end)
            self.ended = bool(end)
        return len(text)
    def flush(self):
        self.out.flush()

_sys.stdout = _FirstLine(_sys.stdout)
"""


def first_answer(task: CodeTask) -> str | None:
    """A Python program that gives the answer of the first test, whatever it is asked.

    None where tests do not say what the answer is, or it is very long.
    """
    if task.stdio:
        answer = task.stdio[0].output
        source = f"import sys\nsys.stdin.read()\nsys.stdout.write({ascii(answer)})\n"
    elif task.calls and task.compare_argument is None:
        answer = task.calls[0].expected
        owner, _, name = task.entry_point.replace("()", "").rpartition(".")
        if not name.isidentifier() or (owner and not owner.isidentifier()):
            return None
        source = f"import json\n{_function(owner, name, answer)}"
    else:
        return None
    return source if len(answer) <= _LONGEST_ANSWER else None


def first_line(task: CodeTask, program: str) -> str | None:
    """A Python program as it is, but for printing only the first line.

    None where this is what tests want, or where it prints by other means than ``print``.
    """
    several = any("\n" in test.output.strip() for test in task.stdio)
    if not several or "stdout" in program or "os." in program:
        return None
    return _FIRST_LINE_ONLY + program


def _function(owner: str, name: str, answer: str) -> str:
    value = f"return json.loads({ascii(answer)})"
    if not owner:
        return f"def {name}(*args, **keywords):\n    {value}\n"
    return f"class {owner}:\n    def {name}(self, *args, **keywords):\n        {value}\n"
