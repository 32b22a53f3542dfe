"""Payment intents: states, rules, capture."""

import pytest

UNEXPECTED = "payment_intent_unexpected_state"


def test_create_then_confirm(api):
    pi = api.post("payment_intents", {"amount": 100, "currency": "USD"})
    assert (pi["status"], pi["currency"]) == ("requires_payment_method", "usd")
    assert pi["capture_method"] == "automatic_async"
    path = f"payment_intents/{pi['id']}"
    pi = api.post(path, {"payment_method": "pm_card_visa", "description": "R1"})
    assert pi["status"] == "requires_confirmation"
    pi = api.post(f"{path}/confirm", {"return_url": "http://127.0.0.1/back"})
    assert (pi["status"], pi["amount_received"]) == ("succeeded", 100)
    charge = api.get(f"charges/{pi['latest_charge']}")
    assert (charge["description"], charge["balance_transaction"]) == ("R1", None)


def test_confirm_without_a_method(api):
    pi = api.post("payment_intents", {"amount": 100, "currency": "usd"})
    error = api.error(f"payment_intents/{pi['id']}/confirm")
    assert error["code"] == UNEXPECTED


@pytest.mark.parametrize("verb", ["confirm", "cancel", "capture"])
def test_final_states(api, verb):
    pi = api.pay()
    error = api.error(f"payment_intents/{pi['id']}/{verb}")
    assert error["code"] == UNEXPECTED
    assert error["payment_intent"]["id"] == pi["id"]


def test_update_of_a_final_intent(api):
    pi = api.pay()
    path = f"payment_intents/{pi['id']}"
    assert api.error(path, {"amount": 200})["code"] == UNEXPECTED
    assert api.post(path, {"metadata[a]": "1"})["metadata"] == {"a": "1"}


def test_cancel(api):
    pi = api.post("payment_intents", {"amount": 100, "currency": "usd"})
    path = f"payment_intents/{pi['id']}"
    canceled = api.post(f"{path}/cancel", {"cancellation_reason": "abandoned"})
    assert canceled["status"] == "canceled"
    assert canceled["canceled_at"] is not None
    error = api.error(f"{path}/confirm", {"payment_method": "pm_card_visa"})
    assert error["code"] == UNEXPECTED
    assert api.events() == ["payment_intent.created", "payment_intent.canceled"]


def test_after_a_decline_another_card_pays(api):
    declined = api.payment("pm_card_chargeDeclined")
    pi = api.error("payment_intents", declined, 402)["payment_intent"]
    data = {"payment_method": "pm_card_visa"}
    paid = api.post(f"payment_intents/{pi['id']}/confirm", data)
    assert paid["status"] == "succeeded"
    assert paid["last_payment_error"] is None
    charges = api.get("charges", params={"payment_intent": pi["id"]})["data"]
    assert [charge["status"] for charge in charges] == ["succeeded", "failed"]


@pytest.mark.parametrize("endpoint", ["payment_intents", "setup_intents"])
@pytest.mark.parametrize("verb", ["", "/confirm"])
def test_payment_method_types(api, endpoint, verb):
    data = {"amount": 100, "currency": "usd"} if endpoint[0] == "p" else {}
    intent = api.post(endpoint, data)
    path = f"{endpoint}/{intent['id']}{verb}"
    for target, rest in ((endpoint, data), (path, {})):
        error = api.error(target, {**rest, "payment_method_types[]": "card"})
        assert error["code"] == "payment_method_types_no_longer_supported"


def test_selectors_exclude_each_other(api):
    data = api.payment(**{"automatic_payment_methods[enabled]": "true"})
    api.error("payment_intents", data)
    types = ("affirm", "card")
    rows = [("allowed_payment_method_types[]", name) for name in types]
    data = [("amount", 100), ("currency", "usd"), *rows]
    # What does not suit is filtered.
    assert api.post("payment_intents", data)["payment_method_types"] == ["card"]
    api.error("payment_intents", [*data[:2], rows[0]])


def test_return_url_is_needed_where_methods_could_redirect(api):
    data = api.payment()
    del data["allowed_payment_method_types[]"]
    assert api.error("payment_intents", data)["param"] == "return_url"
    assert api.get("payment_intents")["data"] == []
    api.post("payment_intents", {**data, "return_url": "http://127.0.0.1/back"})
    automatic = {
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
    }
    api.post("payment_intents", {**data, **automatic})


