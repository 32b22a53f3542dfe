"""What is broken on purpose: two Odoo processes, a database, a sandbox."""

import contextlib
import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from .. import demo, machine, odoo, paths, postgres, services
from ..console import Stop

FILL = Path(__file__).with_name("fill.py")
ROUTE = "/payment/stripe/webhook"


class Server:
    """One Odoo process that is started again whenever it dies."""

    def __init__(self, database, number, folder):
        self.database, self.folder = database, folder
        self.port = services.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = paths.run_dir() / f"{database}-{number}.log"
        self.process, self.starts = None, 0
        self.ready = threading.Event()

    def start(self):
        """Start the process, with Odoo's jobs, and note when it answers."""
        self.ready.clear()
        self.starts += 1
        with self.log.open("ab") as log:
            self.process = odoo.spawn(
                *("-d", self.database, "--db-filter", f"^{self.database}$"),
                *("--http-interface", "127.0.0.1", "--http-port", self.port),
                *("--gevent-port", services.free_port(), "--max-cron-threads", 2),
                *("--no-database-list", "--log-level", "warn"),
                log=log,
                THERAPY_CHECKPOINTS=str(self.folder),
            )

    def look(self):
        """Start the process if it is dead; note whether it answers.

        :return: whether it was found dead
        :rtype: bool
        """
        if self.process.poll() is not None:
            self.start()
            return True
        if not self.ready.is_set():
            with contextlib.suppress(OSError):
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                opener.open(f"{self.url}/web/health", timeout=2).close()
                self.ready.set()
        return False

    def kill(self):
        """End the process as ``kill -9`` does."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class World:
    """All processes of a chaos run."""

    def __init__(self, database):
        self.database = database
        self.companions = services.Services(database)
        self.folder = paths.run_dir() / f"{database}-kills"
        self.servers, self.deaths = [], 0
        self._peace = threading.Event()
        self._keeper = None

    def build(self, charges, chance):
        """Make the practice and start everything."""
        odoo.copy_database(demo.base_database(), self.database)
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in self.folder.iterdir():
            file.unlink()
        machine.own(self.folder)
        self.companions.start_companions()
        self.servers = [Server(self.database, n, self.folder) for n in (1, 2)]
        for server in self.servers:
            server.log.unlink(missing_ok=True)
        webhooks = [server.url + ROUTE for server in self.servers]
        arguments = (charges, chance.randrange(10**6), self.sandbox, webhooks)
        call = f"\nfill(env, *{arguments!r})\nenv.cr.commit()\n"
        demo._shell(self.database, FILL.read_text() + call)
        for server in self.servers:
            server.start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()
        self.wait_ready()

    @property
    def sandbox(self):
        """Address of the sandbox."""
        return self.companions.info["sandbox"]

    def _keep(self):
        while not self._peace.wait(0.1):
            for server in self.servers:
                self.deaths += server.look()

    def wait_ready(self, seconds=180):
        """Wait until both processes answer.

        :raise Stop: if they do not in time
        """
        deadline = time.monotonic() + seconds
        for server in self.servers:
            if not server.ready.wait(max(0.1, deadline - time.monotonic())):
                raise Stop(f"Odoo does not come up again; see {server.log}")

    def stop(self):
        """End all processes."""
        self._peace.set()
        if self._keeper:
            self._keeper.join()
        for server in self.servers:
            server.kill()
        self.companions.stop()

    # === TALKING TO THEM === #

    def control(self, method, path, body=None):
        """Call the sandbox's control interface and return its answer."""
        request = urllib.request.Request(
            f"{self.sandbox}/_sandbox/{path}",
            json.dumps(body or {}).encode() if method != "GET" else None,
            {"Content-Type": "application/json"},
            method=method,
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=120) as answer:
            return json.load(answer)

    def login(self, server, login="biller"):
        """Return a function that calls methods on one of the processes.

        :raise OSError: if the process is dead
        """
        info = {"odoo": server.url, "database": self.database}
        return demo.connect(info, login, login)

    def sql(self, statement):
        """Run a statement and return its rows, as lists of text."""
        text = postgres.sql(self.database, statement)
        return [line.split("|") for line in text.splitlines()]


#: What a call to a process that is being killed ends in.
BROKEN = (OSError, urllib.error.URLError, ValueError, subprocess.SubprocessError)
