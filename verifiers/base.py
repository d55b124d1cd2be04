"""What a verifier is given, what it answers, and what it may raise.

A **verdict** is a fact about the submission. Trouble of ours (a dead worker, a missing tool, a
reference that cannot be read) is not a verdict: it is raised, reaches the caller as an error
without a score, and is never a zero. The errors a verifier may raise::

    VerifierError
    ├── UnscorableReferenceError   the task's reference cannot be judged against
    ├── InvalidTaskError           the task's fields contradict each other
    ├── VerifierUnavailableError   this host lacks what the verifier needs
    ├── SandboxFailedError         a program's run was lost through no fault of the program
    └── NeedsFullEffort            not an error: "ask me again where I may take my time"

Anything else that escapes from ``verify`` is a defect of the verifier and is reported as such.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

TaskT_co = TypeVar("TaskT_co", covariant=True)
TaskT_contra = TypeVar("TaskT_contra", contravariant=True)


class Outcome(enum.Enum):
    """The four facts a verdict can state. There is no fifth for "something went wrong"."""

    CORRECT = "CORRECT"
    INCORRECT = "INCORRECT"
    #: Nothing could be extracted, or what was extracted is not an answer that can be read.
    NO_ANSWER = "NO_ANSWER"
    #: The submission itself used up its time, memory, process or output allowance.
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"


class Effort(enum.Enum):
    """How much work a call of ``verify`` may do.

    QUICK calls share a worker with other submissions and should end within milliseconds; work of
    unknown cost belongs to a FULL call, which runs alone under the verifier's own limits.
    """

    QUICK = "QUICK"
    FULL = "FULL"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one part of a verdict: a test of a program, a sub-answer, an audit step."""

    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A fact about a submission.

    ``score`` lies in [0, 1]; only CORRECT may reach 1, and NO_ANSWER and LIMIT_EXCEEDED are 0.
    ``reason`` is a stable upper-case code for machines, ``explanation`` a sentence for people.
    ``method`` names the tier or mode that decided. ``flags`` list conventions that were applied
    (``PERCENT_ASSUMED``, ``UNIT_IGNORED``, ...), sorted. ``integrity`` says how far the judgement
    was kept from what it judged, or a proof was checked, where that varies.

    Raises ValueError when outcome and score contradict each other.
    """

    outcome: Outcome
    score: float
    reason: str
    explanation: str = ""
    extracted: str = ""
    normalized_answer: str = ""
    normalized_reference: str = ""
    method: str = ""
    integrity: str = ""
    flags: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"score {self.score!r} is not in [0, 1]")
        if self.outcome is Outcome.CORRECT and self.score == 0.0:
            raise ValueError("a CORRECT verdict has a positive score")
        if self.outcome is Outcome.INCORRECT and self.score == 1.0:
            raise ValueError("an INCORRECT verdict has a score below 1")
        if self.outcome in (Outcome.NO_ANSWER, Outcome.LIMIT_EXCEEDED) and self.score != 0.0:
            raise ValueError(f"a {self.outcome.value} verdict scores 0")


@dataclass(frozen=True, slots=True)
class Submission(Generic[TaskT_co]):
    """What is judged: the model's response, the task it answers and, if known, the prompt.

    The prompt is only ever used to recognise an answer that repeats the question.
    """

    response: str
    task: TaskT_co
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one submission may use before it is stopped with LIMIT_EXCEEDED.

    CPU time is what is judged, because a busy machine must not turn slow answers into wrong ones.
    Wall time only catches work that waits for something that never comes; that is an error of
    ours, not a verdict. ``quick_cpu_seconds`` is where a QUICK call is stopped and repeated FULL.

    ``sandboxed`` verifiers run programs in sandboxes, whose limits are the task's: those here are
    for the judgement around them, which counts as waiting while a program runs. Their FULL calls
    get workers of their own, one per core.
    """

    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int
    quick_cpu_seconds: float
    sandboxed: bool = False


