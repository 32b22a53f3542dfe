"""Sends signed events to a webhook at a steady pace and prints how long each took.

``python -m toolkit.bench.knocker URL SECRET COUNT PAUSE``: one line of milliseconds
per event. A process of its own, so that nothing else's work is measured.
"""

import hashlib
import hmac
import http.client
import json
import sys
import time
from urllib.parse import urlsplit


def signed(secret, number):
    """Return body and header of an event nobody has seen before."""
    now = int(time.time())
    event = {
        "id": f"evt_bench_{time.monotonic_ns()}",
        "type": "payment_intent.succeeded",
        "created": now,
        "livemode": False,
        "data": {"object": {"id": f"pi_bench_{number}"}},
    }
    body = json.dumps(event).encode()
    text = f"{now}.".encode() + body
    digest = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    return body, {"Stripe-Signature": f"t={now},v1={digest}"}


def main():
    """Send the events."""
    url, secret, count, pause = sys.argv[1:]
    parts = urlsplit(url)
    for number in range(int(count)):
        body, headers = signed(secret, number)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        start = time.perf_counter()
        connection.request("POST", parts.path, body, headers)
        status = connection.getresponse().status
        milliseconds = (time.perf_counter() - start) * 1000
        connection.close()
        if status != 200:
            raise ValueError(f"The webhook answered {status}.")
        print(f"{milliseconds:.2f}", flush=True)
        time.sleep(float(pause))


if __name__ == "__main__":
    main()
