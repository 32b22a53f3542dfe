"""Disputes, from inquiry to the end, and early fraud warnings."""

import pytest

DAY = 24 * 3600


def advance(api, seconds):
    return api.control("POST", "clock/advance", {"seconds": seconds})


def disputed(api, token="pm_card_createDispute", **params):
    """Pay with a card that disputes; return the dispute."""
    pi = api.pay(token, **params)
    advance(api, 11)
    (dispute,) = api.get("disputes", params={"payment_intent": pi["id"]})["data"]
    return dispute


def dispute_events(api):
    return [name for name in api.events() if name.startswith("charge.dispute")]


def nets(api):
    """Net of all adjustments, oldest first."""
    rows = api.get("balance_transactions", params={"type": "adjustment"})["data"]
    return [row["net"] for row in reversed(rows)]


def answer(api, dispute, text, **params):
    data = {"evidence[uncategorized_text]": text, **params}
    return api.post(f"disputes/{dispute['id']}", data)


@pytest.mark.parametrize(
    "token, reason",
    [
        ("pm_card_createDispute", "fraudulent"),
        ("pm_card_createDisputeProductNotReceived", "product_not_received"),
    ],
)
def test_card_that_disputes(api, token, reason):
    dispute = disputed(api, token)
    assert (dispute["status"], dispute["reason"]) == ("needs_response", reason)
    assert dispute["amount"] == 5000
    assert dispute["is_charge_refundable"] is False
    (row,) = dispute["balance_transactions"]
    assert (row["amount"], row["fee"], row["net"]) == (-5000, 1500, -6500)
    assert row["source"] == dispute["id"]
    due_by = dispute["evidence_details"]["due_by"]
    assert (due_by + 1) % DAY == 0
    assert 8 * DAY < due_by - dispute["created"] < 11 * DAY
    assert dispute_events(api) == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
    ]
    charge = api.get(f"charges/{dispute['charge']}")
    assert charge["disputed"] is True
    assert charge["balance_transaction"]


def test_inquiry_moves_no_money(api):
    dispute = disputed(api, "pm_card_createDisputeInquiry")
    assert dispute["status"] == "warning_needs_response"
    assert dispute["payment_method_details"]["card"]["case_type"] == "inquiry"
    assert dispute["is_charge_refundable"] is True
    assert dispute["balance_transactions"] == []
    assert dispute_events(api) == ["charge.dispute.created"]
    assert nets(api) == []


def test_evidence_is_staged_then_sent(api):
    dispute = disputed(api)
    staged = answer(api, dispute, "draft", submit="false")
    assert staged["status"] == "needs_response"
    assert staged["evidence_details"]["has_evidence"] is True
    assert staged["evidence_details"]["submission_count"] == 0
    sent = api.post(f"disputes/{dispute['id']}", {"submit": "true"})
    assert sent["status"] == "under_review"
    assert sent["evidence"]["uncategorized_text"] == "draft"
    assert sent["evidence_details"]["submission_count"] == 1
    (event, _first) = api.get("events", params={"type": "charge.dispute.updated"})[
        "data"
    ]
    assert event["data"]["previous_attributes"]["status"] == "needs_response"
    error = api.error(f"disputes/{dispute['id']}", {"evidence[customer_name]": "x"})
    assert "under review" in error["message"]
    path = f"disputes/{dispute['id']}"
    assert api.post(path, {"metadata[a]": "1"})["metadata"] == {"a": "1"}


