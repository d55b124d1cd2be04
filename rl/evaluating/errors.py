"""What keeps a model from being evaluated, or evaluations from being compared."""

from assayoffice.rl.errors import AssayError


class EvaluationError(AssayError):
    """There is nothing to evaluate, or no evaluation to read; the message says what to do."""


class IncomparableError(EvaluationError):
    """Two evaluations do not measure the same; the message says in what they differ."""
