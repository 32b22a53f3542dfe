"""One side of a benchmark, in Odoo's environment; spoken to by ``turns``."""

import importlib
import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil


class Bench:
    """What a group of rows works with.

    ``env`` is the environment of the user who works, ``root`` the superuser's for
    preparing data, ``server`` the address of a running Odoo on the same database if
    the group asked for it, ``server_log`` the file it writes to.
    """

    def __init__(self, env, side, n, folder, server):
        login = {"ours": "biller", "core": "admin"}[side]
        self.root = env
        user = env["res.users"].search([("login", "=", login)])
        self.env = env(user=user.id)
        self.n, self.folder, self.server = n, folder, server
        self.server_log = folder / f"server-{side}.log"
        self.process = psutil.Process()

    def say(self, text):
        """Show a line of progress."""
        print("say", text, flush=True)

    def wait(self):
        """Let the other side work until it waits."""
        print("turn", flush=True)
        sys.stdin.readline()

    @contextmanager
    def measure(self, label, count=1):
        """Wait for the turn, then measure the block.

        :param str label: what is measured
        :param int count: how many items the block works on; ``report[0]`` of what is
            yielded may change it in the block
        """
        self.wait()
        report = [count]
        queries, start = self.env.cr.sql_log_count, time.perf_counter()
        yield report
        seconds = time.perf_counter() - start
        found = {
            "label": label,
            "count": report[0],
            "seconds": seconds,
            "queries": self.env.cr.sql_log_count - queries,
            "rss": self.process.memory_info().rss,
        }
        print("measure", json.dumps(found), flush=True)

    def note(self, label, seconds=0.0, count=1, queries=0):
        """Report what was measured elsewhere, in another process.

        :param str label: what was measured
        :param float seconds: how long it took
        :param int count: how many items
        :param int queries: how many queries it took
        """
        found = {"label": label, "count": count, "seconds": seconds, "rss": 0}
        print("measure", json.dumps({**found, "queries": queries}), flush=True)

    def put(self, name, data):
        """Leave data for the other side."""
        (self.folder / f"{name}.json").write_text(json.dumps(data))

    def get(self, name):
        """Return what our side left, waiting for it; None if it ended without."""
        path = self.folder / f"{name}.json"
        while not path.exists():
            if (self.folder / "ended.json").exists():
                return None
            self.wait()
        return json.loads(path.read_text())


def main():
    """Run one side of one group."""
    group, side, n, folder, server, *arguments = sys.argv[1:]
    from odoo import SUPERUSER_ID, api, tools
    from odoo.modules.registry import Registry

    tools.config.parse_config(arguments, setup_logging=True)
    registry = Registry(tools.config["db_name"][0])
    module = importlib.import_module(f"toolkit.bench.rows.{group}")
    sys.stdin.readline()
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        bench = Bench(env, side, int(n), Path(folder), server)
        getattr(module, side)(bench)
        if side == "ours":
            bench.put("ended", True)
    print("end", flush=True)


if __name__ == "__main__":
    main()
