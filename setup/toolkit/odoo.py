"""Odoo's own command line in this checkout's environment."""

import os
import shutil
import subprocess

from . import environment, machine, odoo_source, paths, postgres
from .console import Stop, step

CORE_MODULES = (
    "account_payment,payment_stripe,payment_demo,calendar,portal,l10n_us,product,mail"
)


def ready():
    """Install what is missing and start the database server."""
    machine.check_space()
    paths.cache().mkdir(parents=True, exist_ok=True)
    paths.cache().chmod(0o755)
    machine.install_packages()
    machine.own(paths.run_dir(), paths.cache() / "data")
    odoo_source.install()
    environment.install()
    postgres.start()


def checkout():
    """Return the folder to load our addons from.

    The servers run as an unprivileged account: a clone it can't read (in root's home,
    say) is copied.
    """
    readable = subprocess.run(
        ["/usr/bin/test", "-r", str(paths.REPO / "setup" / "requirements.txt")],
        **machine.as_account(),
    )
    if readable.returncode == 0:
        return paths.REPO
    target = paths.cache() / "checkout"
    shutil.rmtree(target, ignore_errors=True)
    for name in (*paths.ADDONS, "tests", "setup"):
        if (paths.REPO / name).is_dir():
            shutil.copytree(
                paths.REPO / name,
                target / name,
                ignore=shutil.ignore_patterns("__pycache__"),
            )
    return target


def addons_path(*, ours=True, stories=False):
    """Return the value of ``--addons-path``."""
    folders = list(odoo_source.addons_dirs())
    if ours:
        root = checkout()
        folders.append(root)
        if stories:
            folders.append(root / "tests" / "stories")
    return ",".join(str(folder) for folder in folders)


def command(*arguments, ours=True, stories=False):
    """Return the command that runs Odoo with these arguments."""
    host, port, user = postgres.connection()
    sub = []
    rest = [str(argument) for argument in arguments]
    if rest and not rest[0].startswith("-"):
        sub = [rest.pop(0)]
    return [
        *(str(paths.venv_python()), "-m", "odoo"),
        *sub,
        f"--addons-path={addons_path(ours=ours, stories=stories)}",
        f"--data-dir={paths.cache() / 'data'}",
        *(f"--db_host={host}", f"--db_port={port}", f"--db_user={user}"),
        *rest,
    ]


def run(*arguments, ours=True, stories=False, env=None, **extra):
    """Run Odoo and wait; return the finished process."""
    return subprocess.run(
        command(*arguments, ours=ours, stories=stories),
        env=environment.variables(**postgres.variables(), **(env or {})),
        cwd=paths.run_dir(),
        **extra,
        **machine.as_account(),
    )


def spawn(*arguments, log, ours=True, **env):
    """Start Odoo in the background with its output in the file ``log``."""
    return subprocess.Popen(
        command(*arguments, ours=ours),
        env=environment.variables(**postgres.variables(), **env),
        cwd=paths.run_dir(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **machine.as_account(),
    )


def core_database():
    """Return the name of a database with core's modules only, made once per Odoo.

    Tests and demo start from copies of it: installing core takes a minute, copying
    a second.
    """
    version = "".join(c if c.isalnum() else "_" for c in odoo_source.version())
    name = f"core_{version}"
    mark = f"{name}_building"
    if name in postgres.databases():
        return name
    with step("Database with Odoo's own modules"):
        postgres.drop(mark)
        done = run(
            *("-d", mark, "-i", CORE_MODULES, "--stop-after-init", "--no-http"),
            *("--log-level", "warn", "--max-cron-threads", "0"),
            ours=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
            raise Stop(f"Odoo could not create its database:\n{tail}")
        postgres.sql("postgres", f'ALTER DATABASE "{mark}" RENAME TO "{name}"')
        copy_filestore(mark, name, move=True)
    return name


def copy_filestore(source, target, *, move=False):
    """Give database ``target`` the attachments of ``source``."""
    root = paths.cache() / "data" / "filestore"
    machine.own(root)
    shutil.rmtree(root / target, ignore_errors=True)
    if (root / source).exists():
        command = ["mv" if move else "cp", *([] if move else ["-a"])]
        subprocess.run([*command, root / source, root / target], check=True)


def copy_database(source, target):
    """Copy a database with its attachments."""
    postgres.copy(source, target)
    copy_filestore(source, target)


def drop_database(name):
    """Drop a database with its attachments."""
    postgres.drop(name)
    shutil.rmtree(paths.cache() / "data" / "filestore" / name, ignore_errors=True)


def main(arguments):
    """Run ``./setup/odoo``: Odoo's arguments, or one of our few words."""
    ready()
    match arguments:
        case ["db-copy", target]:
            copy_database(core_database(), target)
            return 0
        case ["db-drop", target]:
            drop_database(target)
            return 0
        case ["source"]:
            print(odoo_source.site_dir())
            return 0
        case ["pot"]:
            from . import translations

            translations.export()
            return 0
        case ["python", *rest]:
            os.environ.clear()
            os.environ.update(environment.variables(**postgres.variables()))
            return subprocess.run([paths.venv_python(), *rest]).returncode
        case ["psql", *rest]:
            env = environment.variables(**postgres.variables())
            return subprocess.run(["psql", *rest], env=env).returncode
    return run(*arguments).returncode
