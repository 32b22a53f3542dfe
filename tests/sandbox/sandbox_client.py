"""Starts the sandbox as a user would and speaks plain HTTP to it."""

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import requests

ADDON = Path(__file__).resolve().parents[2] / "therapy_stripe"
SECRET = "sk_test_sandbox"
PUBLISHABLE = "pk_test_sandbox"


def start(*arguments):
    """Start ``python -m stripe_sandbox`` and return ``(process, url)``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "stripe_sandbox", *arguments],
        env={**os.environ, "PYTHONPATH": str(ADDON)},
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline().strip()
    assert line.startswith("stripe sandbox ready on http://127.0.0.1:"), line
    return process, line.rsplit(" ", 1)[1]


def stop(process):
    process.terminate()
    assert process.wait(timeout=30) == 0
    process.stdout.close()


class Api:
    """The API of one sandbox, as a server with a secret key sees it."""

    def __init__(self, url):
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method, path, data=None, key=None, headers=None, **kwargs):
        """Send one request and return the response, whatever its status."""
        headers = dict(headers or {})
        headers.setdefault("Authorization", f"Bearer {SECRET}")
        if key:
            headers["Idempotency-Key"] = key
        return self.session.request(
            method,
            f"{self.url}/v1/{path}",
            data=data,
            headers=headers,
            timeout=20,
            **kwargs,
        )

    def get(self, path, **kwargs):
        return self._ok(self.call("GET", path, **kwargs))

    def post(self, path, data=None, **kwargs):
        return self._ok(self.call("POST", path, data, **kwargs))

    def error(self, path, data=None, status=400, method="POST", **kwargs):
        """Send a request that must fail and return its error object."""
        response = self.call(method, path, data, **kwargs)
        assert response.status_code == status, response.text
        return response.json()["error"]

    @staticmethod
    def _ok(response):
        assert response.status_code == 200, response.text
        return response.json()

    def control(self, method, path, body=None, status=200):
        response = self.session.request(
            method,
            f"{self.url}/_sandbox/{path}",
            json=body,
            timeout=20,
        )
        assert response.status_code == status, response.text
        return response.json()

    # -- what many tests need -------------------------------------------------

    def customer(self):
        return self.post("customers")["id"]

    def saved(self, customer, token="pm_card_visa"):
        """Attach a test card to the customer and return its id."""
        method = self.post(f"payment_methods/{token}/attach", {"customer": customer})
        return method["id"]

    def payment(self, method="pm_card_visa", **params):
        """Parameters of a payment of 50.00 dollars, confirmed at once."""
        return {
            "amount": "5000",
            "currency": "usd",
            "payment_method": method,
            "confirm": "true",
            "allowed_payment_method_types[]": "card",
            **params,
        }

    def pay(self, method="pm_card_visa", **params):
        return self.post("payment_intents", self.payment(method, **params))

    def off_session(self, customer, method, **params):
        """Parameters of a charge of a saved card, without the payer."""
        return self.payment(method, customer=customer, off_session="true", **params)

    def events(self, **filters):
        """Types of all events, oldest first."""
        found = self.get("events", params={"limit": 100, **filters})
        return [event["type"] for event in reversed(found["data"])]

    def browser(self, method, path, data=None, **kwargs):
        """Send a request as the payer's browser does."""
        data = {"key": PUBLISHABLE, **(data or {})}
        where = "params" if method == "GET" else "data"
        return self.session.request(
            method,
            f"{self.url}/v1/{path}",
            headers={"Origin": "http://127.0.0.1:8069"},
            timeout=20,
            **{where: data},
            **kwargs,
        )

    def challenge(self, intent, outcome, **kwargs):
        """Answer the bank's page of an intent."""
        return self.session.post(
            f"{self.url}/_sandbox/3ds/{intent['id']}",
            data={"client_secret": intent["client_secret"], "outcome": outcome},
            timeout=20,
            allow_redirects=False,
            **kwargs,
        )


class Receiver:
    """An HTTP server that keeps what webhooks send it."""

    def __init__(self):
        self.received = []
        self.statuses = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((body, dict(self.headers)))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", self.path)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(
            target=self.server.serve_forever, args=(0.02,), daemon=True
        ).start()

    def wait(self, count, timeout=5):
        """Return the first ``count`` payloads, oldest first."""
        end = time.monotonic() + timeout
        while len(self.received) < count and time.monotonic() < end:
            time.sleep(0.01)
        assert len(self.received) >= count, [
            json.loads(body)["type"] for body, _headers in self.received
        ]
        return [json.loads(body) for body, _headers in self.received[:count]]
