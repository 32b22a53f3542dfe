"""Bank accounts: proof, mandate, debit and return."""

import pytest

DAY = 24 * 3600
MANDATE = {
    "mandate_data[customer_acceptance][type]": "online",
    "mandate_data[customer_acceptance][online][ip_address]": "203.0.113.7",
    "mandate_data[customer_acceptance][online][user_agent]": "a browser",
}
BANK = {"allowed_payment_method_types[]": "us_bank_account"}


def advance(api, days=0, seconds=0):
    api.control("POST", "clock/advance", {"seconds": days * DAY + seconds})


def typed(api, number="000123456789", **params):
    """Create a payment method of a typed account number."""
    return api.post(
        "payment_methods",
        {
            "type": "us_bank_account",
            "us_bank_account[account_holder_type]": "individual",
            "us_bank_account[routing_number]": "110000000",
            "us_bank_account[account_number]": number,
            "billing_details[name]": "Pat Smith",
            **params,
        },
    )["id"]


def set_up(api, method, customer, **params):
    data = {"payment_method": method, "customer": customer, "confirm": "true"}
    return api.post("setup_intents", {**data, **BANK, **MANDATE, **params})


def saved(api, token="pm_usBankAccount_success"):
    """Return customer and saved account."""
    customer = api.customer()
    return customer, set_up(api, token, customer)["payment_method"]


def debit(api, token="pm_usBankAccount_success", **params):
    customer, method = saved(api, token)
    data = api.payment(method, customer=customer, off_session="true", **BANK)
    return api.post("payment_intents", {**data, **params})


def kinds(api):
    rows = api.get("balance_transactions")["data"]
    return [(row["type"], row["net"]) for row in reversed(rows)]


def test_verified_account_is_saved_at_once(api):
    customer = api.customer()
    intent = set_up(api, "pm_usBankAccount_success", customer)
    assert intent["status"] == "succeeded"
    mandate = api.get(f"mandates/{intent['mandate']}")
    assert (mandate["status"], mandate["type"]) == ("active", "multi_use")
    assert mandate["customer_acceptance"]["online"]["ip_address"] == "203.0.113.7"
    path = f"customers/{customer}/payment_methods"
    (method,) = api.get(path, params={"type": "us_bank_account"})["data"]
    account = method["us_bank_account"]
    assert (account["bank_name"], account["last4"]) == ("STRIPE TEST BANK", "6789")
    assert account["status_details"] == {}
    assert method["billing_details"]["name"] == "Test Holder"


@pytest.mark.parametrize(
    "answer", [{"descriptor_code": "SM11AA"}, {"amounts[]": ["32", "45"]}]
)
def test_typed_account_is_proven_by_small_deposits(api, answer):
    customer = api.customer()
    intent = set_up(api, typed(api), customer)
    assert intent["status"] == "requires_action"
    action = intent["next_action"]
    assert action["type"] == "verify_with_microdeposits"
    assert action["verify_with_microdeposits"]["arrival_date"] > intent["created"]
    assert api.get(f"mandates/{intent['mandate']}")["status"] == "pending"
    assert api.get(f"customers/{customer}/payment_methods")["data"] == []
    path = f"setup_intents/{intent['id']}/verify_microdeposits"
    assert api.post(path, answer)["status"] == "succeeded"
    assert api.get(f"mandates/{intent['mandate']}")["status"] == "active"
    assert len(api.get(f"customers/{customer}/payment_methods")["data"]) == 1
    assert api.events()[-3:] == [
        "mandate.updated",
        "payment_method.attached",
        "setup_intent.succeeded",
    ]
    error = api.error(path, answer)
    assert error["code"] == "setup_intent_unexpected_state"


