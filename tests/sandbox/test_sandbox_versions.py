"""The old version of the API, as Odoo's own provider speaks it."""

import json

import pytest

OLD = {"Stripe-Version": "2019-05-16"}


def payment(**params):
    """What Odoo sends for a payment by token, booleans in its own spelling."""
    return {
        "amount": 5000,
        "currency": "usd",
        "description": "tx-1",
        "capture_method": "automatic",
        "payment_method_types[]": "card",
        "expand[]": "payment_method",
        "confirm": True,
        "off_session": True,
        "payment_method": "pm_card_visa",
        **params,
    }


def pay(api, **params):
    return api.post("payment_intents", payment(**params), headers=OLD)


def test_intent_holds_its_charges(api):
    response = api.call("POST", "payment_intents", payment(), headers=OLD)
    assert response.headers["Stripe-Version"] == "2019-05-16"
    pi = response.json()
    assert "latest_charge" not in pi
    assert pi["payment_method_types"] == ["card"]
    assert "allowed_payment_method_types" not in pi
    assert pi["payment_method"]["object"] == "payment_method"
    (charge,) = pi["charges"]["data"]
    assert pi["charges"]["total_count"] == 1
    assert charge["payment_method_details"]["card"]["last4"] == "4242"
    assert charge["refunds"]["data"] == []
    # Captures were synchronous then.
    assert charge["balance_transaction"].startswith("txn_")
    found = api.get(f"payment_intents/{pi['id']}", data={"expand[]": "payment_method"})
    assert found["latest_charge"] == charge["id"]
    old = api.call("GET", f"payment_intents/{pi['id']}", headers=OLD).json()
    assert old["charges"]["data"][0]["id"] == charge["id"]


def test_cards_are_the_default(api):
    data = {"amount": 5000, "currency": "usd"}
    pi = api.post("payment_intents", data, headers=OLD)
    assert pi["payment_method_types"] == ["card"]
    assert pi["capture_method"] == "automatic"
    intent = api.post("setup_intents", {"description": "tx-1"}, headers=OLD)
    assert intent["payment_method_types"] == ["card"]


def test_each_version_refuses_the_names_of_the_other(api):
    error = api.error("payment_intents", payment())
    assert error["code"] == "payment_method_types_no_longer_supported"
    data = payment(**{"allowed_payment_method_types[]": "card"})
    error = api.error("payment_intents", data, headers=OLD)
    assert error["code"] == "parameter_unknown"


def test_decline_carries_the_old_intent(api):
    data = payment(payment_method="pm_card_chargeDeclined")
    error = api.error("payment_intents", data, 402, headers=OLD)
    (charge,) = error["payment_intent"]["charges"]["data"]
    assert charge["status"] == "failed"


def test_indian_mandate_options_are_taken(api):
    prefix = "payment_method_options[card][mandate_options]"
    options = {
        f"{prefix}[reference]": "tx-1",
        f"{prefix}[amount_type]": "maximum",
        f"{prefix}[amount]": 1500000,
        f"{prefix}[start_date]": 1790000000,
        f"{prefix}[interval]": "sporadic",
        f"{prefix}[supported_types][]": "india",
    }
    data = {"customer": api.customer(), "payment_method_types[]": "card"}
    data = {**data, "description": "tx-1", **options, f"{prefix}[currency]": "usd"}
    intent = api.post("setup_intents", data, headers=OLD)
    card = intent["payment_method_options"]["card"]
    assert card["mandate_options"]["reference"] == "tx-1"
    pi = pay(api, **options, setup_future_usage="off_session", off_session=False)
    assert pi["status"] == "succeeded"


def test_charge_holds_its_refunds(api):
    pi = pay(api)
    api.post("refunds", {"payment_intent": pi["id"], "amount": 1000}, headers=OLD)
    charge = api.call(
        "GET", f"charges/{pi['charges']['data'][0]['id']}", headers=OLD
    ).json()
    assert [row["amount"] for row in charge["refunds"]["data"]] == [1000]
    assert charge["refunds"]["has_more"] is False


def test_webhooks_in_the_version_of_their_endpoint(api, receiver):
    for version in ("2019-05-16", "2026-10-28.endive"):
        data = {
            "url": receiver.url,
            "enabled_events[]": "charge.refunded",
            "api_version": version,
        }
        api.post("webhook_endpoints", data)
    pi = api.pay()
    api.post("refunds", {"payment_intent": pi["id"], "amount": 1000})
    receiver.wait(2)
    events = [json.loads(body) for body, _headers in receiver.received]
    charges = {event["api_version"]: event["data"]["object"] for event in events}
    assert charges["2019-05-16"]["refunds"]["data"][0]["amount"] == 1000
    assert "refunds" not in charges["2026-10-28.endive"]
    (row,) = api.get("events", params={"type": "charge.refunded"})["data"]
    assert "refunds" not in row["data"]["object"]


def test_disputed_charge_names_its_dispute(api):
    pi = pay(api)
    charge = pi["charges"]["data"][0]
    assert charge["dispute"] is None
    dispute = api.control("POST", "disputes/create", {"charge": charge["id"]})
    old = api.call("GET", f"charges/{charge['id']}", headers=OLD).json()
    assert old["dispute"] == dispute["id"]


def test_same_key_in_the_old_version(api):
    first = api.call("POST", "payment_intents", payment(), key="k", headers=OLD)
    again = api.call("POST", "payment_intents", payment(), key="k", headers=OLD)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()


@pytest.mark.parametrize("name, ok", [("practice.example.com", True), ("a/b", False)])
def test_domain_for_apple_pay(api, name, ok):
    response = api.call("POST", "apple_pay/domains", {"domain_name": name}, headers=OLD)
    assert (response.status_code == 200) is ok
