"""What ends a playbook's command early; each message says what to do."""

from assayoffice.rl.training.errors import TrainingError


class NoEvidenceError(TrainingError):
    """The gate has not said that this may be scaled."""