@pytest.mark.parametrize(
    "params, code",
    [
        ({"amount": "49"}, "amount_too_small"),
        ({"amount": "0"}, "parameter_invalid_integer"),
        ({"amount": "-5"}, "parameter_invalid_integer"),
        ({"amount": "1.5"}, "parameter_invalid_integer"),
        ({"amount": "100000000"}, "amount_too_large"),
        ({"currency": "zzz"}, None),
        ({"capture_method": "never"}, None),
        ({"statement_descriptor": "PRACTICE"}, None),
        ({"statement_descriptor_suffix": "123"}, None),
        ({"statement_descriptor_suffix": "MUCH TOO LONG"}, None),
        ({"statement_descriptor_suffix": "A*B"}, None),
        ({"description": "x" * 1001}, None),
        ({"nonsense": "1"}, "parameter_unknown"),
        ({"metadata[" + "k" * 41 + "]": "1"}, None),
        ({"metadata[k]": "v" * 501}, None),
        ({f"metadata[k{number}]": "1" for number in range(51)}, None),
        ({"transfer_group": "x"}, "sandbox_not_implemented"),
        ({"payment_method_options[card][moto]": "true"}, None),
    ],
)
def test_refused_parameters(api, params, code):
    error = api.error("payment_intents", api.payment(**params))
    assert error["type"] == "invalid_request_error"
    assert error.get("code") == code
    assert error["param"]
    assert api.get("payment_intents")["data"] == []


@pytest.mark.parametrize(
    "name", ["off_session", "error_on_requires_action", "return_url"]
)
def test_only_with_confirm(api, name):
    value = "http://127.0.0.1/" if name == "return_url" else "true"
    data = {"amount": 100, "currency": "usd", name: value}
    assert api.error("payment_intents", data)["param"] == name


def test_missing_parameter(api):
    error = api.error("payment_intents", {"amount": 100})
    assert (error["code"], error["param"]) == ("parameter_missing", "currency")


def test_descriptor_suffix(api):
    expand = {"expand[]": "latest_charge"}
    pi = api.pay(statement_descriptor_suffix="BILL 7", **expand)
    charge = pi["latest_charge"]
    assert charge["calculated_statement_descriptor"] == "PRACTICE* BILL 7"


def test_credential_usage_is_kept(api):
    usage = {
        "payment_method_options[card][stored_credential_usage]": "unscheduled",
        "expand[]": "latest_charge",
    }
    pi = api.pay(**usage)
    card = pi["payment_method_options"]["card"]
    assert card["stored_credential_usage"] == "unscheduled"
    details = pi["latest_charge"]["payment_method_details"]["card"]
    assert details["stored_credential_usage"] == "unscheduled"
    usage["payment_method_options[card][stored_credential_usage]"] = "sometimes"
    api.error("payment_intents", api.payment(**usage))


def test_card_of_another_customer(api):
    mine, other = api.customer(), api.customer()
    method = api.saved(other)
    error = api.error("payment_intents", api.payment(method, customer=mine))
    assert error["param"] == "payment_method"
    error = api.error("payment_intents", api.payment(method))
    assert "Include that Customer" in error["message"]


def test_detached_card(api):
    customer = api.customer()
    method = api.saved(customer)
    assert api.post(f"payment_methods/{method}/detach")["customer"] is None
    for data in (api.payment(method, customer=customer), api.payment(method)):
        assert "may not be used again" in api.error("payment_intents", data)["message"]
    api.error(f"payment_methods/{method}/attach", {"customer": customer})
    api.error(f"payment_methods/{method}/detach")


def test_card_used_once_without_being_saved(api):
    method = api.pay()["payment_method"]
    error = api.error("payment_intents", api.payment(method))
    assert "may not be used again" in error["message"]


def test_payment_saves_the_card(api):
    customer = api.customer()
    pi = api.pay(customer=customer, setup_future_usage="off_session")
    saved = api.get(f"customers/{customer}/payment_methods", params={"type": "card"})
    assert [method["id"] for method in saved["data"]] == [pi["payment_method"]]
    again = api.off_session(customer, pi["payment_method"])
    assert api.post("payment_intents", again)["status"] == "succeeded"


def test_manual_capture(api):
    pi = api.pay(capture_method="manual")
    assert (pi["status"], pi["amount_capturable"]) == ("requires_capture", 5000)
    path = f"payment_intents/{pi['id']}"
    api.error(f"{path}/capture", {"amount_to_capture": 5001})
    pi = api.post(f"{path}/capture", {"amount_to_capture": 4000})
    assert (pi["status"], pi["amount_received"]) == ("succeeded", 4000)
    assert api.control("GET", "totals")["currencies"]["usd"]["captured"] == 4000


def test_release_of_an_authorization(api):
    pi = api.pay(capture_method="manual")
    assert api.post(f"payment_intents/{pi['id']}/cancel")["status"] == "canceled"
    assert api.control("GET", "totals")["currencies"]["usd"]["captured"] == 0
    api.error("refunds", {"payment_intent": pi["id"]})
