"""What keeps answers from being judged; each message says what to do."""

from assayoffice.rl.errors import AssayError


class JudgingError(AssayError):
    """Answers cannot be judged; what was found out so far is in the journal and stays true."""


class ChangedJudgementsError(JudgingError):
    """The journal is of other answers, problems or verifiers than it is asked to go on with."""


class JudgementsInUseError(JudgingError):
    """Another run is writing the journal."""
