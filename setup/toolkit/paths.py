"""Where things are: the clone, and everything that is kept outside of it."""

import hashlib
import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
ADDONS = ("therapy_billing", "therapy_portal", "therapy_stripe")
STORIES = REPO / "tests" / "stories"


def cache():
    """Return the folder that holds all that is installed, outside the clone."""
    if explicit := os.environ.get("THERAPY_CACHE"):
        return Path(explicit)
    if os.geteuid() == 0:
        return Path("/var/cache/therapy-billing")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "therapy-billing"


def prefix():
    """Return the folder Debian packages are unpacked into."""
    return cache() / "prefix"


def venv_python():
    """Return the interpreter of the virtual environment."""
    return cache() / "venv" / "bin" / "python"


def run_dir():
    """Return the folder of sockets, pid files and logs (a short path)."""
    return cache() / "run"


def clone_id():
    """Return a few letters that tell this clone from others on the same machine."""
    return hashlib.sha256(str(REPO).encode()).hexdigest()[:6]


def files_of(*roots):
    """Yield every file below the roots that can change what is served."""
    for root in roots:
        for path in sorted(Path(root).rglob("*")):
            parts = path.parts
            if path.is_file() and "__pycache__" not in parts and ".git" not in parts:
                yield path


def digest(*roots):
    """Return a short hash of the content and names of all files below the roots."""
    result = hashlib.sha256()
    for path in files_of(*roots):
        result.update(str(path.relative_to(REPO)).encode())
        result.update(path.read_bytes())
    return result.hexdigest()[:12]
