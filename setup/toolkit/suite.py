"""``./setup/test``: every check of the project, with one verdict.

Stages run one after the other, except that the two Odoo runs share the two cores a
small machine has. The verdict comes from exit codes and counts: a stage that ran no
test, skipped one of ours or left an unexpected warning in the log has failed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

from . import console, environment, odoo, odoo_log, paths, postgres, services

# Name -> modules to install; the tests of exactly these run.
ODOO_RUNS = {
    "billing_portal": ("therapy_billing", "therapy_portal"),
    "stripe": ("therapy_stripe",),
}
STORIES = "therapy_stories"
# What may be asked for; a word that names nothing must not pass for a green run.
WORDS = {
    *("static", "unit", "tests", "sandbox", "odoo", *paths.ADDONS, "stories", "core"),
    *("core-only", "check", "demo", "chaos", "bench"),
}
# Large enough to run every line of a benchmark, too small to say anything.
BENCH_SIZE = 50
# Enough for a kill in each window.
CHAOS_SIZE, CHAOS_SEED = 60, 20261122
# Odoo's own suites that must hold beside our addons, and the tests that cannot.
CORE_SUITES = ("payment", "payment_stripe", "account_payment")
CORE_EXCEPTIONS = paths.REPO / "setup" / "core_tests.txt"


class Result:
    """What one stage found."""

    def __init__(self, name, passed, failed, problems=(), log=None):
        self.name, self.passed, self.failed = name, passed, failed
        self.problems, self.log = list(problems), log


def _file(name, kind):
    """Return a file of this clone's test run: two clones may be tested at once."""
    return paths.run_dir() / f"test-{paths.clone_id()}-{name}.{kind}"


