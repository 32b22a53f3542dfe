"""Balance transactions, the balance and payouts."""

import pytest

DAY = 24 * 3600


def advance(api, seconds):
    return api.control("POST", "clock/advance", {"seconds": seconds})


def booked(api, **params):
    """Pay, let the balance transaction come, return it and the charge."""
    pi = api.pay(**params)
    advance(api, 5)
    expand = {"expand[]": "balance_transaction"}
    charge = api.get(f"charges/{pi['latest_charge']}", params=expand)
    return charge["balance_transaction"], charge


def test_balance_transaction_comes_after_an_asynchronous_capture(api):
    expand = {"expand[]": "latest_charge.balance_transaction"}
    pi = api.pay(**expand)
    assert pi["latest_charge"]["balance_transaction"] is None
    advance(api, 5)
    pi = api.get(f"payment_intents/{pi['id']}", params=expand)
    transaction = pi["latest_charge"]["balance_transaction"]
    assert (transaction["amount"], transaction["fee"], transaction["net"]) == (
        5000,
        175,
        4825,
    )
    assert transaction["source"] == pi["latest_charge"]["id"]
    assert transaction["fee_details"][0]["type"] == "stripe_fee"
    assert (transaction["type"], transaction["status"]) == ("charge", "pending")
    assert transaction["available_on"] % DAY == 0
    assert api.events()[-1] == "charge.updated"
    event = api.get("events", params={"type": "charge.updated"})["data"][0]
    assert event["data"]["previous_attributes"] == {"balance_transaction": None}


def test_synchronous_capture_books_at_once(api):
    pi = api.pay(capture_method="automatic", **{"expand[]": "latest_charge"})
    assert pi["latest_charge"]["balance_transaction"].startswith("txn_")
    assert "charge.updated" not in api.events()


def test_capture_by_hand_books_what_was_captured(api):
    pi = api.pay(capture_method="manual")
    assert api.get("balance_transactions")["data"] == []
    api.post(f"payment_intents/{pi['id']}/capture", {"amount_to_capture": 1000})
    (row,) = api.get("balance_transactions")["data"]
    assert (row["amount"], row["fee"]) == (1000, 59)


def test_failed_charge_moves_no_money(api):
    api.error("payment_intents", api.payment("pm_card_chargeDeclined"), 402)
    advance(api, 5)
    assert api.get("balance_transactions")["data"] == []


@pytest.mark.parametrize("amount, fee", [(50, 31), (1000, 59), (5150, 179)])
def test_fee(api, amount, fee):
    transaction, _charge = booked(api, amount=amount)
    assert transaction["fee"] == fee


def test_fee_is_a_setting(api):
    api.control("POST", "settings", {"card_fee_basis_points": 0, "card_fee_fixed": 10})
    assert booked(api)[0]["fee"] == 10
    for wanted in ({"nonsense": 1}, {"card_fee_fixed": "1"}, {"dispute_fee": -1}):
        api.control("POST", "settings", wanted, status=400)
    api.control("POST", "reset", {})
    assert api.control("GET", "settings")["card_fee_fixed"] == 30


def test_refund_leaves_the_fee(api):
    transaction, charge = booked(api)
    refund = api.post(
        "refunds",
        {"charge": charge["id"], "amount": 2000, "expand[]": "balance_transaction"},
    )
    row = refund["balance_transaction"]
    assert (row["amount"], row["fee"], row["net"]) == (-2000, 0, -2000)
    assert (row["type"], row["source"]) == ("refund", refund["id"])
    assert row["available_on"] == transaction["available_on"]


def test_failed_refund_comes_back(api):
    _transaction, charge = booked(api, method="pm_card_refundFail")
    refund = api.post("refunds", {"charge": charge["id"]})
    advance(api, 3601)
    expand = {"expand[]": "failure_balance_transaction"}
    refund = api.get(f"refunds/{refund['id']}", params=expand)
    row = refund["failure_balance_transaction"]
    assert (row["type"], row["net"]) == ("refund_failure", 5000)
    assert api.control("GET", "totals")["balance"]["usd"] == {
        "available": 0,
        "pending": 4825,
    }


def test_balance_is_pending_then_available(api):
    booked(api)
    assert api.get("balance")["pending"][0]["amount"] == 4825
    assert api.get("balance")["available"][0]["amount"] == 0
    api.control("POST", "settings", {"payout_interval": "manual"})
    advance(api, 3 * DAY)
    assert api.get("balance")["pending"][0]["amount"] == 0
    assert api.get("balance")["available"][0]["amount"] == 4825
    assert api.events(type="balance.available") == ["balance.available"]
    assert api.get("payouts")["data"] == []


def test_bypass_pending_is_available_at_once(api):
    assert booked(api, method="pm_card_bypassPending")[0]["status"] == "available"


def test_filters_of_balance_transactions(api):
    _row, charge = booked(api)
    refund = api.post("refunds", {"charge": charge["id"], "amount": 100})
    for params, amounts in (
        ({"type": "refund"}, [-100]),
        ({"source": charge["id"]}, [5000]),
        ({"currency": "usd"}, [-100, 5000]),
        ({"currency": "eur"}, []),
        ({"created[gt]": 4_000_000_000}, []),
    ):
        rows = api.get("balance_transactions", params=params)["data"]
        assert [row["amount"] for row in rows] == amounts
    expand = {"expand[]": "data.source"}
    rows = api.get("balance_transactions", params=expand)["data"]
    assert [row["source"]["id"] for row in rows] == [refund["id"], charge["id"]]
    path = f"balance_transactions/{rows[0]['id']}"
    assert api.get(path)["reporting_category"] == "refund"
    api.error("balance_transactions/txn_none", status=404, method="GET")
    error = api.error(
        "balance_transactions", method="GET", params={"payout": "po_none"}
    )
    assert error["code"] == "resource_missing"


