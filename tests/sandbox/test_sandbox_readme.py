"""The sandbox's README and its code say the same."""

import doctest
import re
import sys

from sandbox_client import ADDON, Api, start, stop

sys.path.insert(0, str(ADDON))

from stripe_sandbox import app, balance, cards, control, limits, searching, settings  # noqa: F401

TEXT = (ADDON / "stripe_sandbox" / "README.md").read_text()


def test_control_api_is_listed_whole():
    missing = []
    for method, pattern, _handler in control.ROUTES:
        path = pattern.pattern.removeprefix("/_sandbox/").removesuffix("$")
        path = re.sub(r"\(\?P<id>.*?\)", "ID", path)
        path = re.sub(r"\(\?P<verdict>.*?\)", "win", path)
        if not re.search(rf"{method} {path}\b", TEXT):
            missing.append(f"{method} {path}")
    assert not missing


def test_what_is_listed_exists():
    known = [pattern for _method, pattern, _handler in control.ROUTES]
    calls = re.findall(r"`(?:GET|POST|DELETE) ([a-z_]+(?:/[A-Za-z_]+)*)", TEXT)
    assert len(calls) > 30
    for path in calls:
        assert any(each.match(f"/_sandbox/{path}") for each in known), path


def test_cards_named_in_the_text_exist():
    found = re.findall(r"`(create[A-Z]\w+|hsa\w+|fundingUnknown|chargeD\w+)`", TEXT)
    names = {*found} - {"createConfirmationToken"}
    assert len(names) > 5
    assert not names - {*cards.BY_NAME}


def test_settings_named_in_the_text_exist():
    for name in ("bank_debits_automatic", "dispute_fee_returned", "latency_ms"):
        assert name in settings.DEFAULTS
        assert name in TEXT


def test_everything_survives_a_restart(tmp_path):
    """Money, disputes, mandates, settings and what is due later are kept."""
    snapshot = str(tmp_path / "state.json")
    process, url = start("--port", "0", "--snapshot", snapshot)
    api = Api(url)
    api.control("POST", "settings", {"card_fee_fixed": 10})
    api.control("POST", "deliver", {"mode": "hold", "delay": 5})
    pi = api.pay("pm_card_createDispute")
    before = api.control("GET", "state")
    stop(process)
    process, url = start("--port", "0", "--snapshot", snapshot)
    api = Api(url)
    after = api.control("GET", "state")
    assert after["settings"] == before["settings"]
    assert after["deliver"] == before["deliver"]
    api.control("POST", "clock/advance", {"seconds": 11})
    charge = api.get(f"charges/{pi['latest_charge']}")
    assert charge["disputed"] is True
    row = api.get(f"balance_transactions/{charge['balance_transaction']}")
    assert row["fee"] == 155
    assert len(api.get("disputes")["data"]) == 1
    stop(process)


def test_examples_in_the_code_hold():
    for module in (balance, cards, limits, searching):
        failed, tried = doctest.testmod(module)
        assert tried and not failed, module.__name__
