"""Faults on order: what goes wrong, where, and how often."""

import random
import re
import socket
import threading

from .errors import ApiError, Dropped, invalid

ACTIONS = (
    "drop_before",
    "drop_after",
    "status",
    "delay",
    "truncate_body",
    "bad_json",
    "lock_timeout",
)
MATCH_KEYS = {"method", "path_regex", "nth", "key"}


LOCK_TIMEOUT = {
    "code": "lock_timeout",
    "message": (
        "This object cannot be accessed right now because another API request or "
        "Stripe process is currently accessing it. If you see this error "
        "intermittently, retry the request."
    ),
}


class Faults:
    """The list of faults that wait for a matching API request."""

    def __init__(self):
        self._lock = threading.Lock()
        self.items = []

    def add(self, spec):
        """Add one fault and return it.

        :param spec: ``{match: {method, path_regex, nth, key}, do, times}`` and for
            ``status``: ``status`` (int), ``processed`` (execute first; default
            false), ``code``, ``message``, ``type``; for ``delay``: ``seconds``.
            ``nth`` is the first matching request that suffers (1 is the next one),
            ``times`` how many do (default 1), ``key`` the idempotency key. ``share``
            is the part of them that does, from 0 to 1, drawn with ``seed``.
            ``lock_timeout`` is the 429 for an object that another request holds.
        """
        if spec.get("do") == "lock_timeout":
            spec = {**spec, "do": "status", "status": 429, **LOCK_TIMEOUT}
        match = spec.get("match") or {}
        if spec.get("do") not in ACTIONS or set(match) - MATCH_KEYS:
            raise invalid(f"Unknown fault: {spec}")
        fault = {
            "do": spec["do"],
            "match": match,
            "times": int(spec.get("times", 1)),
            "seen": 0,
            "hits": 0,
            "share": float(spec.get("share", 1)),
            "_draw": random.Random(spec.get("seed", 0)).random,
            **{
                name: spec[name]
                for name in (
                    "status",
                    "processed",
                    "seconds",
                    "code",
                    "message",
                    "type",
                )
                if name in spec
            },
        }
        with self._lock:
            self.items.append(fault)
        return fault

    def clear(self):
        """Forget all faults."""
        with self._lock:
            self.items = []

    def take(self, method, path, key):
        """Return the first fault due for this request, or None."""
        with self._lock:
            for fault in self.items:
                if fault["hits"] >= fault["times"] or not _fits(
                    fault["match"], method, path, key
                ):
                    continue
                fault["seen"] += 1
                if fault["share"] < 1 and fault["_draw"]() >= fault["share"]:
                    continue
                if fault["seen"] >= int(fault["match"].get("nth", 1)):
                    fault["hits"] += 1
                    return fault
        return None


def _fits(match, method, path, key):
    return (
        match.get("method", method).upper() == method
        and re.search(match.get("path_regex", ""), path) is not None
        and match.get("key", key) == key
    )


def strike_before(request, fault):
    """Faults that strike before the request is looked at."""
    if fault.get("do") == "drop_before":
        _drop(request)
    unprocessed = fault.get("do") == "status" and not fault.get("processed")
    # A 500 belongs to an execution, so it goes through the idempotency key.
    if unprocessed and int(fault["status"]) != 500:
        status, body = answer_of(fault)
        error = ApiError(status, "")
        error.error = body["error"]
        raise error


def strike_after(request, response, do):
    """Faults that strike the finished answer, in place."""
    text = response.get_data()
    if do == "drop_after":
        _drop(request)
    if do == "truncate_body":
        response.automatically_set_content_length = False
        response.set_data(text[: len(text) // 2])
        response.headers["Content-Length"] = str(len(text))
    if do == "bad_json":
        response.set_data("<html><body>Bad gateway</body></html>")


def answer_of(fault):
    """Return ``(status, body)`` that a ``status`` fault puts in the answer's place."""
    status = int(fault["status"])
    code = fault.get("code", {429: "rate_limit", 409: "lock_timeout"}.get(status))
    kind = "invalid_request_error" if status in (409, 429) else "api_error"
    error = {
        "message": fault.get("message", f"Fault injected by the sandbox ({status})."),
        "type": fault.get("type", kind),
    }
    if code:
        error["code"] = code
    return status, {"error": error}


def _drop(request):
    """Close the connection without an answer."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise Dropped("dropped on order")
