"""Faults, the rest of the control API, snapshot and restart."""

import json
import signal

import pytest
import requests
from sandbox_client import Api, start, stop


def fault(api, do, **spec):
    return api.control("POST", "faults", {"do": do, **spec})


def test_drop_before(api):
    fault(api, "drop_before", match={"method": "POST"})
    with pytest.raises(requests.ConnectionError):
        api.call("POST", "customers", key="k")
    assert api.get("customers")["data"] == []
    response = api.call("POST", "customers", key="k")
    assert "Idempotent-Replayed" not in response.headers


@pytest.mark.parametrize("status", [409, 429, 503])
def test_status_before(api, status):
    fault(api, "status", status=status)
    api.error("customers", status=status, key="k")
    assert api.get("customers")["data"] == []
    assert api.post("customers", key="k")["object"] == "customer"


def test_gateway_error_hides_a_kept_answer(api):
    fault(api, "status", status=503, processed=True)
    api.error("payment_intents", api.payment(), 503, key="k")
    response = api.call("POST", "payment_intents", api.payment(), key="k")
    assert response.json()["status"] == "succeeded"
    assert response.headers["Idempotent-Replayed"] == "true"
    assert api.control("GET", "totals")["currencies"]["usd"]["charges"] == 1


def test_server_error_after_the_charge(api):
    fault(api, "status", status=500, processed=True)
    for _time in range(2):
        api.error("payment_intents", api.payment(), 500, key="k")
    assert api.control("GET", "totals")["currencies"]["usd"]["charges"] == 1


def test_nth_and_times(api):
    fault(api, "status", status=500, match={"nth": 2}, times=2)
    statuses = [api.call("POST", "customers").status_code for _number in range(5)]
    assert statuses == [200, 500, 500, 200, 200]
    (found,) = api.control("GET", "faults")["faults"]
    assert found["hits"] == 2


def test_match_by_path_and_key(api):
    match = {"path_regex": "^/v1/customers$", "key": "k2"}
    fault(api, "status", status=500, match=match)
    api.post("customers", key="k1")
    api.pay()
    api.error("customers", status=500, key="k2")


def test_truncated_body(api):
    fault(api, "truncate_body")
    with pytest.raises(
        (requests.exceptions.ChunkedEncodingError, requests.ConnectionError, ValueError)
    ):
        api.call("POST", "payment_intents", api.payment(), key="k").json()
    assert api.post("payment_intents", api.payment(), key="k")["status"] == "succeeded"
    assert api.control("GET", "totals")["currencies"]["usd"]["charges"] == 1


def test_bad_json(api):
    fault(api, "bad_json")
    response = api.call("POST", "customers", key="k")
    assert response.status_code == 200
    with pytest.raises(ValueError):
        response.json()
    assert api.post("customers", key="k")["object"] == "customer"


def test_faults_can_be_cleared(api):
    fault(api, "drop_before")
    api.control("DELETE", "faults")
    api.customer()
    api.control("POST", "faults", {"do": "explode"}, status=400)


def test_request_log(api):
    data = {"name": "Pat", "metadata[a]": "1"}
    api.post("customers", data, key="k")
    api.post("customers", data, key="k")
    api.error("customers", {"nonsense": "1"})
    rows = api.control("GET", "requests?path=customers&method=POST")["requests"]
    assert [row["status"] for row in rows] == [200, 200, 400]
    assert [row["replayed"] for row in rows] == [False, True, False]
    assert rows[0]["params"] == {"name": "Pat", "metadata": {"a": "1"}}
    assert (rows[0]["idempotency_key"], rows[0]["key"]) == ("k", "secret")
    api.control("DELETE", "requests")
    assert api.control("GET", "requests")["requests"] == []


def test_totals(api):
    pi = api.pay(**{"metadata[attempt]": "u1"})
    api.pay("pm_card_visa", amount="700", currency="eur")
    api.error("payment_intents", api.payment("pm_card_chargeDeclined"), 402)
    api.post("refunds", {"payment_intent": pi["id"], "amount": 1200})
    totals = api.control("GET", "totals")
    assert totals["currencies"] == {
        "usd": {
            "captured": 5000,
            "refunded": 1200,
            "charges": 1,
            "failed_charges": 1,
            "refunds": 1,
        },
        "eur": {
            "captured": 700,
            "refunded": 0,
            "charges": 1,
            "failed_charges": 0,
            "refunds": 0,
        },
    }
    row = totals["payment_intents"][0]
    assert (row["id"], row["metadata"]) == (pi["id"], {"attempt": "u1"})
    assert (row["amount"], row["amount_refunded"]) == (5000, 1200)
    assert row["status"] == "succeeded"
    assert totals["counts"]["payment_intent"] == 3


