"""Signed delivery of events to webhook endpoints, with retries.

The connection is made with ``http.client``: it knows no proxies, follows no
redirects, and only loopback addresses were accepted as endpoints.
"""

import hashlib
import hmac
import http.client
import json
import logging
import random
import threading
import time
from urllib.parse import urlsplit

from . import versions
from .validation import check_object
from .wire import public

_logger = logging.getLogger(__name__)

#: Virtual seconds before the second, third and fourth attempt. In test mode the
#: processor tries again three times over a few hours.
RETRY_DELAYS = (10, 600, 7200)
TIMEOUT = 20
WORKERS = 2
LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "::1"}


def is_loopback_url(url):
    """Tell whether ``url`` is plain http to this machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS


def body_of(event, endpoint):
    """Return the bytes of the event's payload, in the endpoint's version."""
    payload = public(event)
    check_object(payload)
    if versions.is_old(endpoint["api_version"]):
        payload["api_version"] = versions.OLD
        payload["data"]["object"] = event.get("_old", payload["data"]["object"])
    return json.dumps(payload, indent=2).encode()


def signature(body, secrets, timestamp):
    """Return the ``Stripe-Signature`` header: ``t=...,v1=...`` per secret.

    ``v1`` is HMAC-SHA256 over ``<t>.<raw body>`` with the endpoint's secret.
    """
    parts = [f"t={timestamp}"]
    for secret in secrets:
        signed = f"{timestamp}.".encode() + body
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        parts.append(f"v1={digest}")
    return ",".join(parts)


def signed_request(store, event, endpoint):
    """Return ``(body bytes, headers)`` of one delivery, signed now.

    The time stamp is the wall clock's: the receiver compares it with its own
    clock, which does not follow the virtual one.
    """
    now = int(time.time())
    if store.deliver["wrong_secret"]:
        body = body_of(event, endpoint)
        return body, _headers(body, ["whsec_not_the_endpoints"], now)
    live = [
        entry["secret"]
        for entry in endpoint["_secrets"]
        if entry["expires"] is None or entry["expires"] > now
    ]
    body = body_of(event, endpoint)
    return body, _headers(body, live, now)


def _headers(body, secrets, now):
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (sandbox)",
        "Stripe-Signature": signature(body, secrets, now),
    }


def send(url, body, headers):
    """POST the bytes and return the HTTP status, or None without an answer."""
    if not is_loopback_url(url):
        raise ValueError(f"not a loopback address: {url}")
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname, parts.port or 80, timeout=TIMEOUT
    )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class Deliverer:
    """Background threads that send what is due."""

    def __init__(self, store, run_jobs):
        self.store = store
        self._run_jobs = run_jobs
        self._stop = threading.Event()
        self._threads = []

    def start(self):
        """Start the threads."""
        for number in range(WORKERS):
            thread = threading.Thread(
                target=self._loop, name=f"delivery-{number}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def stop(self):
        """Stop them; what was not sent stays in the state."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=TIMEOUT + 1)

    def _loop(self):
        while not self._stop.wait(0.05):
            try:
                self._run_jobs()
                while self.send_next():
                    pass
            except Exception:
                _logger.exception("delivery failed")

    def send_next(self):
        """Send one due delivery. Return False when nothing is due."""
        with self.store.lock:
            delivery = self._claim()
        if delivery is None:
            return False
        self.attempt(delivery)
        return True

    def _claim(self):
        now = time.time() + self.store.offset
        due = (
            delivery
            for delivery in self.store.open_deliveries.values()
            if delivery["status"] == "pending" and delivery["due"] <= now
        )
        if self.store.deliver["reorder"]:
            waiting = list(due)
            delivery = random.choice(waiting) if waiting else None
        else:
            delivery = next(due, None)
        if delivery:
            delivery["status"] = "sending"
        return delivery

    def attempt(self, delivery, copies=None):
        """Send one delivery (as often as the mode says) and note the result.

        :return: the HTTP status of the last copy, None when nothing answered
        """
        with self.store.lock:
            event = self.store.tables["event"].get(delivery["event"])
            endpoint = self.store.tables["webhook_endpoint"].get(delivery["endpoint"])
            if event is None or endpoint is None or endpoint["status"] != "enabled":
                self._close(delivery, "failed")
                return None
            body, headers = signed_request(self.store, event, endpoint)
            url = endpoint["url"]
            copies = copies or self.store.deliver["duplicate"]
        status = None
        for _copy in range(copies):
            status = send(url, body, headers)
        with self.store.lock:
            self._note(delivery, event, status)
        return status

    def _note(self, delivery, event, status):
        delivery["attempts"] += 1
        delivery["last_status"] = status
        if status is not None and 200 <= status < 300:
            self._close(delivery, "delivered")
            event["pending_webhooks"] -= 1
        elif delivery["attempts"] > len(RETRY_DELAYS):
            self._close(delivery, "failed")
        else:
            delivery["status"] = "pending"
            delay = RETRY_DELAYS[delivery["attempts"] - 1]
            delivery["due"] = self.store.now() + delay
        self.store.dirty.set()

    def _close(self, delivery, status):
        delivery["status"] = status
        self.store.open_deliveries.pop(delivery["id"], None)