@pytest.mark.parametrize(
    "answer, problem",
    [
        ({"descriptor_code": "SM33CC"}, "verification_attempts_exceeded"),
        ({"amounts[]": ["10", "11"]}, "verification_attempts_exceeded"),
        ({"descriptor_code": "SM44DD"}, "verification_timeout"),
        ({"amounts[]": ["40", "41"]}, "verification_timeout"),
    ],
)
def test_proof_that_fails(api, answer, problem):
    intent = set_up(api, typed(api), api.customer())
    path = f"setup_intents/{intent['id']}"
    error = api.error(f"{path}/verify_microdeposits", answer)
    assert error["code"] == f"payment_method_microdeposit_{problem}"
    intent = api.get(path)
    assert intent["status"] == "requires_payment_method"
    assert intent["last_setup_error"]["code"] == error["code"]
    assert api.events()[-1] == "setup_intent.setup_failed"


def test_wrong_answers_are_counted(api):
    intent = set_up(api, typed(api), api.customer())
    path = f"setup_intents/{intent['id']}/verify_microdeposits"
    for data in ({}, {"descriptor_code": "SM11AA", "amounts[]": ["32", "45"]}):
        assert api.error(path, data)["code"] == "parameter_missing"
    mismatch = "payment_method_microdeposit_verification_descriptor_code_mismatch"
    for _time in range(2):
        error = api.error(path, {"descriptor_code": "SM99ZZ"})
        assert error["code"] == mismatch
        assert error["setup_intent"]["status"] == "requires_action"
    error = api.error(path, {"descriptor_code": "SM99ZZ"})
    assert error["code"].endswith("attempts_exceeded")


def test_deposits_that_never_arrive(api):
    intent = set_up(api, typed(api, "000666666661"), api.customer())
    advance(api, days=1, seconds=1)
    error = api.get(f"setup_intents/{intent['id']}")["last_setup_error"]
    assert error["code"] == "payment_method_microdeposit_failed"
    intent = set_up(api, typed(api), api.customer())
    advance(api, days=10, seconds=1)
    error = api.get(f"setup_intents/{intent['id']}")["last_setup_error"]
    assert error["code"].endswith("verification_timeout")


def test_no_debit_without_a_mandate(api):
    data = {"payment_method": "pm_usBankAccount_success", "confirm": "true"}
    error = api.error("setup_intents", {**data, "customer": api.customer(), **BANK})
    assert error["code"] == "setup_intent_mandate_invalid"
    error = api.error("payment_intents", api.payment("pm_usBankAccount", **BANK))
    assert error["code"] == "payment_intent_mandate_invalid"
    paid = api.pay("pm_usBankAccount", **BANK, **MANDATE)
    charge = api.get(f"charges/{paid['latest_charge']}")
    details = charge["payment_method_details"]["us_bank_account"]
    mandate = api.get(f"mandates/{details['mandate']}")
    assert mandate["single_use"] == {"amount": 5000, "currency": "usd"}


def test_debit_takes_days_and_then_succeeds(api):
    pi = debit(api)
    assert pi["status"] == "processing"
    charge = api.get(f"charges/{pi['latest_charge']}")
    assert charge["id"].startswith("py_")
    assert (charge["status"], charge["paid"]) == ("pending", False)
    totals = api.control("GET", "totals")["currencies"]["usd"]
    assert (totals["failed_charges"], totals["captured"]) == (0, 0)
    assert api.events()[-2:] == ["charge.pending", "payment_intent.processing"]
    assert kinds(api) == [("payment", 4960)]
    assert api.control("POST", "payouts/run", {})["payouts"] == []
    advance(api, days=3)
    assert api.get(f"payment_intents/{pi['id']}")["status"] == "processing"
    advance(api, days=1, seconds=1)
    pi = api.get(f"payment_intents/{pi['id']}")
    assert (pi["status"], pi["amount_received"]) == ("succeeded", 5000)
    charge = api.get(f"charges/{pi['latest_charge']}")
    assert (charge["status"], charge["paid"]) == ("succeeded", True)
    types = [name for name in api.events() if name.startswith(("charge", "payment_i"))]
    assert types[-2:] == ["charge.succeeded", "payment_intent.succeeded"]
    advance(api, days=4)
    (payout,) = api.get("payouts")["data"]
    assert payout["amount"] == 4960