def test_clock(api):
    before = api.control("GET", "clock")
    after = api.control("POST", "clock/advance", {"seconds": 86400})
    assert after["offset"] == 86400
    assert after["now"] - before["now"] in (86400, 86401)
    assert api.post("customers")["created"] >= after["now"]
    api.control("POST", "clock/advance", {"seconds": -1}, status=400)


def test_reset_never_repeats_ids_without_a_seed(api):
    first = api.customer()
    api.control("POST", "reset", {})
    assert api.get("customers")["data"] == []
    assert api.customer() != first


def test_seed_repeats_ids(api):
    ids = []
    for _time in range(2):
        api.control("POST", "reset", {"seed": "7"})
        ids.append(api.customer())
    assert ids[0] == ids[1]
    # Give the other tests fresh ids again.
    api.control("POST", "reset", {"seed": "1"})


def test_other_sites_cannot_control(api):
    response = api.session.post(
        f"{api.url}/_sandbox/reset",
        data="{}",
        headers={"Origin": "https://example.com"},
        timeout=5,
    )
    assert response.status_code == 403
    response = api.session.get(
        f"{api.url}/_sandbox/health", headers={"Host": "example.com"}, timeout=5
    )
    assert response.status_code == 403


def test_health_and_state(api):
    assert api.control("GET", "health")["ok"] is True
    api.customer()
    assert len(api.control("GET", "state")["tables"]["customer"]) == 1


def test_snapshot_survives_a_restart(tmp_path):
    file = tmp_path / "state.json"
    process, url = start("--port", "0", "--snapshot", str(file))
    api = Api(url)
    paid = api.post("payment_intents", api.payment(), key="k")
    api.control("POST", "clock/advance", {"seconds": 500})
    stop(process)
    assert file.stat().st_mode & 0o077 == 0
    process, url = start("--port", "0", "--snapshot", str(file))
    api = Api(url)
    assert api.get(f"payment_intents/{paid['id']}") == paid
    replay = api.call("POST", "payment_intents", api.payment(), key="k")
    assert replay.headers["Idempotent-Replayed"] == "true"
    assert api.control("GET", "clock")["offset"] == 500
    assert api.post("customers")["id"] != paid["id"]
    stop(process)


def test_snapshot_on_demand_survives_a_kill(tmp_path):
    file = tmp_path / "state.json"
    process, url = start("--port", "0", "--snapshot", str(file))
    api = Api(url)
    customer = api.customer()
    assert api.control("POST", "snapshot")["file"] == str(file)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert customer in json.loads(file.read_text())["tables"]["customer"]


def test_other_addresses_are_refused():
    with pytest.raises(AssertionError):
        start("--port", "0", "--host", "0.0.0.0")


@pytest.mark.parametrize(
    "path, word",
    [
        ("/v3/", "StripeStandIn"),
        ("/endive/stripe.js", "StripeStandIn"),
        ("/_sandbox/elements", 'name="number"'),
        ("/_sandbox/static/elements.css", "colorPrimary"),
    ],
)
def test_assets(api, path, word):
    response = api.session.get(api.url + path, timeout=5)
    assert response.status_code == 200
    assert word in response.text
    assert "frame-ancestors" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/_sandbox/nonsense", "/_sandbox/static/../app"])
def test_nothing_else_is_served(api, path):
    assert api.session.get(api.url + path, timeout=5).status_code == 404


@pytest.mark.parametrize(
    "number, funding",
    [("4242 4242 4242 4242", "credit"), ("4000000000000523", "unknown")],
)
def test_card_details_for_the_form(api, number, funding):
    url = f"{api.url}/_sandbox/card_details"
    details = api.session.post(url, json={"number": number}, timeout=5).json()
    assert details == {"brands": ["visa"], "funding": funding}
