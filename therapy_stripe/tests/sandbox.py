"""The sandbox of the card processor as a process of its own, for tests."""

import json
import os
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

ADDON = Path(__file__).resolve().parents[1]


class SandboxProcess:
    """A running sandbox and its control interface."""

    def __init__(self):
        env = {**os.environ, "PYTHONPATH": str(ADDON)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stripe_sandbox", "--port", "0"],
            stdout=subprocess.PIPE,
            env=env,
            cwd=ADDON,
            text=True,
        )
        line = self._process.stdout.readline()
        assert " on http" in line, f"The sandbox did not start: {line!r}"
        self.url = line.split()[-1]
        self._address = urlsplit(self.url).netloc

    def stop(self):
        """Stop the process and wait for its end."""
        self._process.terminate()
        self._process.wait(timeout=10)
        self._process.stdout.close()

    def control(self, method, path, body=None):
        """Call the control interface and return its answer.

        :param str method: HTTP method
        :param str path: path below ``/_sandbox/``
        :param dict body: JSON body
        :rtype: dict
        """
        connection = HTTPConnection(self._address, timeout=20)
        try:
            connection.request(
                method,
                f"/_sandbox/{path}",
                json.dumps(body) if body is not None else None,
                {"Content-Type": "application/json"},
            )
            answer = connection.getresponse()
            data = json.loads(answer.read() or b"{}")
        finally:
            connection.close()
        assert answer.status == 200, data
        return data

    def reset(self):
        """Forget everything."""
        self.control("POST", "reset")
        self.control("DELETE", "requests")

    def fault(self, do, path_regex="/v1/payment_intents$", **options):
        """Make the next matching POST go wrong.

        :param str do: drop_before, drop_after, status, ...
        """
        match = {"method": "POST", "path_regex": path_regex}
        self.control(
            "POST", "faults", {"match": match, "do": do, "times": 3, **options}
        )

    def heal(self):
        """Forget all faults."""
        self.control("DELETE", "faults")

    def approve(self, intent):
        """Let the cardholder approve an intent on the page of the bank.

        :param dict intent: intent that asks for it
        """
        connection = HTTPConnection(self._address, timeout=20)
        try:
            connection.request(
                "POST",
                f"/_sandbox/3ds/{intent['id']}",
                urlencode(
                    {"client_secret": intent["client_secret"], "outcome": "complete"}
                ),
                {"Content-Type": "application/x-www-form-urlencoded"},
            )
            assert connection.getresponse().status < 400
        finally:
            connection.close()

    def requests(self, path="", method=None):
        """Return the requests received, oldest first.

        :rtype: list[dict]
        """
        rows = self.control("GET", "requests")["requests"]
        return [
            row
            for row in rows
            if path in row["path"] and method in (None, row["method"])
        ]

    def intents(self):
        """Return a short form of all PaymentIntents.

        :rtype: list[dict]
        """
        return self.control("GET", "totals")["payment_intents"]

    def captured(self):
        """Return the cents captured in dollars so far.

        :rtype: int
        """
        rows = self.control("GET", "totals")["currencies"]
        return rows.get("usd", {}).get("captured", 0)
