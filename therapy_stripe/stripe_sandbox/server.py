"""Run the sandbox: threaded HTTP server, delivery threads, snapshot thread."""

import logging
import threading
import time

from werkzeug.serving import WSGIRequestHandler, make_server

from . import (
    balance,
    bank_flow,
    disputes,
    fraud_warnings,
    microdeposits,
    payment_flow,
    payouts,
    refunds,
)
from .app import App
from .delivery import Deliverer
from .state import Store

_logger = logging.getLogger(__name__)
SAVE_INTERVAL = 0.2
#: What runs later, by the name it was scheduled under.
JOBS = {
    "bank_debit": bank_flow.settle,
    "charge_balance": balance.book_late,
    "daily_payout": payouts.daily,
    "dispute": disputes.open_dispute,
    "dispute_due": disputes.fall_due,
    "dispute_verdict": disputes.decide,
    "expire": payment_flow.expire,
    "fraud_warning": fraud_warnings.warn,
    "microdeposits": microdeposits.give_up,
    "payout": payouts.proceed,
    "refund": refunds.settle,
    "release": balance.release,
}


class _Handler(WSGIRequestHandler):
    """Silent: the requests are in the control API's log."""

    def log(self, type, message, *args):
        _logger.debug(message, *args)

    def connection_dropped(self, error, environ=None):
        _logger.debug("connection dropped: %s", error)


class Sandbox:
    """A running sandbox, in this process.

    ``with Sandbox() as sandbox: sandbox.url`` serves it from threads.

    :param port: 0 picks a free one
    :param host: a loopback address, anything else is refused
    :param seed: makes ids repeatable; without one they never repeat
    :param snapshot: file that keeps the state over restarts
    """

    def __init__(self, port=0, host="127.0.0.1", seed=None, snapshot=None):
        if host not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("the sandbox binds loopback addresses only")
        self.store = Store(seed, snapshot)
        self.app = App(self.store)
        self.app.deliverer = Deliverer(self.store, self._run_jobs)
        self.app.run_jobs = self._run_jobs
        self._server = make_server(
            host, port, self.app, threaded=True, request_handler=_Handler
        )
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_port}"
        self._stop = threading.Event()
        self._threads = []

    def start(self):
        """Begin to serve; returns at once."""
        self.app.deliverer.start()
        for target in (self._serve, self._save_loop):
            thread = threading.Thread(target=target, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def stop(self):
        """Stop serving and write the snapshot."""
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self.app.deliverer.stop()
        for thread in self._threads:
            thread.join(timeout=5)
        self.store.save()

    __enter__ = start

    def __exit__(self, *_exc):
        self.stop()

    def _serve(self):
        # Looks for stop() twenty times a second, so that tests end quickly.
        self._server.serve_forever(poll_interval=0.05)

    def _save_loop(self):
        pause = SAVE_INTERVAL
        while not self._stop.wait(pause):
            if self.store.dirty.is_set():
                began = time.monotonic()
                self.store.save()
                # A large state must not keep the sandbox busy with saving it.
                pause = max(SAVE_INTERVAL, 10 * (time.monotonic() - began))

    def _run_jobs(self):
        """Do what the virtual clock has brought due."""
        with self.store.lock:
            for job in self.store.take_due_jobs():
                try:
                    JOBS[job["kind"]](self.store, **job["data"])
                except Exception:
                    _logger.exception("job %s failed", job["kind"])
                self.store.dirty.set()
