"""Faults on order: what goes wrong, where, and how often."""

import re
import threading

from .errors import invalid

ACTIONS = (
    "drop_before",
    "drop_after",
    "status",
    "delay",
    "truncate_body",
    "bad_json",
)
MATCH_KEYS = {"method", "path_regex", "nth", "key"}


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
            ``times`` how many do (default 1), ``key`` the idempotency key.
        """
        match = spec.get("match") or {}
        if spec.get("do") not in ACTIONS or set(match) - MATCH_KEYS:
            raise invalid(f"Unknown fault: {spec}")
        fault = {
            "do": spec["do"],
            "match": match,
            "times": int(spec.get("times", 1)),
            "seen": 0,
            "hits": 0,
            **{
                name: spec[name]
                for name in (
                    "status",
                    "processed",
                    "seconds",
                    "code",
                    "message",
                    "type",
                    "headers",
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
