"""What the machine must offer, and the Debian packages that are added to it."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

from . import paths
from .console import Stop, step

MINIMUM_FREE_GB = 4
# Package -> a file or a command that shows it is there.
DEBIAN_PACKAGES = {
    "postgresql": "/usr/lib/postgresql",
    "wkhtmltopdf": "wkhtmltopdf",  # Odoo's PDF renderer
    "chromium": "chromium",  # browser tests and the demo's check
    "fonts-dejavu-core": "/usr/share/fonts/truetype/dejavu",
    "python3-venv": "/usr/lib/python3/dist-packages/../../python3*/ensurepip",
    "poppler-utils": "pdftotext",  # tests read the PDFs a payer gets
}


def _present(probe):
    if probe.startswith("/"):
        root, pattern = Path("/"), probe.lstrip("/").replace("dist-packages/../../", "")
        pattern = pattern.replace("python3/python3*", "python3*")
        return any(root.glob(pattern))
    return shutil.which(probe) is not None


def check_space():
    """Refuse to start an installation that would fill the disk.

    :raise Stop: less than 4 GB are free where the cache lies.
    """
    folder = paths.cache()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    if not (paths.cache() / "venv" / ".done").exists() and free < MINIMUM_FREE_GB:
        raise Stop(
            f"Only {free:.1f} GB are free at {folder}; the installation needs "
            f"{MINIMUM_FREE_GB} GB. Free some space, or set THERAPY_CACHE to a folder "
            "on another disk, and run the command again."
        )


def python():
    """Return the interpreter to build the virtual environment with.

    It must be 3.10 to 3.13 (what Odoo 19 runs on) and, when we are root, be usable by
    the unprivileged account the servers run as.

    :raise Stop: no such interpreter.
    """
    seen = []
    for name in (
        "/usr/bin/python3",
        sys.executable,
        *(f"python3.{minor}" for minor in (11, 12, 13, 10)),
    ):
        path = shutil.which(name)
        if not path or path in seen:
            continue
        seen.append(path)
        done = subprocess.run(
            [path, "-c", "import sys; print(sys.version_info[1])"],
            capture_output=True,
            text=True,
            **as_account(),
        )
        if done.returncode == 0 and 10 <= int(done.stdout) <= 13:
            return path
    raise Stop(
        "No Python between 3.10 and 3.13 was found (looked at: "
        f"{', '.join(seen) or 'none'}). Odoo 19 needs one of these: install Debian's "
        "python3 and run the command again."
    )


def install_packages():
    """Install the Debian packages that are missing.

    :raise Stop: something is missing and there is no way to become root, or Debian
        has no such package here.
    """
    missing = [name for name, probe in DEBIAN_PACKAGES.items() if not _present(probe)]
    if not missing:
        return
    become_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if become_root and (
        not shutil.which("sudo")
        or subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode
    ):
        raise Stop(
            f"These Debian packages are missing: {', '.join(missing)}. Installing them "
            "needs root: run the command as root or with password-less sudo once, or "
            f"ask your administrator for: apt-get install {' '.join(missing)}"
        )
    with step(f"Debian packages: {' '.join(missing)}"):
        apt = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
        subprocess.run([*apt, "update"], capture_output=True)
        done = subprocess.run(
            [*apt, "install", "-y", "--no-install-recommends", *missing],
            capture_output=True,
            text=True,
        )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Stop(
            f"apt-get could not install {', '.join(missing)}: {reason} "
            "(Debian 13 has no wkhtmltopdf: take the package of Debian 12.) Install "
            "them by hand, then run the command again."
        )


def account():
    """Return the account servers run as when we are root, else None.

    PostgreSQL refuses to run as root. Its Debian package creates an account for
    exactly this purpose, so that none has to be added to the machine.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Stop("This machine has neither an account 'postgres' nor 'nobody'.")


def as_account():
    """Return the ``subprocess`` arguments that drop root."""
    who = account()
    if not who:
        return {}
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def own(*folders):
    """Create folders and give them to the servers' account."""
    who = account()
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        if who:
            os.chown(folder, who.pw_uid, who.pw_gid)
