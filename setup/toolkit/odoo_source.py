"""Odoo itself: ``ODOO_SRC``, or Debian's package unpacked into the cache."""

import os
import re
import subprocess
from pathlib import Path

from . import paths
from .console import Stop, say, step

PACKAGE = "odoo-19"
SUITE = "unstable"
# The package's web assets are links into these; a dangling one is an error 500.
ASSETS = (
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
)
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def site_dir():
    """Return the folder that holds the Python package ``odoo``.

    :raise Stop: ``ODOO_SRC`` is set and holds no Odoo 19.
    """
    if not (source := os.environ.get("ODOO_SRC")):
        return paths.prefix() / "usr/lib/python3/dist-packages"
    for folder in (Path(source), Path(source) / "odoo"):
        if (folder / "odoo" / "release.py").exists():
            return folder
    raise Stop(
        f"ODOO_SRC={source} holds no Odoo: a folder with odoo/release.py in it is "
        "expected (a checkout of branch 19.0). Correct it or unset it."
    )


def addons_dirs():
    """Return the folders of Odoo's own addons."""
    site = site_dir()
    return [
        path for path in (site / "addons", site / "odoo" / "addons") if path.is_dir()
    ]


def version():
    """Return the version of Odoo in use, as text."""
    if os.environ.get("ODOO_SRC"):
        text = (site_dir() / "odoo" / "release.py").read_text()
        found = re.search(r"version_info = \((\d+), (\d+)", text)
        return ".".join(found.groups()) if found else "unknown"
    mark = paths.prefix() / ".done"
    return mark.read_text().strip() if mark.exists() else "not installed"


def _mirror():
    """Return the archive address this machine installs Debian packages from."""
    for path in [
        *Path("/etc/apt").glob("sources.list"),
        *Path("/etc/apt/sources.list.d").glob("*"),
    ]:
        for line in path.read_text(errors="replace").splitlines():
            found = re.match(r"(?:URIs:|deb(?: \[.*?\])?)\s+(\S+/debian/?)(\s|$)", line)
            if found:
                return found.group(1)
    raise Stop(
        "No Debian archive was found in this machine's apt sources, so Odoo can't be "
        "downloaded. Add one, or set ODOO_SRC to a checkout of Odoo 19.0."
    )


def _apt():
    """Return an apt-get command with private lists, cache and sources."""
    root = paths.cache() / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    sources = root / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n")
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::Lists": root / "lists",
        "Dir::Cache": root / "cache",
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
    }
    command = ["apt-get", "-q"]
    for name, value in options.items():
        command += ["-o", f"{name}={value}"]
    return command


def _download():
    debs = paths.cache() / "debs"
    debs.mkdir(exist_ok=True)
    wanted = [
        name for name in (PACKAGE, *ASSETS) if not any(debs.glob(f"{name}_*.deb"))
    ]
    if wanted:
        apt = _apt()
        for arguments in (["update"], ["download", *wanted]):
            done = subprocess.run(
                [*apt, *arguments], cwd=debs, capture_output=True, text=True
            )
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
                reason = re.sub(r"https?://\S+", "the mirror", reason)
                raise Stop(
                    f"Debian's package {PACKAGE} could not be fetched from this "
                    f"machine's mirror ({reason}). Set ODOO_SRC to a checkout of Odoo "
                    "19.0, or use a mirror that carries Debian unstable, and run the "
                    "command again."
                )
    return [next(debs.glob(f"{name}_*.deb")) for name in (PACKAGE, *ASSETS)]


def install():
    """Unpack Odoo into the cache, unless it is there or ``ODOO_SRC`` is set."""
    mark = paths.prefix() / ".done"
    if os.environ.get("ODOO_SRC"):
        site_dir()
        return
    if mark.exists():
        return
    with step(f"Odoo 19 from Debian ({PACKAGE}, 122 MB)"):
        packages = _download()
        for package in packages:
            subprocess.run(["dpkg", "-x", package, paths.prefix()], check=True)
        # The browser asks for it and reports an error when it is missing.
        missing = (
            site_dir()
            / "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
        )
        missing.parent.mkdir(parents=True, exist_ok=True)
        missing.touch()
        mark.write_text(packages[0].name.split("_")[1])
    say(f"    Odoo package version {version()}")
