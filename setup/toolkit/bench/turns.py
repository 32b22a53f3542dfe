"""Two processes, ours and core's, that take turns: never both at work."""

import json
import subprocess

from .. import environment, machine, odoo, paths, postgres
from ..console import Stop, say


class Side:
    """One side's process; it says what it measured and waits for its turn."""

    def __init__(self, group, n, side, folder, database, server):
        self.side, self.measures, self.running = side, [], True
        self.log = paths.run_dir() / f"{database}.log"
        command = odoo.command(
            *("-d", database, "--no-http", "--max-cron-threads", "0"),
            *("--log-level", "warn"),
            ours=side == "ours",
        )
        words = [paths.venv_python(), "-m", "toolkit.bench.worker", group, side, n]
        self.process = subprocess.Popen(
            [str(word) for word in (*words, folder, server or "", *command[3:])],
            env=environment.variables(
                **postgres.variables(), PYTHONPATH=odoo.checkout() / "setup"
            ),
            cwd=paths.run_dir(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log.open("wb"),
            text=True,
            **machine.as_account(),
        )

    def turn(self):
        """Let the side go on until it waits again or ends.

        :raise Stop: if it failed
        """
        print("go", file=self.process.stdin, flush=True)
        for line in self.process.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "turn":
                return
            if word == "end":
                self.running = False
                self.process.wait()
                return
            if word == "measure":
                self.measures.append(json.loads(rest))
            else:
                say(f"    {self.side}: {rest}")
        tail = self.log.read_text(errors="replace").splitlines()[-25:]
        raise Stop(f"The side {self.side} failed:\n" + "\n".join(tail))

    def stop(self):
        """End the process, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def take_turns(group, n, folder, databases, servers):
    """Run both sides of a group and return what they measured, by side.

    :raise Stop: if a side failed
    """
    sides = []
    try:
        for side, database in databases.items():
            sides.append(Side(group, n, side, folder, database, servers.get(side)))
        while any(side.running for side in sides):
            for side in sides:
                if side.running:
                    side.turn()
    finally:
        for side in sides:
            side.stop()
    return {side.side: side.measures for side in sides}
