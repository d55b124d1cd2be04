"""What keeps answers from being sampled; each message says what to do.

::

    SamplingError
    ├── UnusableModelError   no such folder, or none that holds a model
    ├── MissingEngineError   vLLM or Ray is not installed here
    ├── ChangedAnswersError  the file holds answers to another request, model or problems
    ├── AnswersInUseError    another run is writing the file
    └── EngineError          the process of the engine failed; ends with what its log says

An endpoint that answers nobody raises ``rl/endpoints/errors.EndpointUnavailableError``.
"""

from assayoffice.rl.errors import AssayError


class SamplingError(AssayError):
    """Answers cannot be sampled; what is in the file already stays there."""


class UnusableModelError(SamplingError):
    """There is no model where one is said to be."""


class MissingEngineError(SamplingError):
    """What samples is not installed; the message says how to install it."""


class ChangedAnswersError(SamplingError):
    """The file was begun with something else than it is asked to go on with."""


class AnswersInUseError(SamplingError):
    """Another run is writing the file."""


class EngineError(SamplingError):
    """The engine's process failed; the message ends with the last lines of its log."""
