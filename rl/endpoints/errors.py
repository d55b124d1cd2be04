"""How asking a model fails."""

from assayoffice.rl.errors import AssayError


class EndpointError(AssayError):
    """This request got no answer that can be used; another one may."""


class EndpointUnavailableError(EndpointError):
    """No request gets an answer: nobody is there, or nobody will answer us."""


class RefusedRequestError(EndpointError):
    """The endpoint will not answer this request (HTTP 4xx), whenever it is made."""


class NoCompletionError(EndpointError):
    """What was answered is no completion, though the endpoint says that all is well."""
