"""The benchmark's own arithmetic and arguments; what it measures needs Odoo."""

import json

import pytest
from toolkit import bench, odoo
from toolkit.bench.result import Row, per_item, table
from toolkit.console import Stop


def test_a_row_is_judged_by_its_ratio():
    good, bad = (Row("a", "ms", 100, ours, 10.0, 1.25) for ours in (12.0, 13.0))
    for row in (good, bad):
        row.judge(small=False)
    assert (good.ok, bad.ok) == (True, False)
    assert "MISSED" in table([bad])[1]


def test_a_small_run_is_not_judged():
    row = Row("a", "ms", 50, 99.0, 1.0, 1.25)
    row.judge(small=True)
    assert row.ok is None
    assert "not judged" in table([row])[1]


def test_a_figure_is_the_median_for_one_item():
    measures = [
        {"label": "batch", "count": 10, "seconds": seconds} for seconds in (1, 9, 2)
    ] + [{"label": "other", "count": 1, "seconds": 100}]
    assert per_item(measures, "batch", scale=1000) == 200


def test_every_group_says_what_it_is():
    for name, group in bench.groups().items():
        assert group.TITLE and group.N >= 50, name
        assert callable(group.ours) and callable(group.core) and callable(group.rows)


def test_an_unknown_group_is_named(monkeypatch):
    monkeypatch.setattr(odoo, "ready", lambda: pytest.fail("it should not start"))
    with pytest.raises(Stop, match="no group rubbish"):
        bench.main(["rubbish"])
    with pytest.raises(Stop, match="10 or more"):
        bench.main(["--n", "3"])


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1), (None, 0)])
def test_a_missed_target_ends_with_one(monkeypatch, tmp_path, capsys, ok, code):
    row = Row("a session", "ms", 100, 10.0, 20.0, 0.6, ok)
    monkeypatch.setattr(odoo, "ready", lambda: None)
    monkeypatch.setattr(bench, "run_group", lambda *_arguments: [row])
    path = tmp_path / "figures.json"
    assert bench.main(["billing", "--json", str(path)]) == code
    assert json.loads(path.read_text()) == {
        "rows": [
            {
                "name": "a session",
                "unit": "ms",
                "n": 100,
                "ours": 10.0,
                "core": 20.0,
                "ratio": 0.5,
                "target": 0.6,
                "ok": ok,
            }
        ]
    }
    assert ("missed: a session" in capsys.readouterr().out) is (code == 1)
