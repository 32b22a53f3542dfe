"""Rate limits, as the processor documents them; off until a test turns them on.

A token bucket for the account and one per endpoint (a named operation such as
``POST /v1/payment_intents``), and a limit on requests that run at the same time.
Real time: they limit real traffic.
"""

import threading
import time
from contextlib import contextmanager

from .errors import ApiError, invalid

#: Requests per second in test mode, for all endpoints together and for each.
GLOBAL, PER_ENDPOINT = 25, 25
OFF = {"on": False, "per_second": GLOBAL, "endpoint_per_second": PER_ENDPOINT}
OFF["concurrency"] = 0


class Bucket:
    """A token bucket that holds one second's worth of requests.

    :param rate: requests per second
    :param clock: function that returns seconds

    >>> now = [0.0]
    >>> bucket = Bucket(2, lambda: now[0])
    >>> [bucket.take() for _request in range(3)]
    [True, True, False]
    >>> now[0] = 0.5
    >>> bucket.take(), bucket.take()
    (True, False)
    """

    def __init__(self, rate, clock=time.monotonic):
        self.rate, self._clock = rate, clock
        self._tokens, self._last = float(rate), clock()

    def take(self):
        """Take a token, or return False when there is none."""
        now = self._clock()
        grown = self._tokens + (now - self._last) * self.rate
        self._tokens, self._last = min(float(self.rate), grown), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Limits:
    """The limits of one sandbox."""

    def __init__(self):
        self._lock = threading.Lock()
        self.configure({"on": False})

    def configure(self, wanted):
        """Turn the limits on or off; return what holds now.

        :param wanted: ``{on, per_second, endpoint_per_second, concurrency}``; the
            last is the number of requests that may run at once, 0 for any number
        """
        rules = {**OFF, "on": True, **wanted}
        for name, value in rules.items():
            if name not in OFF or type(value) is not type(OFF[name]):
                raise invalid(f"Not understood: {name}={value!r}", name)
            if name.endswith("second") and value < 1:
                raise invalid(f"{name} must be 1 or more.", name)
        with self._lock:
            self.rules, self.refused = rules, 0
            self._global, self._endpoints = Bucket(rules["per_second"]), {}
            self._running = 0
        return self.state()

    def state(self):
        """Return the rules and how many requests they refused."""
        return {**self.rules, "refused": self.refused}

    @contextmanager
    def admitted(self, endpoint, headers):
        """Let a request run, or raise the 429; ``headers`` tells the reason."""
        with self._lock:
            reason = self._reason(endpoint) if self.rules["on"] else None
            if reason:
                self.refused += 1
            else:
                self._running += 1
        if reason:
            headers["Stripe-Rate-Limited-Reason"] = reason
            raise ApiError(
                429,
                "Request rate limit exceeded. Learn more about rate limits here "
                "https://docs.stripe.com/rate-limits.",
                code="rate_limit",
            )
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1

    def _reason(self, endpoint):
        concurrency = self.rules["concurrency"]
        if concurrency and self._running >= concurrency:
            return "global-concurrency"
        if not self._global.take():
            return "global-rate"
        if endpoint not in self._endpoints:
            self._endpoints[endpoint] = Bucket(self.rules["endpoint_per_second"])
        return None if self._endpoints[endpoint].take() else "endpoint-rate"