def items_of(api, payout):
    """All balance transactions of a payout, page by page."""
    rows, more = [], {}
    while True:
        params = {"payout": payout, "limit": 2, "expand[]": "data.source", **more}
        page = api.get("balance_transactions", params=params)
        rows += page["data"]
        if not page["has_more"]:
            return rows
        more = {"starting_after": rows[-1]["id"]}


def test_daily_payout_on_the_virtual_clock(api):
    charges = [booked(api)[1] for _number in range(3)]
    api.post("refunds", {"charge": charges[0]["id"], "amount": 1000})
    advance(api, 4 * DAY)
    (payout,) = api.get("payouts")["data"]
    assert payout["amount"] == 3 * 4825 - 1000
    assert (payout["status"], payout["automatic"]) == ("paid", True)
    assert payout["reconciliation_status"] == "completed"
    assert payout["arrival_date"] > payout["created"]
    rows = items_of(api, payout["id"])
    assert len(rows) == 5
    own = [row for row in rows if row["type"] == "payout"]
    assert [row["net"] for row in own] == [-payout["amount"]]
    assert own[0]["id"] == payout["balance_transaction"]
    rest = [row for row in rows if row["type"] != "payout"]
    assert sum(row["net"] for row in rest) == payout["amount"]
    assert {row["source"]["object"] for row in rest} == {"charge", "refund"}
    assert [name for name in api.events() if name.startswith("payout")] == [
        "payout.created",
        "payout.updated",
        "payout.reconciliation_completed",
        "payout.paid",
    ]
    (created,) = api.get("events", params={"type": "payout.created"})["data"]
    assert created["created"] % DAY <= 1, "a payout carries the time of its midnight"
    assert api.get("balance")["available"][0]["amount"] == 0


def test_payout_on_demand_takes_all_there_is(api):
    api.pay()
    (payout,) = api.control("POST", "payouts/run", {"arrive": True})["payouts"]
    assert (payout["amount"], payout["status"]) == (4825, "paid")
    assert payout["trace_id"]["status"] == "supported"
    assert api.control("POST", "payouts/run", {})["payouts"] == []
    assert api.get("payouts", params={"status": "paid"})["data"] == [payout]
    late = {"arrival_date[gt]": payout["arrival_date"]}
    assert api.get("payouts", params=late)["data"] == []


def test_payout_that_fails_comes_back_with_the_next(api):
    api.pay()
    (payout,) = api.control("POST", "payouts/run", {"arrive": True})["payouts"]
    path = f"payouts/{payout['id']}/fail"
    failed = api.control("POST", path, {"code": "no_account"})
    assert (failed["status"], failed["failure_code"]) == ("failed", "no_account")
    back = api.get(f"balance_transactions/{failed['failure_balance_transaction']}")
    assert (back["type"], back["net"]) == ("payout_failure", 4825)
    assert api.events()[-1] == "payout.failed"
    api.control("POST", path, {}, status=400)
    (following,) = api.control("POST", "payouts/run", {})["payouts"]
    assert following["amount"] == 4825
    assert [row["type"] for row in items_of(api, following["id"])] == [
        "payout",
        "payout_failure",
    ]


def test_negative_balance_waits_for_money(api):
    _row, charge = booked(api)
    api.control("POST", "payouts/run", {"arrive": True})
    api.post("refunds", {"charge": charge["id"]})
    assert api.control("POST", "payouts/run", {})["payouts"] == []
    api.pay(amount="20000")
    (payout,) = api.control("POST", "payouts/run", {})["payouts"]
    assert payout["amount"] == 20000 - 610 - 5000


def test_payout_by_hand(api):
    booked(api, method="pm_card_bypassPending")
    data = {"amount": 4000, "currency": "usd", "metadata[a]": "1"}
    payout = api.post("payouts", data, key="payout-1")
    assert api.post("payouts", data, key="payout-1") == payout
    assert (payout["automatic"], payout["status"]) == (False, "pending")
    error = api.error("payouts", data)
    assert error["code"] == "balance_insufficient"
    error = api.error(
        "balance_transactions", method="GET", params={"payout": payout["id"]}
    )
    assert "automatic" in error["message"]
    path = f"payouts/{payout['id']}"
    assert api.post(path, {"metadata[b]": "2"})["metadata"] == {"a": "1", "b": "2"}
    assert api.post(f"{path}/cancel")["status"] == "canceled"
    api.error(f"{path}/cancel")
    assert api.get("balance")["available"][0]["amount"] == 4825
    api.error("payouts/po_none", status=404, method="GET")
    api.error("payouts", {**data, "amount": 0})


def test_totals_tell_every_movement(api):
    _row, charge = booked(api)
    api.post("refunds", {"charge": charge["id"], "amount": 1000})
    api.control("POST", "payouts/run", {})
    totals = api.control("GET", "totals")
    kinds = totals["balance_transactions"]["usd"]
    assert kinds["charge"] == {"count": 1, "amount": 5000, "fee": 175, "net": 4825}
    assert kinds["refund"]["net"] == -1000
    assert kinds["payout"]["net"] == -3825
    assert totals["balance"]["usd"] == {"available": 0, "pending": 0}
