"""What travels between the service and its workers.

A job is one byte that says what to do, and what to do it with; a reply is one byte that says what
came of it, and that. The service itself never reads a task and never imports a verifier.

What is to be judged, the body of QUICK and FULL, begins with a byte of its own: its subject. The
engine hands bodies on as they are and knows nothing of subjects.
"""

import enum

DIGEST_BYTES = 32


class Operation(enum.Enum):
    """First byte of a job, and what follows it."""

    #: A subject, to be judged beside others: Effort.QUICK.
    QUICK = b"Q"
    #: The same, to be judged by itself: Effort.FULL.
    FULL = b"F"
    #: Nothing. Answered with a serialized ListVerifiersResponse, states of loaded ones unset.
    DESCRIBE = b"D"
    #: The name of a verifier. Answered with JSON lines, see ``Judge``.
    CASES = b"C"
    #: Nothing. Answered with the digest of what checks rewrites, in DIGEST_BYTES.
    CHECKS = b"X"
    #: Nothing. Answered with the digest of what groups responses, in DIGEST_BYTES.
    GROUPING = b"G"


class Subject(enum.Enum):
    """First byte of what is judged, and what follows it.

    The digest says what is to judge: workers started later load what is on disk then, and refuse
    what was meant for something else.
    """

    #: The digest of a hallmark, and a serialized Submission.
    SUBMISSION = b"S"
    #: The digest of what checks rewrites of a verifier, and a serialized Rewrite whose verifier is
    #: to be tried. Answered with ``replies.Examined``.
    EXAMINE = b"E"
    #: The digest of what checks rewrites, and serialized Premises. Answered with
    #: ``replies.Decided``.
    PREMISES = b"P"
    #: The same, and a serialized ExecutableKey. Answered with ``replies.KeyRan``.
    KEY = b"K"
    #: The digest of what groups responses for a verifier, and a serialized ResponseSet. Answered
    #: with ``grouping.replies.Grouped``.
    GROUP = b"G"


class Tag(enum.Enum):
    """First byte of the reply to QUICK and FULL, and what follows it."""

    #: What the subject is answered with: a submission with a serialized Verdict, without hallmark
    #: and timing.
    ANSWER = b"A"
    #: A serialized google.rpc.Status: no answer, and never one, by a fact about the task.
    ERROR = b"E"
    #: The same, but for a reason that may have passed when it is asked again.
    TROUBLE = b"T"
    #: To be judged again with FULL: what follows the operation, or nothing where it is the same.
    #: Works that ask for the same are one work from here on.
    NEEDS_FULL = b"F"