def run_odoo(name, modules, tags, *, stories=False):
    """Install modules on a fresh copy of core's database and run their tests."""
    from . import static

    database = f"test_{name}_{paths.clone_id()}"
    log = _file(name, "log")
    odoo.copy_database(odoo.core_database(), database)
    with log.open("wb") as file:
        done = odoo.run(
            *("-d", database, "-i", ",".join(modules), "--test-tags", tags),
            *("--stop-after-init", "--max-cron-threads", "0"),
            *("--http-port", services.free_port(), "--http-interface", "127.0.0.1"),
            stories=stories,
            env={"THERAPY_AXE": static.axe()} if stories else None,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    verdict = odoo_log.read(log)
    odoo.drop_database(database)
    problems = verdict.problems()
    if done.returncode and not problems:
        problems.append(f"Odoo ended with code {done.returncode}")
    failed = max(verdict.failed, 1 if problems else 0)
    return Result(name, verdict.tests - verdict.failed, failed, problems, log)


def run_core_suites():
    """Run Odoo's own suites with our addons installed.

    The suites' modules are updated in the same run, or Odoo would not run their tests.
    """
    name = "core_suites"
    database, log = f"test_{name}_{paths.clone_id()}", _file(name, "log")
    odoo.copy_database(odoo.core_database(), database)
    with log.open("wb") as file:
        odoo.run(
            *("-d", database, "-i", ",".join(paths.ADDONS)),
            *("-u", ",".join(CORE_SUITES)),
            *("--test-tags", ",".join(f"/{module}" for module in CORE_SUITES)),
            *("--stop-after-init", "--max-cron-threads", "0"),
            *("--http-port", services.free_port(), "--http-interface", "127.0.0.1"),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    odoo.drop_database(database)
    return judge_core_suites(odoo_log.read(log), log)


def core_exceptions():
    """Return the names of core's tests that cannot hold, from the list in the repo."""
    lines = CORE_EXCEPTIONS.read_text().splitlines()
    return {line.strip() for line in lines if line.strip() and line[0] != "#"}


def judge_core_suites(verdict, log):
    """Turn core's own suites into a result; what core itself skips is core's matter.

    A failure that is not on the list counts, and so does a test on the list that passes
    or is gone: a list that says more than is true hides the next failure.
    """
    listed = core_exceptions()
    problems = [
        f"{kind}: {name}"
        for name, kind in verdict.failures.items()
        if name not in listed
    ]
    problems += [
        f"{name}: is on the list {CORE_EXCEPTIONS.name}, but "
        + ("passes" if name in verdict.started else "was not run")
        for name in sorted(listed - {*verdict.failures})
    ]
    problems += [f"log: {line}" for line in verdict.noise]
    if not verdict.tests:
        problems.append("no test was run")
    passed = verdict.tests - len(verdict.failures)
    return Result("core's own suites", passed, len(problems), problems, log)


def run_pytest(name, *arguments):
    """Run pytest in the virtual environment and count from its report."""
    report, log = _file(name, "xml"), _file(name, "log")
    report.unlink(missing_ok=True)
    with log.open("wb") as file:
        done = subprocess.run(
            [paths.venv_python(), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
            + [f"--junitxml={report}", *arguments],
            cwd=paths.REPO,
            env=environment.variables(**postgres.variables()),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    if not report.exists():
        return Result(name, 0, 1, ["pytest did not run"], log)
    suite = ElementTree.parse(report).getroot().find("testsuite")
    total, skipped = int(suite.get("tests")), int(suite.get("skipped"))
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    problems = [
        f"{kind.tag}: {case.get('classname')}.{case.get('name')}"
        for case in suite.iter("testcase")
        for kind in case
        if kind.tag in ("failure", "error", "skipped")
    ]
    if done.returncode and not problems:
        problems.append(f"pytest ended with code {done.returncode}")
    bad = failed + skipped or (1 if problems else 0)
    return Result(name, total - failed - skipped, bad, problems, log)


def run_static():
    """Run the static checks; each is one test."""
    from . import static

    checks = static.run()
    problems = [f"{name}:\n{output}" for name, ok, output in checks if not ok]
    return Result("static", len(checks) - len(problems), len(problems), problems)


def run_check():
    """Run the demo's main job in a real browser; each step is one test."""
    from . import demo

    passed, failed = demo.check([])
    return Result("demo --check", passed, failed, ["see above"] if failed else [])


def run_bench():
    """Run every benchmark at a small size: that it runs and prints is one test each.

    Figures of a small run on a busy machine say nothing, so none is judged.
    """
    from . import bench

    problems, good = [], 0
    for name, group in bench.groups().items():
        try:
            found = bench.run_group(name, group, BENCH_SIZE)
        except console.Stop as error:
            problems.append(f"{name}: {error}")
            continue
        good += bool(found)
        for row in found:
            console.say(f"    {' '.join(row.cells())}")
        if not found:
            problems.append(f"{name}: no row")
    return Result("bench", good, len(problems), problems)


def run_chaos():
    """Charge cards while everything breaks, with a fixed seed; each count is a test."""
    from . import chaos

    name = f"chaos, {CHAOS_SIZE} charges"
    try:
        found = chaos.run(CHAOS_SIZE, CHAOS_SEED, kills=1)
    except console.Stop as error:
        return Result(name, 0, 1, [str(error)])
    for line in found.lines():
        console.say(f"    {line}")
    problems = found.problems()
    return Result(name, found.size() - len(problems), len(problems), problems)


def run_core_only():
    """Run the tests of core's defects on core alone: each of them must fail.

    They are put into an addon of their own that depends on core's addons only.
    """
    root = paths.run_dir() / f"core-only-{paths.clone_id()}"
    shutil.rmtree(root, ignore_errors=True)
    tests = root / "core_defects" / "tests"
    tests.mkdir(parents=True)
    names = []
    for addon in paths.ADDONS:
        for source in sorted((paths.REPO / addon / "tests/core_defects").glob("*.py")):
            name = source.stem if source.stem == "common" else f"{source.stem}_{addon}"
            if source.name == "__init__.py":
                continue
            shutil.copy(source, tests / f"{name}.py")
            names += [name] if name.startswith("test_") else []
    (root / "core_defects" / "__init__.py").touch()
    (tests / "__init__.py").write_text(f"from . import {', '.join(names)}\n")
    depends = [name for name in odoo.CORE_MODULES.split(",")]
    (root / "core_defects" / "__manifest__.py").write_text(
        repr({"name": "core_defects", "depends": depends, "license": "LGPL-3"})
    )
    database, log = f"test_core_only_{paths.clone_id()}", _file("core-only", "log")
    odoo.copy_database(odoo.core_database(), database)
    command = odoo.command(
        *("-d", database, "-i", "core_defects", "--test-tags", "/core_defects"),
        *("--stop-after-init", "--max-cron-threads", "0"),
        *("--http-port", services.free_port(), "--http-interface", "127.0.0.1"),
        ours=False,
    )
    command[3] += f",{root}"
    with log.open("wb") as file:
        subprocess.run(
            command,
            env=environment.variables(**postgres.variables()),
            cwd=paths.run_dir(),
            stdout=file,
            stderr=subprocess.STDOUT,
            **odoo.machine.as_account(),
        )
    odoo.drop_database(database)
    verdict = odoo_log.read(log)
    return judge_core_only(verdict, log)


def judge_core_only(verdict, log):
    """Turn "each test failed" into a result; an error is not a failed assertion."""
    good = [name for name in verdict.started if verdict.failures.get(name) == "FAIL"]
    problems = [
        f"{name}: {verdict.failures.get(name, 'passes on core alone')}"
        for name in verdict.started
        if name not in good
    ]
    for name in good:
        console.say(f"    fails on core alone, as it should: {name}")
    if not verdict.started:
        problems.append("no test was run")
    return Result("core only", len(good), len(problems), problems, log)


def stages(wanted):
    """Yield (name, function returning results) of the stages asked for."""

    def chosen(*names):
        return not wanted or set(names) & wanted

    if chosen("static"):
        yield "static checks", lambda: [run_static()]
    if chosen("unit", "tests", "sandbox"):
        target = "tests/sandbox" if "sandbox" in wanted else "tests"
        yield (
            "tests without Odoo",
            lambda: [run_pytest("unit", target, "--ignore=tests/stories")],
        )
    runs = {
        name: modules for name, modules in ODOO_RUNS.items() if chosen("odoo", *modules)
    }
    if chosen("stories"):
        runs["stories"] = (*paths.ADDONS, STORIES)
    if chosen("core"):
        runs["core"] = CORE_SUITES
    if runs:
        yield (
            "Odoo, two runs at a time: " + ", ".join(runs),
            lambda: odoo_runs(runs, wanted),
        )
    others = {
        ("core-only",): ("core's defects, on core alone", run_core_only),
        ("check", "demo"): ("the main job in a browser", run_check),
        ("chaos",): ("charges under kills and storms", run_chaos),
        ("bench",): ("benchmarks, run small and not judged", run_bench),
    }
    for names, (title, function) in others.items():
        if chosen(*names):
            yield title, lambda function=function: [function()]


def odoo_runs(runs, wanted):
    """Run the Odoo suites, two at a time."""
    odoo.core_database()

    def one(item):
        name, modules = item
        if name == "core":
            return run_core_suites()
        if name == "stories":
            return run_odoo(name, modules, f"/{STORIES}", stories=True)
        tested = [module for module in modules if module in wanted] or modules
        tags = ",".join(f"/{module}" for module in tested)
        return run_odoo(name, tested, tags)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, runs.items()))


def report(result):
    """Print what a stage found."""
    console.say(f"    {result.name}: {result.passed} passed, {result.failed} failed")
    for problem in result.problems[:40]:
        console.say(f"      {problem}")
    if result.problems and result.log:
        console.say(f"      log: {result.log}")


def get_seed():
    """Return the seed of the random tests: the committed files decide.

    Each commit tries other cases, and the same commit the same ones wherever it is
    tested: what was green here does not fail there by chance.
    """
    done = subprocess.run(
        ["git", "rev-parse", "HEAD^{tree}"],
        cwd=paths.REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    return str(int(done.stdout[:8] or "1", 16) % 10**6)


def main(arguments):
    """Run ``./setup/test`` and return its exit code."""
    parser = argparse.ArgumentParser(prog="./setup/test", description=__doc__)
    parser.add_argument(
        "what",
        nargs="*",
        help="static, unit, sandbox, odoo, an addon's name, stories, core (Odoo's own "
        "suites beside our addons), core-only, check, chaos, bench; nothing means all",
    )
    parser.add_argument(
        "--core-only",
        action="store_true",
        help="run the tests of core's defects on core alone; each must fail",
    )
    options = parser.parse_args(arguments)
    wanted = set(options.what) | ({"core-only"} if options.core_only else set())
    if unknown := sorted(wanted - WORDS):
        raise console.Stop(f"Nothing is called {', '.join(unknown)}: see --help.")
    begin = time.monotonic()
    seed = os.environ.setdefault("THERAPY_SEED", get_seed())
    console.say(f"THERAPY_SEED={seed} (of this commit; set another to try other cases)")
    odoo.ready()
    passed = failed = 0
    for name, function in stages(wanted):
        console.say(f"== {name}")
        start = time.monotonic()
        for result in function():
            report(result)
            passed, failed = passed + result.passed, failed + result.failed
        console.say(f"   {time.monotonic() - start:.0f} s")
    failed = failed or int(not passed)  # nothing was run
    console.say(f"\nall in {time.monotonic() - begin:.0f} s")
    console.say(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
