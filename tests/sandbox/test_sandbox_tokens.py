"""Confirmation tokens, updates of saved cards, and finding an intent again."""

import pytest


def advance(api, seconds):
    api.control("POST", "clock/advance", {"seconds": seconds})


def token(api, method="pm_card_visa", **params):
    data = {"payment_method": method, **params}
    return api.post("test_helpers/confirmation_tokens", data)


def pay_with(api, name, **params):
    data = api.payment(**{"confirmation_token": name, **params})
    del data["payment_method"]
    return data


@pytest.mark.parametrize(
    "method, funding",
    [
        ("pm_card_visa", "credit"),
        ("pm_card_visa_debit", "debit"),
        ("pm_card_mastercard_prepaid", "prepaid"),
        ("pm_card_fundingUnknown", "unknown"),
    ],
)
def test_funding_is_known_before_the_charge(api, method, funding):
    name = token(api, method)["id"]
    found = api.get(f"confirmation_tokens/{name}")
    assert found["payment_method_preview"]["card"]["funding"] == funding
    assert found["payment_intent"] is None
    assert api.get("charges")["data"] == []


def test_token_pays_once(api):
    name = token(api, setup_future_usage="off_session")["id"]
    pi = api.post("payment_intents", pay_with(api, name, customer=api.customer()))
    assert pi["status"] == "succeeded"
    assert pi["setup_future_usage"] == "off_session"
    assert api.get(f"payment_methods/{pi['payment_method']}")["customer"]
    found = api.get(f"confirmation_tokens/{name}")
    assert (found["payment_intent"], found["expires_at"]) == (pi["id"], None)
    error = api.error("payment_intents", pay_with(api, name))
    assert "already been used" in error["message"]


def test_token_confirms_what_was_made_before(api):
    pi = api.post("payment_intents", {"amount": 5000, "currency": "usd"})
    data = {"confirmation_token": token(api)["id"], "return_url": "http://127.0.0.1/x"}
    path = f"payment_intents/{pi['id']}/confirm"
    assert api.post(path, data)["status"] == "succeeded"
    customer = api.customer()
    data = {"customer": customer, "confirm": "true"}
    data["confirmation_token"] = token(api, return_url="http://127.0.0.1/x")["id"]
    assert api.post("setup_intents", data)["status"] == "succeeded"


def test_token_of_a_bank_account_carries_the_acceptance(api):
    found = token(api, "pm_usBankAccount_success")
    assert found["mandate_data"]["customer_acceptance"]["type"] == "online"
    data = pay_with(api, found["id"])
    data["allowed_payment_method_types[]"] = "us_bank_account"
    assert api.post("payment_intents", data)["status"] == "processing"


def test_token_expires(api):
    name = token(api)["id"]
    advance(api, 12 * 3600 + 1)
    error = api.error("payment_intents", pay_with(api, name))
    assert "expired" in error["message"]


def test_refused_tokens(api):
    assert api.error("payment_intents", pay_with(api, "ctoken_none"))["code"] == (
        "resource_missing"
    )
    both = api.payment(confirmation_token=token(api)["id"])
    assert "only one" in api.error("payment_intents", both)["message"]
    data = pay_with(api, token(api)["id"])
    del data["confirm"]
    assert "confirm=true" in api.error("payment_intents", data)["message"]
    api.error("test_helpers/confirmation_tokens", {})
    api.error("test_helpers/confirmation_tokens", {"payment_method": "pm_none"})
    api.error("confirmation_tokens", {"payment_method": "pm_card_visa"})
    api.error("confirmation_tokens/ctoken_none", status=404, method="GET")


def test_declined_token_is_used_up(api):
    name = token(api, "pm_card_chargeDeclined")["id"]
    api.error("payment_intents", pay_with(api, name), 402)
    assert api.get(f"confirmation_tokens/{name}")["payment_intent"]


def test_browser_makes_a_token(api):
    made = api.browser(
        "POST",
        "payment_methods",
        {
            "type": "card",
            "card[number]": "4000056655665556",
            "card[exp_month]": "12",
            "card[exp_year]": "2040",
            "card[cvc]": "123",
        },
    ).json()
    answer = api.browser(
        "POST", "confirmation_tokens", {"payment_method": made["id"]}
    ).json()
    assert answer["payment_method_preview"]["card"]["funding"] == "debit"
    assert answer["use_stripe_sdk"] is True
    pi = api.post("payment_intents", pay_with(api, answer["id"]))
    assert pi["payment_method"] == made["id"]


