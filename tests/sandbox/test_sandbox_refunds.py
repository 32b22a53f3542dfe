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


def test_failed_refund_brings_the_money_back(api):
    pi = api.pay()
    refund = api.post("refunds", {"payment_intent": pi["id"], "amount": 2000})
    path = f"refunds/{refund['id']}/fail"
    api.control("POST", path, {"reason": "mood"}, status=400)
    failed = api.control("POST", path, {"reason": "lost_or_stolen_card"})
    assert failed["failure_reason"] == "lost_or_stolen_card"
    rows = api.get("balance_transactions", params={"source": refund["id"]})["data"]
    assert [(row["type"], row["net"]) for row in rows] == [
        ("refund_failure", 2000),
        ("refund", -2000),
    ]
    charge = api.get(f"charges/{pi['latest_charge']}")
    assert charge["amount_refunded"] == 0
    (event,) = api.get("events", params={"type": "refund.failed"})["data"]
    assert event["data"]["object"]["failure_balance_transaction"] == rows[0]["id"]
    (event,) = api.get("events", params={"type": "refund.updated"})["data"]
    assert event["data"]["previous_attributes"]["status"] == "succeeded"
    api.control("POST", path, {}, status=400)
    api.post("refunds", {"payment_intent": pi["id"]})


def test_failed_refund_is_only_once_undone(api):
    pi = api.pay("pm_card_refundFail")
    refund = api.post("refunds", {"payment_intent": pi["id"]})
    api.control("POST", f"refunds/{refund['id']}/fail", {})
    api.control("POST", "clock/advance", {"seconds": 3601})
    assert api.get(f"charges/{pi['latest_charge']}")["amount_refunded"] == 0


def test_pending_refund_decided_by_hand(api):
    pi = api.pay("pm_card_pendingRefund")
    first = api.post("refunds", {"payment_intent": pi["id"], "amount": 1000})
    second = api.post("refunds", {"payment_intent": pi["id"], "amount": 1000})
    api.control("POST", f"refunds/{first['id']}/succeed", {})
    api.control("POST", f"refunds/{second['id']}/fail", {})
    api.control("POST", "clock/advance", {"seconds": 3601})
    assert api.get(f"refunds/{first['id']}")["status"] == "succeeded"
    assert api.get(f"refunds/{second['id']}")["status"] == "failed"
    assert "pending_reason" not in api.get(f"refunds/{second['id']}")
    assert api.get(f"charges/{pi['latest_charge']}")["amount_refunded"] == 1000
    api.control("POST", f"refunds/{first['id']}/succeed", {}, status=400)


def test_refund_in_the_dashboard(api):
    pi = api.pay()
    data = {"payment_intent": pi["id"], "amount": 1500, "reason": "duplicate"}
    refund = api.control("POST", "refunds/create", data)
    assert api.get(f"refunds/{refund['id']}")["amount"] == 1500
    (event,) = api.get("events", params={"type": "refund.created"})["data"]
    assert event["request"] == {"id": None, "idempotency_key": None}
    assert api.events()[-1] == "charge.refunded"
    for wrong in (
        {**data, "amount": 3501},
        {**data, "amount": "1"},
        {**data, "reason": "mood"},
        {"payment_intent": "pi_none"},
    ):
        api.control("POST", "refunds/create", wrong, status=400)
    assert api.get(f"charges/{pi['latest_charge']}")["amount_refunded"] == 1500


def test_nothing_is_refunded_before_capture(api):
    pi = api.pay(capture_method="manual")
    error = api.error("refunds", {"payment_intent": pi["id"]})
    assert error["code"] == "charge_not_refundable"
    api.post(f"payment_intents/{pi['id']}/capture", {"amount_to_capture": 3000})
    error = api.error("refunds", {"payment_intent": pi["id"], "amount": 3001})
    assert error["param"] == "amount"
    api.post("refunds", {"payment_intent": pi["id"], "amount": 3000})


def test_authorization_expires(api):
    pi = api.pay(capture_method="manual")
    api.control("POST", "clock/advance", {"seconds": 7 * 24 * 3600 + 1})
    pi = api.get(f"payment_intents/{pi['id']}")
    assert (pi["status"], pi["cancellation_reason"]) == ("canceled", "expired")
    assert api.events()[-2:] == ["charge.expired", "payment_intent.canceled"]
    assert api.get("balance_transactions")["data"] == []


def test_card_refunds_are_not_canceled(api):
    refund = api.post("refunds", {"payment_intent": api.pay()["id"]})
    error = api.error(f"refunds/{refund['id']}/cancel")
    assert "requires_action" in error["message"]