@pytest.mark.parametrize(
    "token, code, blocked",
    [
        ("accountClosed", "account_closed", "R02"),
        ("noAccount", "no_account", "R03"),
        ("insufficientFunds", "insufficient_funds", None),
        ("debitNotAuthorized", "debit_not_authorized", "R10"),
        ("invalidCurrency", "invalid_currency", None),
        ("weeklyLimitExceeded", "charge_exceeds_source_limit", None),
    ],
)
def test_debit_that_fails(api, token, code, blocked):
    pi = debit(api, f"pm_usBankAccount_{token}")
    method = pi["payment_method"]
    advance(api, days=4, seconds=1)
    pi = api.get(f"payment_intents/{pi['id']}")
    assert (pi["status"], pi["amount_received"]) == ("requires_payment_method", 0)
    assert pi["last_payment_error"]["payment_method"]["id"] == method
    charge = api.get(f"charges/{pi['latest_charge']}")
    assert (charge["status"], charge["failure_code"]) == ("failed", code)
    assert charge["failure_balance_transaction"]
    # The debit and its fee come back; the failure costs 4.00.
    assert kinds(api) == [("payment", 4960), ("payment_failure_refund", -5360)]
    assert "payment_intent.payment_failed" in api.events()
    details = api.get(f"payment_methods/{method}")["us_bank_account"]["status_details"]
    assert details.get("blocked", {}).get("network_code") == blocked
    again = api.payment(method, customer=pi["customer"], **BANK)
    if blocked:
        assert api.error("payment_intents", again, 402)["code"] == (
            "bank_account_unusable"
        )
        assert "mandate.updated" in api.events()
    else:
        assert api.post("payment_intents", again)["status"] == "processing"


def test_debit_that_stays_in_process(api):
    pi = debit(api, "pm_usBankAccount_processing")
    advance(api, days=60)
    path = f"payment_intents/{pi['id']}"
    assert api.get(path)["status"] == "processing"
    assert api.get("payouts")["data"] == []
    assert api.error(f"{path}/cancel")["code"] == "payment_intent_unexpected_state"
    api.control("POST", "ach/settle", {"payment_intent": pi["id"]})
    assert api.get(path)["status"] == "succeeded"
    api.control("POST", "ach/settle", {"payment_intent": pi["id"]}, status=400)


def test_debit_fails_on_demand(api):
    pi = debit(api)
    data = {"payment_intent": pi["id"], "code": "mood"}
    api.control("POST", "ach/settle", data, status=400)
    api.control("POST", "ach/settle", {**data, "code": "insufficient_funds"})
    advance(api, days=5)
    assert api.get(f"payment_intents/{pi['id']}")["status"] == (
        "requires_payment_method"
    )
    assert len(kinds(api)) == 2


def test_risky_debit_is_refused_at_once(api):
    customer, method = saved(api, "pm_usBankAccount_riskLevelHighest")
    data = api.payment(method, customer=customer, **BANK)
    error = api.error("payment_intents", data, 402)
    assert error["payment_intent"]["status"] == "requires_payment_method"
    charge = api.get(f"charges/{error['charge']}")
    assert charge["outcome"]["type"] == "blocked"
    assert kinds(api) == []


def test_return_after_success_is_a_lost_dispute(api):
    pi = debit(api, "pm_usBankAccount_dispute")
    advance(api, days=4, seconds=20)
    (dispute,) = api.get("disputes", params={"payment_intent": pi["id"]})["data"]
    assert (dispute["status"], dispute["reason"]) == ("lost", "debit_not_authorized")
    assert dispute["evidence_details"]["due_by"] == 0
    assert dispute["is_charge_refundable"] is False
    assert kinds(api)[-1] == ("adjustment", -6500)
    assert [name for name in api.events() if "dispute" in name] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ]
    assert api.get(f"payment_intents/{pi['id']}")["status"] == "succeeded"
    assert api.error("refunds", {"payment_intent": pi["id"]})["code"] == (
        "charge_disputed"
    )


