"""The virtual environment, and the environment our processes run in."""

import hashlib
import os
import subprocess

from . import machine, odoo_source, paths
from .console import Stop, step

REQUIREMENTS = paths.REPO / "setup" / "requirements.txt"


def install():
    """Create the virtual environment with the pinned packages, once per pin list.

    :raise Stop: pip failed.
    """
    folder = paths.cache() / "venv"
    mark = folder / ".done"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not (mark.exists() and mark.read_text() == wanted):
        with step("Python packages (pinned, into a virtual environment)"):
            if not (folder / "bin" / "pip").exists():
                subprocess.run(
                    [machine.python(), "-m", "venv", "--clear", folder], check=True
                )
            done = subprocess.run(
                [folder / "bin/pip", "install", "-q", "--disable-pip-version-check"]
                + ["-r", REQUIREMENTS],
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise Stop(
                    "pip could not install the packages of setup/requirements.txt: "
                    + (done.stderr.strip().splitlines() or ["no reason given"])[-1]
                    + " Check the network to the package registry and run it again."
                )
            mark.write_text(wanted)
    _link_odoo(folder)


def _link_odoo(folder):
    """Let the virtual environment import ``odoo`` from where it lies."""
    packages = next((folder / "lib").glob("python3.*")) / "site-packages"
    link = packages / "odoo_source.pth"
    text = f"{odoo_source.site_dir()}\n"
    if not link.exists() or link.read_text() != text:
        link.write_text(text)


def variables(**extra):
    """Return the environment of every process we start."""
    home = paths.cache() / "home"
    machine.own(home)
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "PYTHON", "ODOO_", "XDG_"))
    }
    env |= {
        "HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": f"{paths.cache() / 'venv/bin'}:{env.get('PATH', '/usr/bin:/bin')}",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }
    return env | {name: str(value) for name, value in extra.items()}
