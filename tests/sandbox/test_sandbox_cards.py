"""The test cards, row by row."""

import pytest

FINE = {
    "visa": ("visa", "credit", "4242"),
    "visa_debit": ("visa", "debit", "5556"),
    "mastercard": ("mastercard", "credit", "4444"),
    "mastercard_2series": ("mastercard", "credit", "3222"),
    "mastercard_debit": ("mastercard", "debit", "8210"),
    "mastercard_prepaid": ("mastercard", "prepaid", "5100"),
    "amex": ("amex", "credit", "0005"),
    "amex_2": ("amex", "credit", "8431"),
    "discover": ("discover", "credit", "1117"),
    "discover_debit": ("discover", "debit", "1113"),
    "createDispute": ("visa", "credit", "0259"),
    "createDisputeProductNotReceived": ("visa", "credit", "2685"),
    "createDisputeInquiry": ("visa", "credit", "1976"),
    "createIssuerFraudRecord": ("visa", "credit", "5423"),
    "pendingRefund": ("visa", "credit", "7726"),
    "refundFail": ("visa", "credit", "5126"),
    "bypassPending": ("visa", "credit", "0077"),
    "threeDSecureOptional": ("visa", "credit", "3055"),
    "hsaPrepaid": ("visa", "prepaid", "0507"),
    "hsaDebit": ("visa", "debit", "0515"),
    "fundingUnknown": ("visa", "unknown", "0523"),
}
TRY_AGAIN, NEVER = "try_again_later", "do_not_try_again"
DECLINED = {
    "visa_chargeDeclined": ("card_declined", "generic_decline", TRY_AGAIN),
    "visa_chargeDeclinedInsufficientFunds": (
        "card_declined",
        "insufficient_funds",
        TRY_AGAIN,
    ),
    "visa_chargeDeclinedLostCard": ("card_declined", "lost_card", NEVER),
    "visa_chargeDeclinedStolenCard": ("card_declined", "stolen_card", NEVER),
    "chargeDeclinedExpiredCard": ("expired_card", "expired_card", "confirm_card_data"),
    "chargeDeclinedIncorrectCvc": (
        "incorrect_cvc",
        "incorrect_cvc",
        "confirm_card_data",
    ),
    "chargeDeclinedProcessingError": (
        "processing_error",
        "processing_error",
        TRY_AGAIN,
    ),
    "visa_chargeDeclinedVelocityLimitExceeded": (
        "card_declined",
        "card_velocity_exceeded",
        TRY_AGAIN,
    ),
    "chargeCustomerFail": ("card_declined", "generic_decline", TRY_AGAIN),
    "radarBlock": ("card_declined", "fraudulent", None),
}
CAN_BE_SAVED = {"chargeCustomerFail", "radarBlock"}


@pytest.mark.parametrize("name", FINE)
def test_cards_that_work(api, name):
    expand = {"expand[]": "latest_charge"}
    charge = api.pay(f"pm_card_{name}", **expand)["latest_charge"]
    card = charge["payment_method_details"]["card"]
    assert (card["brand"], card["funding"], card["last4"]) == FINE[name]
    assert charge["outcome"]["type"] == "authorized"
    assert charge["paid"] and charge["captured"]


@pytest.mark.parametrize("name", DECLINED)
def test_cards_that_decline(api, name):
    error = api.error("payment_intents", api.payment(f"pm_card_{name}"), 402)
    assert error["type"] == "card_error"
    answer = (error["code"], error["decline_code"], error.get("advice_code"))
    assert answer == DECLINED[name]
    intent = error["payment_intent"]
    assert intent["status"] == "requires_payment_method"
    assert intent["payment_method"] is None
    assert intent["last_payment_error"]["decline_code"] == DECLINED[name][1]
    assert intent["latest_charge"] == error["charge"]
    charge = api.get(f"charges/{error['charge']}")
    assert (charge["status"], charge["paid"]) == ("failed", False)
    assert charge["failure_code"] == error["code"]
    kind = "blocked" if name == "radarBlock" else "issuer_declined"
    assert charge["outcome"]["type"] == kind
    assert charge["outcome"]["advice_code"] == error.get("advice_code")
    assert error["payment_method"]["object"] == "payment_method"


