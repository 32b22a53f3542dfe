"""``./setup/demo``: the product on a practice of its own, in one command."""

import argparse
import json
import os
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

from . import console, environment, odoo, paths, postgres, services
from .console import Stop, say, step

DATABASE = "therapy_demo"
# Templates of each kind that stay when another one is made.
KEPT_TEMPLATES = 4
PRACTICE = paths.REPO / "setup" / "practice"
SETUP_SCRIPT = Path(__file__).with_name("demo_setup.py")
LOGINS = (
    ("biller", "biller", "the practice's biller: imports, bills, shares, charges"),
    ("manager", "manager", "the manager: also services, rates, rules"),
    ("clinician", "clinician", "a clinician: own patients' sessions, no money"),
    ("accountant", "accountant", "reads everything, changes nothing"),
    ("admin", "admin", "Odoo's settings, the practice's, the card processor"),
)


def fingerprint():
    """Return the hash of all that decides what the demo's database looks like."""
    roots = [paths.REPO / name for name in paths.ADDONS]
    return paths.digest(*roots, PRACTICE, SETUP_SCRIPT)


def _shell(database, script):
    """Run a Python script in Odoo's shell; it must commit what shall stay."""
    done = odoo.run(
        *("shell", "-d", database, "--no-http", "--log-level", "warn"),
        *("--max-cron-threads", "0"),
        input=script,
        capture_output=True,
        text=True,
    )
    if done.returncode or "Traceback" in done.stderr:
        raise Stop(f"The demo's data could not be made:\n{done.stderr[-3000:]}")


def base_database():
    """Return a database with our addons, users and settings, but no practice data."""
    name = f"base_{fingerprint()}"
    if name in postgres.databases():
        return name
    _forget("base_")
    mark = f"building_{paths.clone_id()}"
    odoo.copy_database(odoo.core_database(), mark)
    with step("Database with the three addons"):
        done = odoo.run(
            *("-d", mark, "-i", ",".join(paths.ADDONS), "--stop-after-init"),
            *("--no-http", "--log-level", "warn", "--max-cron-threads", "0"),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Stop(f"The addons could not be installed:\n{done.stderr[-3000:]}")
        _shell(mark, SETUP_SCRIPT.read_text() + "\nset_up_practice(env)\n")
    _keep(mark, name)
    return name


def demo_database():
    """Return a database with the whole demo practice in it, as a template."""
    name = f"full_{fingerprint()}"
    if name in postgres.databases():
        return name
    base = base_database()
    _forget("full_")
    mark = f"building_{paths.clone_id()}"
    odoo.copy_database(base, mark)
    with step("Practice: 64 patients, two weeks of sessions, a billing run"):
        script = (
            SETUP_SCRIPT.read_text() + f"\nfill_practice(env, {str(_readable())!r})\n"
        )
        _shell(mark, script)
    _keep(mark, name)
    return name


def _readable():
    """Return the practice's folder where the servers' account can read it."""
    return odoo.checkout() / "setup" / "practice"


def _keep(mark, name):
    postgres.sql("postgres", f'ALTER DATABASE "{mark}" RENAME TO "{name}"')
    odoo.copy_filestore(mark, name, move=True)


def _forget(prefix):
    """Drop templates of earlier states of the addons; other clones use theirs."""
    found = postgres.sql(
        "postgres",
        f"SELECT datname FROM pg_database WHERE starts_with(datname, '{prefix}') "
        "ORDER BY oid DESC",
    )
    for name in found.split()[KEPT_TEMPLATES:]:
        odoo.drop_database(name)


def connect(info, login="admin", password="admin"):  # noqa: S107 - the demo's own
    """Return a function that calls a model's method as a user of the demo.

    It speaks as the web client does: Odoo 19 reports its older external interfaces
    as deprecated, and the newer one wants an API key.
    """
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()
    )

    def post(path, **params):
        request = urllib.request.Request(
            info["odoo"] + path,
            json.dumps({"jsonrpc": "2.0", "params": params}).encode(),
            {"Content-Type": "application/json"},
        )
        with opener.open(request, timeout=60) as response:
            answer = json.load(response)
        if error := answer.get("error"):
            raise Stop(f"{path}: {error['data'].get('debug') or error['message']}")
        return answer.get("result")  # a method that returns nothing has none

    post(
        "/web/session/authenticate",
        db=info["database"],
        login=login,
        password=password,
    )

    def call(model, method, *arguments, **keywords):
        return post(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=list(arguments),
            kwargs=keywords,
        )

    return call


def configure(info):
    """Tell the running Odoo the addresses of this start: its own, mail, sandbox."""
    call = connect(info)
    for key, value in (
        ("web.base.url", info["odoo"]),
        ("web.base.url.freeze", "True"),
    ):
        call("ir.config_parameter", "set_param", key, value)
    servers = call("ir.mail_server", "search", [("name", "=", "Demo")])
    call("ir.mail_server", "write", servers, {"smtp_port": info["smtp_port"]})
    providers = call("payment.provider", "search", [("code", "=", "stripe")])[:1]
    call(
        "payment.provider",
        "write",
        providers,
        {
            "therapy_stripe_api_base": info["sandbox"],
            "therapy_stripe_js_url": f"{info['sandbox']}/endive/stripe.js",
            "state": "test",
        },
    )
    call("payment.provider", "action_stripe_create_webhook", providers)


