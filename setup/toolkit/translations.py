"""``./setup/odoo pot``: the translation templates of our addons, from the code."""

import re
import subprocess

from . import demo, environment, machine, odoo, paths, postgres
from .console import Stop, say

DATES = re.compile(r'"PO(T-Creation|-Revision)-Date: [^"]*"\n')


def export():
    """Write each addon's ``i18n/ADDON.pot`` anew, unless only its dates would change.

    :raise Stop: Odoo could not export.
    """
    database = demo.base_database()
    host, port, user = postgres.connection()
    config = paths.run_dir() / "pot.conf"
    config.write_text(
        "[options]\n"
        f"addons_path = {odoo.addons_path()}\n"
        f"db_host = {host}\ndb_port = {port}\ndb_user = {user}\n"
    )
    for addon in paths.ADDONS:
        done = subprocess.run(
            [paths.venv_python(), "-m", "odoo", "i18n", "export", "-c", config]
            + ["-d", database, "-l", "pot", "-o", "-", addon],
            env=environment.variables(**postgres.variables()),
            cwd=paths.run_dir(),
            capture_output=True,
            text=True,
            **machine.as_account(),
        )
        if done.returncode or "msgid" not in done.stdout:
            raise Stop(f"Odoo could not export {addon}: {done.stderr[-1500:]}")
        target = paths.REPO / addon / "i18n" / f"{addon}.pot"
        old = target.read_text() if target.exists() else ""
        if DATES.sub("", old) != DATES.sub("", done.stdout):
            target.parent.mkdir(exist_ok=True)
            target.write_text(done.stdout)
            say(f"  {target.relative_to(paths.REPO)}")
