"""The reference of a task: read once, and found fit to judge by."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from assayoffice.verifiers.base import Effort, UnscorableReferenceError
from assayoffice.verifiers.numeric.compare import compare
from assayoffice.verifiers.numeric.expression import (
    Interval,
    Node,
    Sequence,
    SetOperation,
    Text,
    contains,
)
from assayoffice.verifiers.numeric.finding import NotScalarError, UndefinedError
from assayoffice.verifiers.numeric.limits import TooLargeError
from assayoffice.verifiers.numeric.parser import UnreadableError, parse
from assayoffice.verifiers.numeric.render import render
from assayoffice.verifiers.numeric.scalars import Setting
from assayoffice.verifiers.numeric.task import NumericTask, check_options
from assayoffice.verifiers.numeric.wording import words

#: References that are kept parsed. A batch of a trainer repeats each several times.
_REMEMBERED: Final = 4096
#: Longer ones are read again each time, so that what is kept stays small.
_REMEMBERED_CHARACTERS: Final = 500
#: Where a bracket opens a tuple, interval or set, commas separate.
_BRACKETED: Final = re.compile(r"(?:^|=|\\in|\\cup)\s*(?:\\left|\\[bB]ig+l?)?\s*(?:[(\[]|\\\{)")
#: Nothing but words.
_WORDED: Final = re.compile(r"\s*\\(?:text|mathrm|textbf|mbox)\s?\{[^{}0-9]*\}\s*")


@dataclass(frozen=True, slots=True)
class Reference:
    """What an answer is compared with, in every way it can be taken."""

    node: Node
    #: What it means if "12,345" in it is not one number but two, where that is another thing.
    alternative: Node | None
    #: Whether it has several parts, between which a comma separates.
    several: bool
    shown: str
    #: What it says if it is text, else nothing.
    words: str
    #: The letter if it may be that of an option, else nothing.
    letter: str


def reference_of(task: NumericTask) -> Reference:
    """The reference of ``task``.

    Raises InvalidTaskError for options that contradict each other, and UnscorableReferenceError for
    a reference that cannot be read, has no value, is too large or is not equal to itself.
    """
    if len(task.reference) > _REMEMBERED_CHARACTERS:
        return _checked(task)
    return _remembered(task)


def _checked(task: NumericTask) -> Reference:
    check_options(task)
    try:
        reference = _read(task.reference)
    except UnreadableError as error:
        raise _unscorable(f"cannot be read without loss: {error}") from None
    except TooLargeError as error:
        raise _too_large(error) from None
    try:
        setting = Setting.of(task, task.reference, Effort.QUICK)
        finding = compare(reference.node, reference.node, setting)
    except TooLargeError as error:
        raise _too_large(error) from None
    except UndefinedError:
        raise _unscorable("has no value; it divides by zero or the like") from None
    except NotScalarError:
        return reference  # Only an answer written like it can be told to be equal.
    if finding.different:
        raise _unscorable(f"is not equal to itself under the task's options ({finding.reason})")
    return reference


_remembered = lru_cache(_REMEMBERED)(_checked)


def _read(text: str) -> Reference:
    node = parse(text, thousands=not _BRACKETED.search(text))
    alternative = parse(text, thousands=False)
    said = words(text)
    may_be_option = len(said) == 1 and said.isalpha() and said.upper() in text
    return Reference(
        node,
        alternative if isinstance(alternative, Sequence) and alternative != node else None,
        contains(node, Sequence, Interval, SetOperation),
        render(node),
        words=said if isinstance(node, Text) or _WORDED.fullmatch(text) else "",
        letter=said.upper() if may_be_option and said.isascii() else "",
    )


def _too_large(error: TooLargeError) -> UnscorableReferenceError:
    return _unscorable(f"is too large to judge against ({error.reason})")


def _unscorable(problem: str) -> UnscorableReferenceError:
    return UnscorableReferenceError(
        f"task.reference {problem}; write it in plain LaTeX, or as words inside \\text{{}}",
        field="reference",
    )