@pytest.mark.parametrize("name", DECLINED)
def test_saving_cards_that_decline(api, name):
    customer = api.customer()
    path = f"payment_methods/pm_card_{name}/attach"
    data = {"customer": customer}
    setup = {
        "customer": customer,
        "payment_method": f"pm_card_{name}",
        "confirm": "true",
        "allowed_payment_method_types[]": "card",
    }
    if name in CAN_BE_SAVED:
        assert api.post(path, data)["customer"] == customer
        assert api.post("setup_intents", setup)["status"] == "succeeded"
        return
    assert api.error(path, data, 402)["decline_code"] == DECLINED[name][1]
    error = api.error("setup_intents", setup, 402)
    assert error["decline_code"] == DECLINED[name][1]
    intent = error["setup_intent"]
    assert intent["status"] == "requires_payment_method"
    assert intent["last_setup_error"]["code"] == DECLINED[name][0]
    assert api.get(f"customers/{customer}/payment_methods")["data"] == []


def test_each_use_of_a_token_makes_a_new_method(api):
    first, second = api.pay()["payment_method"], api.pay()["payment_method"]
    assert first != second
    card, other = (api.get(f"payment_methods/{pm}")["card"] for pm in (first, second))
    assert card["fingerprint"] == other["fingerprint"]


def test_unknown_token(api):
    error = api.error("payment_intents", api.payment("pm_card_nonsense"))
    assert error["code"] == "resource_missing"


def test_server_may_name_a_token_but_no_number(api):
    data = {"type": "card", "card[token]": "tok_visa_debit"}
    assert api.post("payment_methods", data)["card"]["funding"] == "debit"
    data = {
        "type": "card",
        "card[number]": "4242424242424242",
        "card[exp_month]": 12,
        "card[exp_year]": 2040,
    }
    api.error("payment_methods", data, 402)


TYPED = {
    "type": "card",
    "card[number]": "4242424242424242",
    "card[exp_month]": "12",
    "card[exp_year]": "2040",
    "card[cvc]": "123",
}


def test_typed_card(api):
    data = {**TYPED, "billing_details[address][postal_code]": "97201"}
    method = api.browser("POST", "payment_methods", data).json()
    assert method["card"]["checks"]["cvc_check"] == "unchecked"
    customer = api.customer()
    path = f"payment_methods/{method['id']}/attach"
    saved = api.post(path, {"customer": customer})
    checks = saved["card"]["checks"]
    assert checks["cvc_check"] == checks["address_postal_code_check"] == "pass"


@pytest.mark.parametrize(
    "change, code",
    [
        ({"card[number]": "4242424242424241"}, "incorrect_number"),
        ({"card[number]": "4242"}, "incorrect_number"),
        ({"card[number]": "4111111111111111"}, "card_declined"),
        ({"card[exp_month]": "13"}, "invalid_expiry_month"),
        ({"card[exp_year]": "2020"}, "invalid_expiry_year"),
        ({"card[cvc]": "12"}, "invalid_cvc"),
        ({"card[number]": "378282246310005"}, "invalid_cvc"),
    ],
)
def test_typed_cards_that_cannot_be(api, change, code):
    response = api.browser("POST", "payment_methods", {**TYPED, **change})
    assert response.status_code == 402
    error = response.json()["error"]
    assert (error["type"], error["code"]) == ("card_error", code)


def test_typed_numbers_are_not_logged(api):
    api.browser("POST", "payment_methods", TYPED)
    log = api.control("GET", "requests")["requests"]
    assert log[-1]["params"]["card"]["number"] == "[redacted]"
    assert log[-1]["params"]["card"]["cvc"] == "[redacted]"
