"""Background processes: start them, wait for them, find and stop them again."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from . import environment, machine, odoo, paths
from .console import Stop, say


def free_port(wanted=0):
    """Return ``wanted`` if it can be listened on, else the next port that can.

    0 asks for any free port.
    """
    if not wanted:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]
    for port in range(wanted, wanted + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                if port != wanted:
                    say(f"    port {wanted} is taken, using {port}")
                return port
    raise Stop(f"No free port between {wanted} and {wanted + 99}: set PORT.")


def wait_for(url, process, log, seconds=90):
    """Wait until ``url`` answers.

    :raise Stop: the process ended, or the time is over.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with opener.open(url, timeout=10):
                return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        time.sleep(0.2)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-12:])
    raise Stop(f"{url} does not answer. The end of {log} says:\n{tail}")


class Services:
    """The processes of one running practice: sandbox, mail catcher, Odoo."""

    def __init__(self, name):
        self.name = name
        self.file = paths.run_dir() / f"{name}.json"
        self.processes = {}
        self.info = {}

    def log(self, part):
        """Return the log file of one process."""
        return paths.run_dir() / f"{self.name}-{part}.log"

    def _spawn(self, part, command, **env):
        log = self.log(part).open("wb")
        self.processes[part] = subprocess.Popen(
            [str(word) for word in command],
            env=environment.variables(PYTHONPATH=self._python_path(part), **env),
            cwd=paths.run_dir(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **machine.as_account(),
        )
        return self.processes[part]

    @staticmethod
    def _python_path(part):
        root = odoo.checkout()
        return root / ("therapy_stripe" if part == "sandbox" else "setup")

    def start_companions(self, *, keep=False):
        """Start the Stripe sandbox and the mail catcher.

        :param bool keep: the sandbox remembers its state over a restart.
        """
        python = paths.venv_python()
        api, smtp, mail = free_port(), free_port(), free_port()
        command = [python, "-m", "stripe_sandbox", "--port", api]
        if keep:
            command += ["--snapshot", paths.run_dir() / f"{self.name}-sandbox.json"]
        sandbox = self._spawn("sandbox", command)
        catcher = self._spawn("mail", [python, "-m", "toolkit.mailcatcher", smtp, mail])
        self.info |= {
            "sandbox": f"http://127.0.0.1:{api}",
            "smtp_port": smtp,
            "mail": f"http://127.0.0.1:{mail}",
        }
        wait_for(
            f"{self.info['sandbox']}/_sandbox/totals", sandbox, self.log("sandbox")
        )
        wait_for(self.info["mail"], catcher, self.log("mail"))

    def start_odoo(self, database, port, *arguments, ours=True):
        """Start Odoo on a database and wait for its login page.

        :param bool ours: whether it finds our addons
        """
        with self.log("odoo").open("wb") as log:
            process = odoo.spawn(
                *("-d", database, "--db-filter", f"^{database}$"),
                *("--http-interface", "127.0.0.1", "--http-port", port),
                *(
                    "--gevent-port",
                    free_port(),
                    "--max-cron-threads",
                    1,
                    "--no-database-list",
                ),
                *arguments,
                log=log,
                ours=ours,
            )
        self.processes["odoo"] = process
        self.info |= {"odoo": f"http://127.0.0.1:{port}", "database": database}
        wait_for(f"{self.info['odoo']}/web/login", process, self.log("odoo"))

    def save(self, **more):
        """Write down what runs, so that a later command finds it."""
        self.info |= more
        self.info["pids"] = {part: one.pid for part, one in self.processes.items()}
        self.file.write_text(json.dumps(self.info, indent=1))

    def load(self):
        """Return what an earlier command wrote down, if all of it still runs."""
        with contextlib.suppress(OSError, ValueError):
            info = json.loads(self.file.read_text())
            if all(_alive(pid) for pid in info["pids"].values()):
                return info
        return None

    def stop(self):
        """End the processes of this and of an earlier command."""
        pids = {process.pid for process in self.processes.values()}
        with contextlib.suppress(OSError, ValueError):
            pids |= set(json.loads(self.file.read_text())["pids"].values())
        _end(pids)
        self.processes = {}
        self.file.unlink(missing_ok=True)


def _alive(pid):
    """Tell whether a process runs that is one of ours (numbers are used again)."""
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return str(paths.cache()).encode() in file.read()
    return False


def _end(pids):
    for sign, seconds in ((signal.SIGTERM, 6), (signal.SIGKILL, 3)):
        living = [pid for pid in pids if _alive(pid)]
        for pid in living:
            with contextlib.suppress(OSError):
                os.killpg(pid, sign)
        deadline = time.monotonic() + seconds
        while any(_alive(pid) for pid in living) and time.monotonic() < deadline:
            for pid in living:
                with contextlib.suppress(OSError):
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(0.05)
