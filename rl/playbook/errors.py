"""What ends a playbook's command early; each message says what to do."""

from assayoffice.rl.training.errors import TrainingError


class NoEvidenceError(TrainingError):
    """The gate has not said that this may be scaled."""


class NothingKeptError(TrainingError):
    """There is nothing to train on: no problem of a domain came through."""