def test_winning_brings_money_and_fee_back(api):
    dispute = disputed(api)
    assert answer(api, dispute, "winning_evidence")["status"] == "under_review"
    advance(api, 61)
    won = api.get(f"disputes/{dispute['id']}")
    assert won["status"] == "won"
    assert [row["net"] for row in won["balance_transactions"]] == [-6500, 6500]
    assert nets(api) == [-6500, 6500]
    assert dispute_events(api)[-2:] == [
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
    api.post("refunds", {"charge": dispute["charge"]})


def test_fee_may_stay_after_winning(api):
    settings = {"dispute_fee_returned": False, "dispute_fee": 2000}
    api.control("POST", "settings", settings)
    dispute = disputed(api)
    won = api.control("POST", f"disputes/{dispute['id']}/win", {})
    assert [row["net"] for row in won["balance_transactions"]] == [-7000, 5000]


def test_losing_leaves_everything_where_it_is(api):
    dispute = disputed(api)
    answer(api, dispute, "losing_evidence")
    advance(api, 61)
    assert api.get(f"disputes/{dispute['id']}")["status"] == "lost"
    assert nets(api) == [-6500]
    assert dispute_events(api)[-1] == "charge.dispute.closed"
    api.control("POST", f"disputes/{dispute['id']}/win", {}, status=400)


def test_no_answer_in_time_is_lost(api):
    dispute = disputed(api)
    advance(api, dispute["evidence_details"]["due_by"] - dispute["created"] - 20)
    assert api.get(f"disputes/{dispute['id']}")["status"] == "needs_response"
    advance(api, 40)
    lost = api.get(f"disputes/{dispute['id']}")
    assert lost["status"] == "lost"
    assert lost["evidence_details"]["past_due"] is True


def test_answered_dispute_waits_for_the_bank(api):
    dispute = disputed(api)
    answer(api, dispute, "my own words")
    advance(api, 30 * DAY)
    assert api.get(f"disputes/{dispute['id']}")["status"] == "under_review"
    lost = api.control("POST", f"disputes/{dispute['id']}/lose", {})
    assert lost["status"] == "lost"


def test_giving_up(api):
    dispute = disputed(api)
    path = f"disputes/{dispute['id']}/close"
    assert api.post(path)["status"] == "lost"
    assert "lost" in api.error(path)["message"]
    inquiry = disputed(api, "pm_card_createDisputeInquiry")
    api.error(f"disputes/{inquiry['id']}/close")


def test_inquiry_escalates(api):
    dispute = disputed(api, "pm_card_createDisputeInquiry")
    answer(api, dispute, "escalate_inquiry_evidence")
    advance(api, 61)
    dispute = api.get(f"disputes/{dispute['id']}")
    assert dispute["status"] == "needs_response"
    assert dispute["payment_method_details"]["card"]["case_type"] == "chargeback"
    assert dispute["is_charge_refundable"] is False
    assert nets(api) == [-6500]
    assert dispute_events(api)[-1] == "charge.dispute.funds_withdrawn"
    path = f"disputes/{dispute['id']}/escalate"
    api.control("POST", path, {}, status=400)


def test_inquiry_closes_by_itself(api):
    dispute = disputed(api, "pm_card_createDisputeInquiry")
    advance(api, 121 * DAY)
    assert api.get(f"disputes/{dispute['id']}")["status"] == "warning_closed"
    assert nets(api) == []


def test_full_refund_ends_an_inquiry(api):
    dispute = disputed(api, "pm_card_createDisputeInquiry")
    data = {"charge": dispute["charge"], "amount": 1000}
    api.post("refunds", data)
    path = f"disputes/{dispute['id']}"
    assert api.get(path)["status"] == "warning_needs_response"
    api.post("refunds", {"charge": dispute["charge"]})
    assert api.get(path)["status"] == "warning_closed"


def test_no_refund_while_the_bank_has_the_money(api):
    dispute = disputed(api)
    error = api.error("refunds", {"charge": dispute["charge"]})
    assert error["code"] == "charge_disputed"
    api.post(f"disputes/{dispute['id']}/close")
    error = api.error("refunds", {"charge": dispute["charge"]})
    assert error["code"] == "charge_disputed"


def test_disputes_on_demand(api):
    charge = api.pay()["latest_charge"]
    data = {"charge": charge, "reason": "duplicate", "amount": 3000}
    dispute = api.control("POST", "disputes/create", data)
    assert (dispute["amount"], dispute["reason"]) == (3000, "duplicate")
    expand = {"expand[]": "charge"}
    found = api.get(f"disputes/{dispute['id']}", params=expand)
    assert found["charge"]["disputed"] is True
    for wrong in (
        data,
        {"charge": "ch_none"},
        {"charge": api.pay()["latest_charge"], "reason": "mood"},
        {"charge": api.pay()["latest_charge"], "amount": 5001},
        {"charge": api.pay(capture_method="manual")["latest_charge"]},
    ):
        api.control("POST", "disputes/create", wrong, status=400)


def test_evidence_is_checked(api):
    dispute = disputed(api)
    path = f"disputes/{dispute['id']}"
    error = api.error(path, {"evidence[nonsense]": "x"})
    assert error["code"] == "parameter_unknown"
    error = api.error(path, {"evidence[receipt]": "file_1"})
    assert error["code"] == "sandbox_not_implemented"
    api.error(path, {"evidence[uncategorized_text]": "x" * 150_001})
    assert api.get(path)["status"] == "needs_response"
    api.error("disputes/du_none", status=404, method="GET")


def test_early_fraud_warning(api):
    pi = api.pay("pm_card_createIssuerFraudRecord")
    advance(api, 11)
    path = "radar/early_fraud_warnings"
    params = {"charge": pi["latest_charge"], "expand[]": "data.charge"}
    (warning,) = api.get(path, params=params)["data"]
    assert (warning["actionable"], warning["charge"]["paid"]) == (True, True)
    assert api.events()[-1] == "radar.early_fraud_warning.created"
    api.post("refunds", {"payment_intent": pi["id"]})
    assert api.get(f"{path}/{warning['id']}")["actionable"] is False
    assert api.events()[-1] == "radar.early_fraud_warning.updated"
    api.error(f"{path}/issfr_none", status=404, method="GET")


def test_dispute_settles_an_early_fraud_warning(api):
    charge = api.pay()["latest_charge"]
    warning = api.control("POST", "fraud_warnings/create", {"charge": charge})
    api.control("POST", "disputes/create", {"charge": charge})
    path = f"radar/early_fraud_warnings/{warning['id']}"
    assert api.get(path)["actionable"] is False


def test_withdrawal_and_return_are_part_of_payouts(api):
    dispute = disputed(api)
    (first,) = api.control("POST", "payouts/run", {})["payouts"] or [None]
    assert first is None, "the fee made the balance negative"
    api.control("POST", f"disputes/{dispute['id']}/win", {})
    (payout,) = api.control("POST", "payouts/run", {})["payouts"]
    params = {"payout": payout["id"], "expand[]": "data.source"}
    rows = api.get("balance_transactions", params=params)["data"]
    assert sorted(row["type"] for row in rows) == [
        "adjustment",
        "adjustment",
        "charge",
        "payout",
    ]
    assert sum(row["net"] for row in rows) == 0
