"""The commands in setup/: what they say when something is missing or in the way."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest
from toolkit import (
    expected,
    machine,
    odoo,
    odoo_log,
    odoo_source,
    paths,
    postgres,
    practice_maker,
    services,
    suite,
)
from toolkit.console import Stop

REPO = Path(__file__).resolve().parents[1]
LOG = """\
2026-11-22 10:00:00,000 1 INFO db x.test_a: Starting TestA.test_one ...
2026-11-22 10:00:00,000 1 INFO db x.test_a: Starting TestA.test_two ...
2026-11-22 10:00:00,000 1 ERROR db x.test_a: FAIL: TestA.test_two
2026-11-22 10:00:00,000 1 INFO db x.test_a: skipped TestA.test_b : why
2026-11-22 10:00:00,000 1 WARNING db odoo.models: something odd
2026-11-22 10:00:00,000 1 INFO db odoo.tests.result: 1 failed, 0 error(s) of 2 tests
"""


def run(command, *arguments, **env):
    """Run one of the commands with changed variables."""
    return subprocess.run(
        [REPO / "setup" / command, *arguments],
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_demo_practice_is_what_its_maker_makes(tmp_path, monkeypatch):
    monkeypatch.setattr(practice_maker, "FOLDER", tmp_path)
    practice_maker.main()
    for name in ("services.csv", "payers.csv", "schedule.csv", "expected.json"):
        kept = (REPO / "setup/practice" / name).read_text()
        assert (tmp_path / name).read_text() == kept, name


def test_the_demo_practice_is_large_enough():
    figures = json.loads((REPO / "setup/practice/expected.json").read_text())
    assert figures["sessions"] >= 300
    assert figures["patients"] >= 60
    assert figures["by_type"].keys() == {
        "Appointment",
        "Cancelled",
        "Missed Appointment",
    }


@pytest.mark.parametrize(
    ("cents", "weights", "parts"),
    [
        (101, [50, 50], [51, 50]),
        (100, [33, 67], [33, 67]),
        (1, [70, 30], [1, 0]),
        (10, [1, 1, 1], [4, 3, 3]),
    ],
)
def test_the_second_opinion_splits_to_the_cent(cents, weights, parts):
    assert expected.split(cents, weights) == parts


def test_the_second_opinion_counts_wrong_rows(tmp_path):
    for name in ("services.csv", "payers.csv"):
        (tmp_path / name).write_bytes((REPO / "setup/practice" / name).read_bytes())
    lines = (REPO / "setup/practice/schedule.csv").read_text().splitlines()
    wrong = lines[1].replace(",11/", ",13/", 1).replace("D-", "X-", 1)
    other = lines[1].rsplit(",", 2)[0] + ",99,changed"
    (tmp_path / "schedule.csv").write_text("\n".join([*lines, lines[1], wrong, other]))
    before = json.loads((REPO / "setup/practice/expected.json").read_text())
    after = expected.compute(tmp_path)
    assert after["rejected_rows"] == 2, "the repeated row is none"
    assert after["billed_cents"] == before["billed_cents"]


def test_a_log_is_judged_by_failures_skips_and_noise(tmp_path):
    path = tmp_path / "log"
    path.write_text(LOG)
    verdict = odoo_log.read(path)
    assert (verdict.tests, verdict.failed) == (2, 1)
    assert verdict.problems() == [
        "FAIL: TestA.test_two",
        "skipped: TestA.test_b: why",
        "log: WARNING odoo.models: something odd",
    ]


def test_a_run_without_tests_is_not_green(tmp_path):
    path = tmp_path / "log"
    path.write_text("")
    assert odoo_log.read(path).problems() == ["no test was run"]


def test_a_stage_that_does_not_exist_is_refused_beside_one_that_does(monkeypatch):
    monkeypatch.setattr(odoo, "ready", lambda: pytest.fail("it should not start"))
    with pytest.raises(Stop, match="Nothing is called chaoss"):
        suite.main(["static", "chaoss"])


def test_a_commit_is_tested_with_the_same_random_cases_everywhere():
    assert suite.get_seed() == suite.get_seed()
    assert 0 <= int(suite.get_seed()) < 10**6


def test_every_word_names_a_stage():
    for word in suite.WORDS:
        assert list(suite.stages({word})), word


def test_a_core_defect_that_passes_on_core_is_a_failure(tmp_path):
    path = tmp_path / "log"
    path.write_text(LOG)
    result = suite.judge_core_only(odoo_log.read(path), path)
    assert (result.passed, result.failed) == (1, 1)


def test_cores_suites_may_fail_only_where_the_list_says_so(tmp_path, monkeypatch):
    path, listed = tmp_path / "log", tmp_path / "list"
    path.write_text(LOG.replace("WARNING", "INFO"))
    monkeypatch.setattr(suite, "CORE_EXCEPTIONS", listed)
    for names, failed in (
        ("TestA.test_two", 0),
        ("", 1),
        ("TestA.test_two\nTestA.test_one", 1),
        ("TestA.test_two\nTestA.test_gone", 1),
    ):
        listed.write_text(f"# why\n{names}\n")
        result = suite.judge_core_suites(odoo_log.read(path), path)
        assert (result.passed, result.failed) == (1, failed), names


def test_a_taken_port_gives_the_next_free_one(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert services.free_port(port) > port
    assert f"port {port} is taken" in capsys.readouterr().out


def test_the_database_user_postgres_is_refused(monkeypatch):
    monkeypatch.setenv("PGHOST", "/somewhere")
    monkeypatch.setenv("PGUSER", "postgres")
    with pytest.raises(Stop, match="refuses"):
        postgres.connection()


def test_a_server_of_ones_own_is_used(monkeypatch):
    monkeypatch.setenv("PGHOST", "/somewhere")
    monkeypatch.setenv("PGPORT", "6000")
    monkeypatch.setenv("PGUSER", "me")
    assert postgres.connection() == ("/somewhere", "6000", "me")


def test_an_odoo_source_without_odoo_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("ODOO_SRC", str(tmp_path))
    with pytest.raises(Stop, match="holds no Odoo"):
        odoo_source.site_dir()


def test_a_full_disk_stops_the_installation(monkeypatch, tmp_path):
    monkeypatch.setenv("THERAPY_CACHE", str(tmp_path / "new"))
    monkeypatch.setattr(machine, "MINIMUM_FREE_GB", 10**9)
    with pytest.raises(Stop, match="GB are free"):
        machine.check_space()


def test_missing_packages_are_named_without_root(monkeypatch):
    monkeypatch.setattr(machine, "DEBIAN_PACKAGES", {"no-such-package": "no-such-cmd"})
    monkeypatch.setattr(machine.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    with pytest.raises(Stop, match="apt-get install no-such-package"):
        machine.install_packages()


def test_a_python_that_odoo_cannot_use_is_refused(monkeypatch):
    class Old:
        returncode, stdout = 0, "9"

    monkeypatch.setattr(machine.subprocess, "run", lambda *a, **k: Old)
    with pytest.raises(Stop, match="between 3.10 and 3.13"):
        machine.python()


def test_a_mirror_without_odoo_ends_in_words(monkeypatch, tmp_path):
    monkeypatch.setenv("THERAPY_CACHE", str(tmp_path))

    class Failed:
        returncode, stderr = 100, "E: Unable to locate package odoo-19"

    monkeypatch.setattr(odoo_source.subprocess, "run", lambda *a, **k: Failed)
    with pytest.raises(Stop, match="Set ODOO_SRC"):
        odoo_source._download()


def test_a_practice_without_its_files_is_refused(tmp_path):
    done = run("demo", "--check", "--practice", str(tmp_path))
    assert done.returncode == 1
    assert "holds no schedule.csv" in done.stderr


def test_practice_alone_is_refused():
    done = run("demo", "--practice", "x")
    assert done.returncode == 1
    assert "goes with --check" in done.stderr


def test_the_fingerprint_changes_with_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "REPO", tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.py").write_text("1")
    first = paths.digest(tmp_path / "a")
    (tmp_path / "a" / "x.py").write_text("2")
    assert paths.digest(tmp_path / "a") != first
