"""What travels between the service and its workers.

A job is one byte that says what to do, and what to do it with; a reply is one byte that says what
came of it, and that. The service itself never reads a task and never imports a verifier.
"""

import enum

DIGEST_BYTES = 32


class Operation(enum.Enum):
    """First byte of a job, and what follows it."""

    #: The digest of the hallmark that is to judge, and a serialized Submission, to be judged beside
    #: others: Effort.QUICK.
    QUICK = b"Q"
    #: The same, to be judged by itself: Effort.FULL.
    FULL = b"F"
    #: Nothing. Answered with a serialized ListVerifiersResponse, states of loaded ones unset.
    DESCRIBE = b"D"
    #: The name of a verifier. Answered with JSON lines, see ``Judge``.
    CASES = b"C"


class Tag(enum.Enum):
    """First byte of the reply to QUICK and FULL, and what follows it."""

    #: A serialized Verdict without hallmark and timing.
    VERDICT = b"V"
    #: A serialized google.rpc.Status: no verdict, and never one, by a fact about the task.
    ERROR = b"E"
    #: The same, but for a reason that may have passed when it is asked again.
    TROUBLE = b"T"
    #: To be judged again with FULL: what follows the operation, or nothing where it is the same.
    #: Works that ask for the same are one work from here on.
    NEEDS_FULL = b"F"
