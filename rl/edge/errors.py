"""What keeps problems from being filtered; each message says what to do."""

from assayoffice.rl.errors import AssayError


class EdgeError(AssayError):
    """What is asked for cannot be done: no problems, or a band that no sample can lie in."""


class UnservedVerifierError(EdgeError):
    """The service does not judge what rows want judged, so that sampling would be in vain."""
