"""Patterns that must not occur, in three tables, and the search for them.

Linters don't know what Odoo 19 dropped without a word (``_sql_constraints`` is simply
ignored) nor what this project has agreed on. A rule names the files it looks at and,
with a reason each, the files that may break it.
"""

import fnmatch
import re
import subprocess
from typing import NamedTuple

from . import paths

ADDON_CODE = ("therapy_*/*.py",)
ADDON_ANY = ("therapy_*/*.py", "therapy_*/*.xml", "therapy_*/*.csv")
XML = ("therapy_*/*.xml",)
JS = ("therapy_*/*.js",)
TESTS = "therapy_*/tests/*"
SANDBOX = "therapy_stripe/stripe_sandbox/*"
EVERYTHING = ("*",)
OURSELVES = {"setup/toolkit/greps.py", "tests/test_greps.py"}
BINARY = (".png", ".jpg", ".ico", ".pdf", ".woff", ".woff2", ".gz", ".zip")


class Rule(NamedTuple):
    """One forbidden pattern.

    ``files`` and the keys of ``but`` are globs on the path in the clone (``*`` also
    matches ``/``); the values of ``but`` say why those files may.
    """

    pattern: str
    message: str
    files: tuple = ADDON_CODE
    but: dict = {}


OLD_ODOO = (
    Rule(r"_sql_constraints", "ignored by 19.0: use models.Constraint"),
    Rule(r"\bself\._(cr|uid|context)\b", "use self.env.cr, .uid, .context"),
    Rule(r"""\btype=["']json["']""", "use type='jsonrpc'"),
    Rule(r"check_access_(rights|rule)\b", "use check_access or has_access"),
    Rule(r"(?<!_)\bread_group\(", "use _read_group"),
    Rule(r"\bgroup_operator=", "use aggregator="),
    Rule(r"\bname_get\b", "use _compute_display_name"),
    Rule(r"\bodoo\.osv\b|\bodoo\.orm\b", "import Domain from odoo.fields"),
    Rule(r"@api\.(multi|one|returns|model_create_single)\b", "gone from odoo.api"),
    Rule(r"\bgroups_id\b", "use group_ids or all_group_ids", ADDON_ANY),
    Rule(r"\b(numbercall|doall)\b", "ir.cron has no such field", ADDON_ANY),
    Rule(r"<tree\b|</tree>|view_mode.*\btree\b", "use <list>", XML),
    Rule(r"\bt-(esc|raw)=", "use t-out", XML),
    Rule(r"\battrs=|\bstates=", "use invisible=, readonly=, required=", XML),
    Rule(r'kanban-box|class="oe_chatter"', "use t-name='card', <chatter/>", XML),
    Rule(r"\bpublicWidget\b|\bodoo\.define\b", "use an Interaction, a module", JS),
)

THIS_PROJECT = (
    Rule(
        r"\.sudo\((?!False)[^#]*$",
        "a sudo() says why in a comment on its own line",
        but={TESTS: "a test raises rights to prepare what it then checks without"},
    ),
    Rule(r"\.sudo\(", "no sudo() in a template: prepare the value in Python", XML),
    Rule(
        r"commercial_partner_id",
        "two parents of one household would see each other's bills (D3)",
        (*ADDON_CODE, *XML),
        but={TESTS: "tests show what core does with it"},
    ),
    Rule(
        r"\b(amount|residual|balance|debit|credit|fee|price)"
        r"(_(total|residual|subtotal|untaxed|tax|due|unit|currency|left|paid))*"
        r"(\)|\b)\s*(==|!=)\s",
        "compare amounts with currency.compare_amounts or is_zero",
        but={
            TESTS: "assertEqual and friends; hypothesis compares whole cents",
            SANDBOX: "the processor's amounts are whole cents",
            "therapy_*/tools/*": "no floats there: whole cents and decimals",
        },
    ),
    Rule(
        r"(?<![\w.])round\(",
        "round money with currency.round, once (M1)",
        but={SANDBOX: "the processor's amounts are whole cents"},
    ),
    Rule(
        r"\b(datetime|date)\.(now|today|utcnow)\(|\btime\.time\(",
        "time comes from tools/clock.py only",
        but={
            TESTS: "tests set the clock",
            SANDBOX: "another process with its own clock",
        },
    ),
    Rule(
        r"\bfields\.(Datetime|Date)\.(now|today)\(",
        "time comes from tools/clock.py only",
        but={
            TESTS: "tests set the clock",
            "therapy_*/tools/clock.py": "this is the one function",
        },
    ),
    Rule(
        r"\b(requests\.(get|post|put|delete|request|Session)|urlopen|http\.client)\b",
        "only the adapter of a provider talks to the network",
        but={
            TESTS: "tests ask the sandbox by raw HTTP",
            SANDBOX: "it is a server, and it delivers webhooks",
        },
    ),
    Rule(r"\bin self\._fields\b|\bhasattr\(self\b", "call a hook of the other addon"),
    Rule(
        r"\b(TODO|FIXME|XXX)\b", "finish it, or write it down as an issue", EVERYTHING
    ),
    Rule(
        r"\bskipTest\b|unittest\.skip|pytest\.mark\.(skip|xfail)|\bimportorskip\b",
        "no test of ours is skipped",
        ("*.py",),
    ),
)

MACHINE = (
    Rule(
        r"(?<![\w.*}])/(work|root|home|tmp|var/cache)/[\w.]",
        "a path of one machine",
        EVERYTHING,
        but={"setup/*": "the commands choose where the cache lies"},
    ),
    Rule(
        r"https?://[^\s\"')]*(debian|pypi|pythonhosted|npmjs|nodesource)",
        "no host of a package registry: the machine's own settings know it",
        EVERYTHING,
    ),
    Rule(
        r"\.\./share[d]\b|\bdesign\.m[d]\b|\bresearch/\w+\.md",
        "the clone must be understood alone",
        EVERYTHING,
    ),
    Rule(r'"resolved":', "a lock file names no host", ("package-lock.json",)),
    Rule(r"[ \t]+$", "blanks at the end of the line", EVERYTHING, {"LICENSE": "as is"}),
    Rule(r"\r$", "line ends are LF", EVERYTHING),
    Rule(r"^(<<<<<<<|>>>>>>>|=======$)", "a merge conflict", EVERYTHING),
)


def repository_files():
    """Return the files of the clone, committed or new, as paths relative to it."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=paths.REPO,
        capture_output=True,
        check=True,
    )
    names = sorted(name for name in done.stdout.decode().split("\0") if name)
    return [name for name in names if (paths.REPO / name).is_file()]


def _matches(name, globs):
    return any(fnmatch.fnmatchcase(name, glob) for glob in globs)


def search(rules):
    """Return ``path:line: message`` for each place where a rule is broken."""
    compiled = [(re.compile(rule.pattern), rule) for rule in rules]
    found = []
    for name in repository_files():
        active = [
            (pattern, rule)
            for pattern, rule in compiled
            if _matches(name, rule.files) and not _matches(name, rule.but)
        ]
        if not active or name.endswith(BINARY) or name in OURSELVES:
            continue
        text = (paths.REPO / name).read_bytes().decode("utf-8", errors="replace")
        for number, line in enumerate(text.split("\n"), 1):
            found += [
                f"{name}:{number}: {rule.message}: {line.strip()[:60]}"
                for pattern, rule in active
                if pattern.search(line)
            ]
    return found