def test_card_is_brought_up_to_date(api):
    customer = api.customer()
    method = api.saved(customer)
    before = api.get(f"payment_methods/{method}")["card"]
    path = f"cards/{method}/update"
    changed = api.control("POST", path, {"exp_month": 3, "exp_year": 2044})["card"]
    assert (changed["exp_month"], changed["exp_year"]) == (3, 2044)
    assert changed["fingerprint"] == before["fingerprint"]
    (event,) = api.get(
        "events", params={"type": "payment_method.automatically_updated"}
    )["data"]
    old = event["data"]["previous_attributes"]["card"]
    assert old["exp_year"] == before["exp_year"]
    assert event["request"]["id"] is None
    changed = api.control("POST", path, {"card": "visa_debit"})["card"]
    assert (changed["last4"], changed["funding"]) == ("5556", "debit")
    assert changed["fingerprint"] != before["fingerprint"]
    assert api.pay(method, customer=customer)["status"] == "succeeded"
    for wrong in ({"card": "nonsense"}, {"exp_month": "3"}):
        api.control("POST", path, wrong, status=400)
    api.control("POST", "cards/pm_none/update", {}, status=404)


def test_card_that_begins_to_decline(api):
    customer = api.customer()
    method = api.saved(customer)
    data = {"card": "chargeDeclinedInsufficientFunds"}
    looks = api.control("POST", f"cards/{method}/behave", data)["card"]
    assert looks["last4"] == "4242"
    error = api.error("payment_intents", api.payment(method, customer=customer), 402)
    assert error["decline_code"] == "insufficient_funds"


def test_billing_details_and_expiry_of_a_saved_card(api):
    method = api.saved(api.customer())
    data = {"card[exp_year]": "2041", "billing_details[address][postal_code]": "97201"}
    changed = api.post(f"payment_methods/{method}", data)
    assert changed["card"]["exp_year"] == 2041
    assert changed["billing_details"]["address"]["postal_code"] == "97201"
    assert api.events()[-1] == "payment_method.updated"


def found(api, query, **params):
    rows = api.get("payment_intents/search", params={"query": query, **params})
    assert rows["object"] == "search_result"
    return [row["id"] for row in rows["data"]]


def test_search_finds_only_what_is_a_minute_old(api):
    pi = api.pay(**{"metadata[tx]": "abc"})
    query = "metadata['tx']:'abc'"
    assert found(api, query) == []
    advance(api, 61)
    assert found(api, query) == [pi["id"]]
    assert found(api, f"{query} AND status:'succeeded' AND amount>4999") == [pi["id"]]
    assert found(api, f"-{query}") == []
    assert found(api, "status:'canceled' OR amount:5000") == [pi["id"]]
    created = pi["created"]
    assert found(api, f"created>={created} AND created<{created + 1}") == [pi["id"]]


def test_search_in_pages(api):
    ids = [api.pay()["id"] for _number in range(3)][::-1]
    advance(api, 61)
    query = {"query": "currency:'usd'", "limit": 2}
    first = api.get("payment_intents/search", params=query)
    assert [row["id"] for row in first["data"]] == ids[:2]
    assert first["has_more"] is True
    rest = {**query, "page": first["next_page"], "expand[]": "data.latest_charge"}
    last = api.get("payment_intents/search", params=rest)
    assert [row["latest_charge"]["payment_intent"] for row in last["data"]] == ids[2:]
    assert (last["has_more"], last["next_page"]) == (False, None)


@pytest.mark.parametrize(
    "query",
    ["", "nonsense", "mood:'good'", "amount>'5'", "status>5", "a:1 AND b:2 OR c:3"],
)
def test_bad_queries(api, query):
    api.error("payment_intents/search", method="GET", params={"query": query})


def test_list_by_creation_finds_a_lost_intent_at_once(api):
    customer = api.customer()
    pi = api.pay(customer=customer, **{"metadata[tx]": "abc"})
    params = {"customer": customer, "created[gte]": pi["created"] - 60, "limit": 100}
    rows = api.get("payment_intents", params=params)["data"]
    assert [row["id"] for row in rows if row["metadata"].get("tx") == "abc"] == [
        pi["id"]
    ]
