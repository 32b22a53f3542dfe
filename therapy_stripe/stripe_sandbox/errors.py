"""Errors in the processor's envelope ``{"error": {...}}``."""


class ApiError(Exception):
    """An answer that is not 2xx.

    :param status: HTTP status
    :param message: text for a human
    :param type: ``invalid_request_error``, ``card_error``, ``idempotency_error``
        or ``api_error``
    :param stored: whether an idempotency key keeps this answer. A request whose
        parameters were refused never started to execute, so its key stays free;
        a declined card or a wrong state is the result of an execution.
    :param fields: further keys of the error object (code, param, decline_code...)
    """

    def __init__(
        self, status, message, type="invalid_request_error", stored=False, **fields
    ):
        super().__init__(message)
        self.status = status
        self.stored = stored
        self.error = {"message": message, "type": type}
        self.error.update({k: v for k, v in fields.items() if v is not None})

    def body(self):
        """Return the envelope as a dict ready for JSON."""
        return {"error": self.error}


def invalid(message, param=None, code=None):
    """A parameter was refused: 400, nothing executed, key not used up."""
    return ApiError(400, message, param=param, code=code)


def unexpected_state(message, code, stored=True, **fields):
    """The request was understood but the object is in the wrong state: 400."""
    return ApiError(400, message, code=code, stored=stored, **fields)


def not_found(kind, object_id, param="id", status=404):
    """No such object: 404 in the path, 400 when a parameter names it."""
    return ApiError(
        status, f"No such {kind}: '{object_id}'", code="resource_missing", param=param
    )


class Dropped(ConnectionAbortedError):
    """Raised to close the connection without an answer (fault injection)."""
