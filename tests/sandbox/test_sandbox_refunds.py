"""Refunds."""

import pytest


def test_full_refund(api):
    pi = api.pay()
    refund = api.post("refunds", {"payment_intent": pi["id"]})
    assert (refund["status"], refund["amount"]) == ("succeeded", 5000)
    charge = api.get(f"charges/{pi['latest_charge']}")
    assert (charge["refunded"], charge["amount_refunded"]) == (True, 5000)
    error = api.error("refunds", {"payment_intent": pi["id"]})
    assert error["code"] == "charge_already_refunded"
    assert api.events()[-2:] == ["refund.created", "charge.refunded"]


def test_refunds_in_parts(api):
    pi = api.pay()
    data = {"charge": pi["latest_charge"], "amount": 2000, "metadata[a]": "1"}
    first = api.post("refunds", {**data, "reason": "requested_by_customer"})
    second = api.post("refunds", data)
    error = api.error("refunds", data)
    assert (error["param"], error["type"]) == ("amount", "invalid_request_error")
    charge = api.get(f"charges/{pi['latest_charge']}")
    assert (charge["refunded"], charge["amount_refunded"]) == (False, 4000)
    rows = api.get("refunds", params={"payment_intent": pi["id"]})["data"]
    assert [row["id"] for row in rows] == [second["id"], first["id"]]
    assert api.get(f"refunds/{first['id']}")["reason"] == "requested_by_customer"


def test_refund_is_idempotent(api):
    pi = api.pay()
    data = {"payment_intent": pi["id"], "amount": 2000}
    for _time in range(3):
        api.post("refunds", data, key="refund-1")
    assert api.control("GET", "totals")["currencies"]["usd"]["refunded"] == 2000


@pytest.mark.parametrize(
    "data, code",
    [
        ({}, "parameter_missing"),
        ({"charge": "ch_none"}, "resource_missing"),
        ({"payment_intent": "pi_none"}, "resource_missing"),
        ({"reason": "mood"}, None),
        ({"amount": "0"}, "parameter_invalid_integer"),
    ],
)
def test_refused_refunds(api, data, code):
    if {"reason", "amount"} & set(data):
        data = {**data, "payment_intent": api.pay()["id"]}
    assert api.error("refunds", data).get("code") == code


def test_nothing_to_refund(api):
    pi = api.post("payment_intents", {"amount": 100, "currency": "usd"})
    assert (
        "no successful charge"
        in (api.error("refunds", {"payment_intent": pi["id"]})["message"])
    )


def test_pending_refund_succeeds_later(api):
    pi = api.pay("pm_card_pendingRefund")
    refund = api.post("refunds", {"payment_intent": pi["id"]})
    assert (refund["status"], refund["pending_reason"]) == ("pending", "processing")
    api.control("POST", "clock/advance", {"seconds": 3601})
    assert api.get(f"refunds/{refund['id']}")["status"] == "succeeded"
    event = api.get("events", params={"type": "refund.updated"})["data"][0]
    assert event["data"]["previous_attributes"]["status"] == "pending"


def test_refund_fails_later(api):
    pi = api.pay("pm_card_refundFail")
    refund = api.post("refunds", {"payment_intent": pi["id"]})
    assert refund["status"] == "succeeded"
    api.control("POST", "clock/advance", {"seconds": 3601})
    refund = api.get(f"refunds/{refund['id']}")
    assert (refund["status"], refund["failure_reason"]) == (
        "failed",
        "expired_or_canceled_card",
    )
    charge = api.get(f"charges/{pi['latest_charge']}")
    assert (charge["refunded"], charge["amount_refunded"]) == (False, 0)
    assert api.events()[-2:] == ["refund.updated", "refund.failed"]
    assert api.control("GET", "totals")["currencies"]["usd"]["refunded"] == 0


def test_metadata_of_a_refund(api):
    pi = api.pay()
    refund = api.post("refunds", {"payment_intent": pi["id"]})
    path = f"refunds/{refund['id']}"
    assert api.post(path, {"metadata[a]": "1"})["metadata"] == {"a": "1"}
    api.error(path, {"amount": 5})