def start(database, name, port, *, keep):
    """Start the sandbox, the mail catcher and Odoo; return the running services."""
    running = services.Services(name)
    running.stop()
    try:
        with step("Stripe sandbox and mail catcher"):
            running.start_companions(keep=keep)
        with step("Odoo"):
            running.start_odoo(database, port)
            configure(running.info)
    except BaseException:
        running.stop()
        raise
    running.save()
    return running


def _announce(info):
    port = info["odoo"].rsplit(":", 1)[1]
    mail = info["mail"].rsplit(":", 1)[1]
    api = info["sandbox"].rsplit(":", 1)[1]
    say(f"\n  The practice        {info['odoo']}")
    say(f"  Pay without a login {info['odoo']}/pay")
    say(f"  Mails it sent       {info['mail']}")
    say("\n  login and password are the same word:")
    for login, _password, what in LOGINS:
        say(f"    {login:<12} {what}")
    for login in info.get("guarantors", ()):
        say(f"    {login} (password: guarantor), a parent in the portal")
    say("\n  On a remote machine, open a tunnel from yours first:")
    say(
        f"    ssh -L {port}:127.0.0.1:{port} -L {mail}:127.0.0.1:{mail} "
        f"-L {api}:127.0.0.1:{api} USER@MACHINE"
    )
    say("\n  ./setup/demo --stop ends it, --reset begins anew.")


def serve():
    """Start the demo, or show the one that runs."""
    services_ = services.Services("demo")
    state = paths.run_dir() / "demo.fingerprint"
    wanted = fingerprint()
    current = state.read_text() if state.exists() else None
    if (info := services_.load()) and current == wanted:
        _announce(info)
        return 0
    services_.stop()
    if current != wanted or DATABASE not in postgres.databases():
        template = demo_database()
        if current and current != wanted:
            say("    The addons changed: the demo begins with fresh data.")
        (paths.run_dir() / "demo-sandbox.json").unlink(missing_ok=True)
        odoo.copy_database(template, DATABASE)
        state.write_text(wanted)
    port = services.free_port(int(os.environ.get("PORT", "8069")))
    running = start(DATABASE, "demo", port, keep=True)
    call = connect(running.info)
    parents = call(
        "res.users", "search_read", [("share", "=", True), ("login", "like", "@")],
        ["login"],
    )  # fmt: skip
    running.save(guarantors=[user["login"] for user in parents])
    _announce(running.info)
    return 0


def _check_name():
    """Return the name of the check's services: two clones may run it at once."""
    return f"check-{paths.clone_id()}"


def check(arguments):
    """Run the main job through the screens; return how many checks passed, failed."""
    parser = argparse.ArgumentParser(prog="./setup/demo --check")
    parser.add_argument("--practice", type=Path, default=PRACTICE)
    options = parser.parse_args(arguments)
    folder = options.practice.resolve()
    for name in ("schedule.csv", "payers.csv", "services.csv"):
        if not (folder / name).is_file():
            raise Stop(
                f"{folder} holds no {name}. --practice wants a folder with "
                "schedule.csv, payers.csv and services.csv (docs/file-formats.md)."
            )
    database = f"therapy_check_{paths.clone_id()}"
    odoo.copy_database(base_database(), database)
    shots = paths.run_dir() / f"screenshots-{paths.clone_id()}"
    shutil.rmtree(shots, ignore_errors=True)
    running = start(database, _check_name(), services.free_port(), keep=False)
    try:
        begin = time.monotonic()
        done = subprocess.run(
            [paths.venv_python(), "-m", "toolkit.check", folder, shots, running.file],
            env=environment.variables(
                **postgres.variables(), PYTHONPATH=paths.REPO / "setup"
            ),
            stdout=subprocess.PIPE,
            text=True,
        )
        lines = done.stdout.splitlines()
        for line in lines:
            say(line)
        say(f"  {time.monotonic() - begin:.0f} s; screenshots: {shots}")
    finally:
        running.stop()
    passed = sum(line.startswith("  ok ") for line in lines)
    failed = sum(line.startswith("  FAILED ") for line in lines)
    return passed, max(failed, 1 if done.returncode else 0)


def main(arguments):
    """Run ``./setup/demo`` and return its exit code."""
    parser = argparse.ArgumentParser(prog="./setup/demo", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="run the main job headless"
    )
    parser.add_argument("--practice", help="another practice's files, with --check")
    parser.add_argument("--stop", action="store_true", help="end the running demo")
    parser.add_argument("--reset", action="store_true", help="begin with fresh data")
    options = parser.parse_args(arguments)
    if options.practice and not options.check:
        raise Stop("--practice goes with --check.")
    if options.stop or options.reset:
        if not (paths.cache() / "venv").exists():
            say("Nothing is installed, so nothing runs.")
            return 0
        services.Services("demo").stop()
        services.Services(_check_name()).stop()
        if options.stop:
            postgres.stop()
            say("Stopped.")
            return 0
        postgres.remove()
    begin = time.monotonic()
    odoo.ready()
    if options.reset:
        for name in postgres.databases():
            if name == DATABASE or name.startswith(("base_", "full_")):
                odoo.drop_database(name)
        (paths.run_dir() / "demo.fingerprint").unlink(missing_ok=True)
    if options.check:
        passed, failed = check(
            ["--practice", options.practice] if options.practice else []
        )
        console.say(f"\n{passed} passed, {failed} failed")
        return 1 if failed else 0
    code = serve()
    say(f"\n  ready in {time.monotonic() - begin:.0f} s")
    return code
