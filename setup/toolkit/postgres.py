"""A PostgreSQL cluster of our own, or the one named by PGHOST/PGPORT/PGUSER."""

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

from . import environment, machine, paths
from .console import Stop, step

ROLE = "therapy"
PORT = "5432"
# What the server says when its files are damaged.
DAMAGED = re.compile(
    r"checkpoint record|pg_control|invalid primary|could not (read|open) file"
)
# A cluster of demo and test data: nothing in it must survive a power cut, and a
# killed Odoo (what we test) loses nothing through these settings.
SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "512MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_connections": "200",
    "autovacuum_naptime": "20s",
}


def is_foreign():
    """Tell whether the reader brings a PostgreSQL server along."""
    return bool(os.environ.get("PGHOST"))


def connection():
    """Return host, port and user as libpq understands them.

    :raise Stop: the user is ``postgres``, which Odoo refuses.
    """
    if is_foreign():
        user = os.environ.get("PGUSER") or os.environ.get("USER") or ROLE
        if user == "postgres":
            raise Stop(
                "PGUSER is 'postgres', a user Odoo refuses to work with. Create "
                "another one (createuser --createdb therapy) and set PGUSER to it."
            )
        return os.environ["PGHOST"], os.environ.get("PGPORT", PORT), user
    return str(_socket_dir()), PORT, ROLE


def variables():
    """Return the PG* variables of ``connection``."""
    host, port, user = connection()
    values = {"PGHOST": host, "PGPORT": port, "PGUSER": user}
    if password := os.environ.get("PGPASSWORD"):
        values["PGPASSWORD"] = password
    return values


def _socket_dir():
    """Return the folder of the socket: its path must stay under 107 bytes."""
    folder = paths.run_dir()
    if len(str(folder)) > 80:
        folder = Path(f"/tmp/therapy-billing-{os.getuid()}")
    return folder


def _binary(name):
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: int(path.parts[-3]),
    )
    command = found[-1] if found else shutil.which(name)
    if not command:
        raise Stop(
            "PostgreSQL's server programs were not found under /usr/lib/postgresql. "
            "Install Debian's package postgresql, or set PGHOST, PGPORT and PGUSER to "
            "a server you have."
        )
    return str(command)


def _run(*command, check=True, **extra):
    return subprocess.run(
        [str(part) for part in command],
        check=check,
        env=environment.variables(**variables()),
        cwd="/",
        **({"capture_output": True, "text": True} | extra),
        **machine.as_account(),
    )


def start():
    """Create the cluster on the first call; start it unless it is running.

    :raise Stop: the server does not come up.
    """
    if is_foreign():
        return
    data = paths.cache() / "postgres"
    machine.own(paths.cache(), paths.run_dir(), _socket_dir(), data)
    with (paths.run_dir() / "postgres.lock").open("w") as lock:
        # Two commands that are started together: the later finds a running server.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _start(data)


def _start(data):
    _socket_dir().chmod(0o700)
    data.chmod(0o700)
    if not (data / "PG_VERSION").exists():
        with step("PostgreSQL cluster"):
            _run(_binary("initdb"), "-D", data, "-U", ROLE, "-A", "trust", "-E", "UTF8")
            lines = [f"{name} = {value}" for name, value in SETTINGS.items()]
            with (data / "postgresql.conf").open("a") as conf:
                conf.write("\n".join(["", *lines, ""]))
    if _run(_binary("pg_ctl"), "-D", data, "status", check=False).returncode == 0:
        return
    if _launch(data):
        return
    if DAMAGED.search(_last_words()):
        # After a power cut: what is in it is made again, so nothing is repaired.
        with step("PostgreSQL cluster was damaged; making a new one"):
            remove()
        machine.own(data)
        _start(data)
        return
    raise Stop(
        f"PostgreSQL did not start: {_last_words()[-300:]} The whole log is {_log()}; "
        "./setup/demo --reset begins anew."
    )


def _log():
    return paths.run_dir() / "postgres.log"


def _last_words():
    """Return the end of the server's log."""
    if not _log().exists():
        return "there is no log."
    return " ".join(_log().read_text(errors="replace").splitlines()[-12:])


def _launch(data):
    """Start the server and tell whether it came up."""
    done = _run(
        *(_binary("pg_ctl"), "-D", data, "-w", "-l", _log(), "start"),
        *("-o", f"-k {_socket_dir()} -p {PORT}"),
        check=False,
        capture_output=False,
        text=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return done.returncode == 0


def remove():
    """Stop our own cluster and delete it with all its databases."""
    data = paths.cache() / "postgres"
    if is_foreign() or not data.exists():
        return
    stop()
    if not (data / "postmaster.pid").exists() or _is_down(data):
        shutil.rmtree(data)
        _log().unlink(missing_ok=True)


def _is_down(data):
    return _run(_binary("pg_ctl"), "-D", data, "status", check=False).returncode != 0


def stop():
    """Stop our own cluster, unless tests or another clone are at work on it."""
    data = paths.cache() / "postgres"
    if is_foreign() or not (data / "PG_VERSION").exists() or _is_down(data):
        return
    others = sql(
        "postgres",
        "SELECT COUNT(*) FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )
    if others == "0":
        _run(_binary("pg_ctl"), "-D", data, "-m", "fast", "stop", check=False)


def databases():
    """Return the names of all databases."""
    return sql("postgres", "SELECT datname FROM pg_database").split()


def sql(database, statement):
    """Run one statement with psql and return its bare output.

    :raise Stop: psql reports an error.
    """
    done = _run(
        *(shutil.which("psql") or _binary("psql"), "-XAtq", "-d", database),
        *("-v", "ON_ERROR_STOP=1", "-c", statement),
        check=False,
    )
    if done.returncode:
        raise Stop(f"The database said: {done.stderr.strip()}")
    return done.stdout.strip()


def drop(name):
    """Drop a database and whoever is connected to it, if it is there."""
    sql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def copy(source, target):
    """Make database ``target`` a copy of ``source``, replacing what was there."""
    drop(target)
    sql(
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{source}' AND pid <> pg_backend_pid()",
    )
    sql("postgres", f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
