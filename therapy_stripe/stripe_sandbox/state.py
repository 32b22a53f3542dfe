"""Everything the sandbox remembers: tables, ids, virtual clock, snapshot."""

import hashlib
import json
import os
import secrets
import string
import threading
import time
from pathlib import Path

from . import settings

ALPHABET = string.digits + string.ascii_letters
TABLES = (
    "customer",
    "payment_method",
    "setup_intent",
    "setup_attempt",
    "payment_intent",
    "charge",
    "refund",
    "balance_transaction",
    "payout",
    "dispute",
    "mandate",
    "confirmation_token",
    "radar.early_fraud_warning",
    "event",
    "webhook_endpoint",
    # bookkeeping of the sandbox itself, never rendered
    "_delivery",
    "_idempotency",
    "_job",
    # bank accounts that a payer chose while signed in at the bank
    "_linked_account",
)


class Store:
    """Objects as plain dicts in the shape of the API, one table per kind.

    Keys that start with ``_`` are private to the sandbox. All reads and writes
    happen under ``lock``; a request holds it from its first look to its last write.
    """

    def __init__(self, seed=None, snapshot=None):
        self.lock = threading.RLock()
        self.snapshot_path = Path(snapshot) if snapshot else None
        self.dirty = threading.Event()
        self.seed = seed if seed is not None else secrets.token_hex(8)
        self.counter = 0
        self._clear()
        if self.snapshot_path and self.snapshot_path.exists():
            self._load(json.loads(self.snapshot_path.read_text()))

    def _clear(self):
        self.tables = {name: {} for name in TABLES}
        # Deliveries that are not over yet: the only ones the threads look at.
        self.open_deliveries = {}
        self.offset = 0
        self.deliver = settings.delivery()
        self.requests = []
        self.settings = settings.defaults()
        # When the first job is due; None without jobs.
        self.next_due = None

    def reset(self, seed=None):
        """Forget everything. Ids go on counting unless a seed starts them anew.

        An id that named one object must not come back for another: a database
        that outlives the reset would take the new object for its own.
        """
        with self.lock:
            self._clear()
            if seed is not None:
                self.seed, self.counter = seed, 0
            self.dirty.set()

    def now(self):
        """Unix seconds of the virtual clock (wall clock plus what was advanced)."""
        return int(time.time()) + self.offset

    def new_id(self, prefix, length=24):
        """Return ``prefix_`` and letters that depend only on seed and counter."""
        return f"{prefix}_{self.token(length)}"

    def token(self, length=24):
        """Return the next pseudo-random letters and digits."""
        with self.lock:
            self.counter += 1
            digest = hashlib.sha512(f"{self.seed}:{self.counter}".encode()).digest()
        return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:length])

    def put(self, table, obj):
        """Store ``obj`` under its id and return it."""
        self.tables[table][obj["id"]] = obj
        return obj

    def get(self, table, object_id):
        """Return the stored object, or None when absent or deleted."""
        obj = self.tables[table].get(object_id)
        return None if obj is None or obj.get("deleted") else obj

    # -- later work on the virtual clock ---------------------------------------

    def schedule(self, delay, kind, **data):
        """Note that job ``kind`` is due ``delay`` virtual seconds from now."""
        self._add_job(self.new_id("job", 8), self.now() + delay, kind, data)

    def schedule_once(self, job_id, due, kind, **data):
        """Note that ``kind`` is due at ``due``, unless a job has this id already."""
        if job_id not in self.tables["_job"]:
            self._add_job(job_id, due, kind, data)

    def _add_job(self, job_id, due, kind, data):
        job = {"id": job_id, "due": due, "kind": kind, "data": data}
        self.tables["_job"][job_id] = job
        self.next_due = due if self.next_due is None else min(self.next_due, due)

    def take_due_jobs(self):
        """Remove and return the jobs whose time has come, oldest first."""
        if self.next_due is None or self.next_due > self.now():
            return []
        now = self.now()
        return self._take(lambda job: job["due"] <= now)

    def take_jobs(self, kind):
        """Remove and return all jobs of one kind, to do them before their time."""
        return self._take(lambda job: job["kind"] == kind)

    def _take(self, wanted):
        jobs = self.tables["_job"]
        taken = [job for job in jobs.values() if wanted(job)]
        for job in taken:
            del jobs[job["id"]]
        self.next_due = min((job["due"] for job in jobs.values()), default=None)
        return sorted(taken, key=lambda job: job["due"])

    # -- snapshot --------------------------------------------------------------

    def dump(self):
        """Return a copy of the whole state, ready for JSON."""
        return json.loads(self._text())

    def _text(self):
        with self.lock:
            # A request that is running now has no answer to keep.
            kept = {
                key: entry
                for key, entry in self.tables["_idempotency"].items()
                if entry["status"] is not None
            }
            return json.dumps(
                {
                    "seed": self.seed,
                    "counter": self.counter,
                    "offset": self.offset,
                    "deliver": self.deliver,
                    "settings": self.settings,
                    "tables": {**self.tables, "_idempotency": kept},
                }
            )

    def _load(self, data):
        self.seed, self.counter = data["seed"], data["counter"]
        self.offset = data["offset"]
        self.deliver.update(data["deliver"])
        for name in TABLES:
            self.tables[name] = data["tables"].get(name, {})
        self.settings.update(data.get("settings", {}))
        jobs = self.tables["_job"].values()
        self.next_due = min((job["due"] for job in jobs), default=None)
        for delivery in self.tables["_delivery"].values():
            if delivery["status"] == "sending":
                delivery["status"] = "pending"
            if delivery["status"] in ("pending", "held"):
                self.open_deliveries[delivery["id"]] = delivery

    def save(self):
        """Write the snapshot file, whole or not at all. No file: do nothing."""
        if not self.snapshot_path:
            return
        self.dirty.clear()
        text = self._text()
        draft = self.snapshot_path.with_name(self.snapshot_path.name + ".new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(text)
        draft.replace(self.snapshot_path)