class VerifierError(Exception):
    """Base of what a verifier may raise; ``reason`` becomes the ErrorInfo reason on the wire.

    ``field`` is the path of the task's field that is to blame, e.g. ``reference``, where one is.
    """

    reason: ClassVar[str] = "VERIFIER_ERROR"
    #: True of the submission as long as the hallmark is the same, so that nobody need ask again.
    is_lasting: ClassVar[bool] = True

    def __init__(self, message: str = "", *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class UnscorableReferenceError(VerifierError):
    """The reference cannot be read without loss, or does not verify against itself."""

    reason = "UNSCORABLE_REFERENCE"


class InvalidTaskError(VerifierError):
    """The task's fields contradict each other; the message names the field and the remedy."""

    reason = "INVALID_TASK"


class VerifierUnavailableError(VerifierError):
    """This host lacks what the verifier needs; the message says what and how to get it."""

    reason = "VERIFIER_UNAVAILABLE"
    is_lasting = False


class SandboxFailedError(VerifierError):
    """A run was lost: its sandbox was killed from outside, the host is out of room. Ask again."""

    reason = "SANDBOX_FAILED"
    is_lasting = False


class NeedsFullEffort(VerifierError):
    """Raised by a QUICK call whose submission needs work of unknown cost.

    ``submission``, if given, is judged in place of the one that was asked about, and must get the
    same verdict. It is reduced to what matters, so that of many that say the same in other words
    only one is judged.
    """

    reason = "NEEDS_FULL_EFFORT"

    def __init__(self, submission: Submission[Any] | None = None) -> None:
        super().__init__()
        self.submission = submission


@runtime_checkable
class Verifier(Protocol[TaskT_contra]):
    """Judges one kind of task. One instance lives in each worker process; calls never overlap.

    Instances are made without arguments. ``verify`` must not keep state that changes verdicts: the
    same submission under the same hallmark gets the same verdict, byte for byte.
    """

    #: Registered name, which must match ``[a-z][a-z0-9_]{0,63}`` as submissions must; also the stem
    #: of the shipped ``cases/<name>.jsonl``.
    name: ClassVar[str]
    #: Raise it whenever a verdict may change.
    version: ClassVar[str]
    #: One line for ``ListVerifiers``.
    summary: ClassVar[str]
    #: Frozen dataclass or pydantic model of the task; its JSON schema is published.
    task_type: ClassVar[type]
    limits: ClassVar[Limits]
    #: Distributions whose version can change a verdict; they are part of the hallmark.
    decided_by: ClassVar[tuple[str, ...]]

    def verify(self, submission: Submission[TaskT_contra], effort: Effort) -> Verdict:
        """Judge a submission.

        Raises NeedsFullEffort (only when ``effort`` is QUICK) and the other VerifierErrors.
        """
        ...


@runtime_checkable
class UsesTools(Protocol):
    """What a verifier has as well if something outside of Python's packages decides with it."""

    def tools(self) -> Mapping[str, str]:
        """Programs and protections that this host offers, name -> version: parts of the hallmark.

        Asked once, when the verifier is loaded; nothing that it starts may outlive the call. Raises
        VerifierUnavailableError when what there is does not suffice.
        """
        ...


@runtime_checkable
class AdaptsCases(Protocol):
    """What a verifier has as well if it depends on the host which cases it can be asked."""

    def cases_here(self, shipped: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """The rows of ``cases/<name>.jsonl`` as this host can judge them, with ids of their own.

        So a row may become several, one for each installation that it is to be tried on. Raises
        VerifierUnavailableError when none can be judged.
        """
        ...


@runtime_checkable
class RunsPrograms(Protocol):
    """What a verifier has as well if it runs programs."""

    def languages(self) -> Sequence[str]:
        """Languages that this host has what it takes for, as its tasks name them.

        Asked as ``UsesTools.tools`` is.
        """
        ...