def test_return_on_demand(api):
    pi = debit(api)
    data = {"charge": pi["latest_charge"]}
    api.control("POST", "ach/return", data, status=400)
    api.control("POST", "ach/settle", {"payment_intent": pi["id"]})
    inquiry = {**data, "reason": "insufficient_funds", "inquiry": True}
    api.control("POST", "disputes/create", inquiry, status=400)
    assert api.control("POST", "ach/return", data)["reason"] == "insufficient_funds"
    assert api.control(
        "POST",
        "ach/settle",
        {"payment_intent": api.pay(capture_method="manual")["id"]},
        status=400,
    )


def test_refund_of_a_debit_takes_days(api):
    pi = debit(api)
    error = api.error("refunds", {"payment_intent": pi["id"]})
    assert "no successful charge" in error["message"]
    api.control("POST", "ach/settle", {"payment_intent": pi["id"]})
    refund = api.post("refunds", {"payment_intent": pi["id"], "amount": 1000})
    assert refund["id"].startswith("pyr_")
    assert (refund["status"], refund["destination_details"]["type"]) == (
        "pending",
        "us_bank_transfer",
    )
    assert kinds(api)[-1] == ("payment_refund", -1000)
    expand = {"expand[]": "data.source", "type": "payment_refund"}
    (row,) = api.get("balance_transactions", params=expand)["data"]
    assert row["source"]["id"] == refund["id"]
    advance(api, days=4, seconds=1)
    assert api.get(f"refunds/{refund['id']}")["status"] == "succeeded"


def test_payment_with_a_typed_account_waits_for_its_proof(api):
    pi = api.pay(typed(api), **BANK, **MANDATE)
    assert pi["status"] == "requires_action"
    path = f"payment_intents/{pi['id']}/verify_microdeposits"
    assert api.post(path, {"descriptor_code": "SM11AA"})["status"] == "processing"


@pytest.mark.parametrize(
    "data, param",
    [
        ({"billing_details[name]": ""}, "billing_details[name]"),
        ({"us_bank_account[routing_number]": "021000021"}, "routing_number"),
        ({"us_bank_account[account_number]": "1"}, "account_number"),
        ({"us_bank_account[account_holder_type]": "pet"}, "account_holder_type"),
    ],
)
def test_refused_accounts(api, data, param):
    base = {
        "type": "us_bank_account",
        "us_bank_account[account_holder_type]": "individual",
        "us_bank_account[routing_number]": "110000000",
        "us_bank_account[account_number]": "000123456789",
        "billing_details[name]": "Pat Smith",
    }
    assert param in api.error("payment_methods", {**base, **data})["param"]


def test_types_of_an_intent_and_its_method_agree(api):
    error = api.error("payment_intents", api.payment("pm_usBankAccount", **MANDATE))
    assert "not allowed for this PaymentIntent" in error["message"]
    error = api.error("payment_intents", api.payment("pm_card_visa", **BANK))
    assert "us_bank_account" in error["message"]
    data = api.payment("pm_usBankAccount", currency="eur", **BANK, **MANDATE)
    api.error("payment_intents", data)
    error = api.error(
        f"payment_methods/{typed(api)}/attach", {"customer": api.customer()}
    )
    assert error["code"] == "bank_account_unverified"


def test_holder_of_a_saved_account_can_change(api):
    _customer, method = saved(api)
    data = {"us_bank_account[account_holder_type]": "company"}
    changed = api.post(f"payment_methods/{method}", data)
    assert changed["us_bank_account"]["account_holder_type"] == "company"
    api.error(f"payment_methods/{method}", {"card[exp_year]": "2040"})


def test_detached_account_is_gone(api):
    customer, method = saved(api)
    api.post(f"payment_methods/{method}/detach")
    api.error("payment_intents", api.payment(method, customer=customer, **BANK))
