"""``./setup/bench``: how fast the product is, beside what Odoo's core needs.

Each group of rows (a file in ``rows/``) has two sides, ours and core's, each a process
of its own on a database of its own: ours with the addons, core's without them. They
take turns, so that both meet the same moments of a busy machine; figures are medians.
"""

import argparse
import importlib
import json
import os
import pkgutil
import shutil
import time
from pathlib import Path

from .. import demo, odoo, paths, postgres, services
from ..console import Stop, say, step
from . import result, rows
from .turns import take_turns


def groups():
    """Return the groups of rows by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(rows.__path__))
    return {
        name: importlib.import_module(f"{rows.__name__}.{name}")
        for name in names
        if not name.startswith("_")
    }


def _forget_killed_runs():
    """Drop the databases that runs left behind which were killed."""
    for name in postgres.databases():
        word, _, pid = name.rpartition("_")
        if word.startswith("bench_") and not Path(f"/proc/{pid}").exists():
            odoo.drop_database(name)


def _databases(run):
    """Make both sides' databases anew and return their names by side."""
    names = {side: f"bench_{side}_{run}" for side in ("ours", "core")}
    base = demo.base_database()
    with step("Databases"):
        _forget_killed_runs()
        odoo.copy_database(base, names["ours"])
        odoo.copy_database(odoo.core_database(), names["core"])
    return names


def run_group(name, group, n):
    """Measure one group of rows.

    :param str name: name of the group
    :param group: its module
    :param int n: the size
    :return: the rows
    """
    run = f"{paths.clone_id()}_{os.getpid()}"
    databases = _databases(run)
    folder = paths.run_dir() / f"bench-{run}"
    shutil.rmtree(folder, ignore_errors=True)
    odoo.machine.own(folder)
    running, servers = [], {}
    try:
        for side, database in databases.items() if group.NEEDS_SERVER else ():
            server = services.Services(f"bench-{side}-{run}")
            running.append(server)
            with step(f"Odoo, {side}"):
                server.start_odoo(database, services.free_port(), ours=side == "ours")
            servers[side] = server.info["odoo"]
            (folder / f"server-{side}.log").symlink_to(server.log("odoo"))
        measures = take_turns(name, n, folder, databases, servers)
        found = group.rows(measures["ours"], measures["core"], n)
    finally:
        for server in running:
            server.stop()
        for database in databases.values():
            odoo.drop_database(database)
        shutil.rmtree(folder, ignore_errors=True)
    for row in found:
        row.judge(small=n < group.N)
    return found


def main(arguments):
    """Run ``./setup/bench`` and return its exit code."""
    known = groups()
    parser = argparse.ArgumentParser(
        prog="./setup/bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="groups of rows:\n"
        + "\n".join(f"  {name:<12} {group.TITLE}" for name, group in known.items()),
    )
    parser.add_argument("group", nargs="*", help="what to measure; nothing means all")
    parser.add_argument(
        "--n",
        type=int,
        help="another size for every group; smaller than the group's own one, the "
        "targets are shown but not judged",
    )
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    options = parser.parse_args(arguments)
    if unknown := set(options.group) - set(known):
        raise Stop(
            f"There is no group {', '.join(sorted(unknown))}. There are: "
            f"{', '.join(known)}."
        )
    if options.n is not None and options.n < 10:
        raise Stop("--n wants 10 or more: less says nothing.")
    begin = time.monotonic()
    odoo.ready()
    table = []
    for name, group in known.items():
        if options.group and name not in options.group:
            continue
        n = options.n or group.N
        say(f"== {name}: {group.TITLE} (n={n})")
        start = time.monotonic()
        table += run_group(name, group, n)
        say(f"   {time.monotonic() - start:.0f} s")
    say()
    for line in result.table(table):
        say(line)
    if options.json:
        content = {"rows": [row.as_json() for row in table]}
        options.json.write_text(json.dumps(content, indent=1) + "\n")
    missed = [row.name for row in table if row.ok is False]
    say(f"\n{len(table)} rows in {time.monotonic() - begin:.0f} s")
    if missed:
        say(f"missed: {'; '.join(missed)}")
    return 1 if missed else 0
