"""What ends a training run early; each message says what to do."""

from assayoffice.rl.errors import AssayError


class TrainingError(AssayError):
    """The run cannot go on."""


class ConfigError(TrainingError):
    """The configuration cannot be used; the message names the file, the key and the remedy."""


class MissingExtraError(TrainingError):
    """What trains is not installed; the message says how to install it."""


class ChangedRunError(TrainingError):
    """The run was begun from something else than it is asked to go on with."""


class ChildError(TrainingError):
    """A process of the run failed; the message ends with the last lines of its log."""
