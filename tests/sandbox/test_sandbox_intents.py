"""Payment intents and setup intents: states, challenges, rules."""

import pytest
from sandbox_client import SECRET

UNEXPECTED = "payment_intent_unexpected_state"


def off_session(api, customer, method, **params):
    return api.payment(method, customer=customer, off_session="true", **params)


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
    again = off_session(api, customer, pi["payment_method"])
    assert api.post("payment_intents", again)["status"] == "succeeded"


# -- 3D Secure -------------------------------------------------------------------

ALWAYS = ["authenticationRequired", "threeDSecure2Required"]


@pytest.mark.parametrize("name", [*ALWAYS, "authenticationRequiredOnSetup"])
def test_on_session_challenge(api, name):
    pi = api.pay(f"pm_card_{name}")
    assert pi["status"] == "requires_action"
    assert pi["next_action"]["type"] == "use_stripe_sdk"
    assert api.challenge(pi, "complete").status_code == 200
    pi = api.get(f"payment_intents/{pi['id']}?expand[]=latest_charge")
    assert (pi["status"], pi["next_action"]) == ("succeeded", None)
    secure = pi["latest_charge"]["payment_method_details"]["card"]["three_d_secure"]
    assert secure["result"] == "authenticated"
    assert api.events() == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


def test_failed_challenge(api):
    pi = api.pay("pm_card_authenticationRequired")
    api.challenge(pi, "fail")
    pi = api.get(f"payment_intents/{pi['id']}")
    assert pi["status"] == "requires_payment_method"
    error = pi["last_payment_error"]
    assert error["code"] == "payment_intent_authentication_failure"
    assert api.events()[-1] == "payment_intent.payment_failed"


@pytest.mark.parametrize(
    "name, decline",
    [
        ("threeDSecureRequiredChargeDeclined", "generic_decline"),
        (
            "authenticationRequiredChargeDeclinedInsufficientFunds",
            "insufficient_funds",
        ),
    ],
)
def test_decline_after_the_challenge(api, name, decline):
    pi = api.pay(f"pm_card_{name}")
    assert pi["status"] == "requires_action"
    api.challenge(pi, "complete")
    pi = api.get(f"payment_intents/{pi['id']}")
    assert pi["status"] == "requires_payment_method"
    assert pi["last_payment_error"]["decline_code"] == decline


def test_challenge_on_request(api):
    ask = {"payment_method_options[card][request_three_d_secure]": "any"}
    assert api.pay("pm_card_threeDSecureOptional")["status"] == "succeeded"
    assert api.pay("pm_card_threeDSecureOptional", **ask)["status"] == (
        "requires_action"
    )


@pytest.mark.parametrize(
    "outcome, word", [("complete", "succeeded"), ("fail", "failed")]
)
def test_challenge_by_redirect(api, outcome, word):
    back = "http://127.0.0.1:9/back?reference=R1"
    pi = api.pay("pm_card_authenticationRequired", return_url=back)
    action = pi["next_action"]["redirect_to_url"]
    assert action["return_url"] == back
    assert action["url"].startswith(f"{api.url}/_sandbox/3ds/{pi['id']}?")
    assert "Complete" in api.session.get(action["url"], timeout=5).text
    response = api.challenge(pi, outcome)
    assert response.status_code == 303
    assert response.headers["Location"] == (
        f"{back}&payment_intent={pi['id']}&payment_intent_client_secret="
        f"{pi['client_secret']}&redirect_status={word}"
    )


def test_challenge_needs_the_client_secret(api):
    pi = api.pay("pm_card_authenticationRequired")
    wrong = {**pi, "client_secret": "guess"}
    assert api.challenge(wrong, "complete").status_code == 404
    assert api.get(f"payment_intents/{pi['id']}")["status"] == "requires_action"


def test_answering_twice_charges_once(api):
    pi = api.pay("pm_card_authenticationRequired")
    for _time in range(2):
        api.challenge(pi, "complete")
    assert len(api.get("charges")["data"]) == 1


def test_error_on_requires_action(api):
    data = api.payment("pm_card_authenticationRequired")
    error = api.error("payment_intents", {**data, "error_on_requires_action": 1}, 402)
    assert error["code"] == "authentication_required"


@pytest.mark.parametrize("name", [*ALWAYS, "authenticationRequiredOnSetup"])
def test_off_session_needs_the_payer(api, name):
    customer = api.customer()
    method = api.saved(customer, f"pm_card_{name}")
    data = off_session(api, customer, method)
    error = api.error("payment_intents", data, 402)
    assert error["type"] == "card_error"
    assert error["code"] == error["decline_code"] == "authentication_required"
    assert error["payment_method"]["id"] == method
    pi = error["payment_intent"]
    assert pi["status"] == "requires_payment_method"
    assert pi["last_payment_error"]["payment_method"]["id"] == method
    assert api.events()[-2:] == ["charge.failed", "payment_intent.payment_failed"]
    # The payer comes and completes the same intent.
    data = {"payment_method": method}
    pi = api.post(f"payment_intents/{pi['id']}/confirm", data)
    assert pi["status"] == "requires_action"
    api.challenge(pi, "complete")
    assert api.get(f"payment_intents/{pi['id']}")["status"] == "succeeded"


def save(api, customer, name):
    """Save a card with a setup intent, through the challenge where one comes."""
    data = {
        "customer": customer,
        "payment_method": f"pm_card_{name}",
        "confirm": "true",
        "allowed_payment_method_types[]": "card",
        "payment_method_options[card][setup_credential_usage]": "unscheduled",
    }
    intent = api.post("setup_intents", data)
    if intent["status"] == "requires_action":
        api.challenge(intent, "complete")
        intent = api.get(f"setup_intents/{intent['id']}")
    assert intent["status"] == "succeeded"
    return intent["payment_method"]


@pytest.mark.parametrize(
    "name, code",
    [
        ("visa", None),
        ("authenticationRequiredOnSetup", None),
        ("authenticationRequiredSetupForOffSession", None),
        ("authenticationRequired", "authentication_required"),
        ("threeDSecure2Required", "authentication_required"),
        ("authenticationRequiredChargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("threeDSecureRequiredChargeDeclined", "authentication_required"),
    ],
)
def test_off_session_after_setup(api, name, code):
    customer = api.customer()
    data = off_session(api, customer, save(api, customer, name))
    if code:
        assert api.error("payment_intents", data, 402)["decline_code"] == code
    else:
        assert api.post("payment_intents", data)["status"] == "succeeded"


@pytest.mark.parametrize(
    "usage, status", [("off_session", "succeeded"), ("on_session", None)]
)
def test_payment_sets_the_card_up(api, usage, status):
    customer = api.customer()
    card = "pm_card_authenticationRequiredOnSetup"
    pi = api.pay(card, customer=customer, setup_future_usage=usage)
    api.challenge(pi, "complete")
    method = api.get(f"payment_intents/{pi['id']}")["payment_method"]
    data = off_session(api, customer, method)
    if status:
        assert api.post("payment_intents", data)["status"] == status
    else:
        error = api.error("payment_intents", data, 402)
        assert error["code"] == "authentication_required"


def test_already_set_up_card_still_asks_on_session(api):
    pi = api.pay("pm_card_authenticationRequiredSetupForOffSession")
    assert pi["status"] == "requires_action"


def test_setup_intent_states(api):
    customer = api.customer()
    si = api.post("setup_intents", {"customer": customer, "metadata[a]": "1"})
    assert (si["status"], si["usage"]) == ("requires_payment_method", "off_session")
    path = f"setup_intents/{si['id']}"
    si = api.post(path, {"payment_method": "pm_card_visa"})
    assert si["status"] == "requires_confirmation"
    si = api.post(f"{path}/confirm", {"return_url": "http://127.0.0.1/"})
    assert si["status"] == "succeeded"
    assert api.error(f"{path}/cancel")["code"] == "setup_intent_unexpected_state"
    assert api.events() == [
        "customer.created",
        "setup_intent.created",
        "payment_method.attached",
        "setup_intent.succeeded",
    ]
    rows = api.get("setup_intents", params={"customer": customer})["data"]
    assert [row["id"] for row in rows] == [si["id"]]


def test_setup_intent_failed_challenge_and_cancel(api):
    data = {
        "payment_method": "pm_card_authenticationRequired",
        "confirm": "true",
        "return_url": "http://127.0.0.1/",
    }
    si = api.post("setup_intents", data)
    api.challenge(si, "fail")
    si = api.get(f"setup_intents/{si['id']}")
    error = si["last_setup_error"]
    assert error["code"] == "setup_intent_authentication_failure"
    si = api.post(f"setup_intents/{si['id']}/cancel")
    assert si["status"] == "canceled"
    events = api.events()
    assert events[-3:] == [
        "setup_intent.requires_action",
        "setup_intent.setup_failed",
        "setup_intent.canceled",
    ]


# -- the payer's browser ---------------------------------------------------------


def test_browser_confirms_with_the_client_secret(api):
    pi = api.post(
        "payment_intents", {"amount": 100, "currency": "usd", "metadata[a]": "1"}
    )
    path = f"payment_intents/{pi['id']}"
    secret = {"client_secret": pi["client_secret"]}
    seen = api.browser("GET", path, secret).json()
    assert seen["amount"] == 100
    assert not {"metadata", "customer", "latest_charge"} & set(seen)
    data = {**secret, "payment_method": "pm_card_visa", "use_stripe_sdk": "true"}
    paid = api.browser("POST", f"{path}/confirm", data).json()
    assert paid["status"] == "succeeded"
    assert "metadata" not in paid


def test_browser_without_the_secret(api):
    pi = api.post("payment_intents", {"amount": 100, "currency": "usd"})
    path = f"payment_intents/{pi['id']}"
    for secret in ({}, {"client_secret": f"{pi['id']}_secret_guess"}):
        assert api.browser("GET", path, secret).status_code == 400


def test_browser_may_not_change_the_payment(api):
    pi = api.post("payment_intents", {"amount": 100, "currency": "usd"})
    secret = {"client_secret": pi["client_secret"], "payment_method": "pm_card_visa"}
    path = f"payment_intents/{pi['id']}"
    confirm = api.browser("POST", f"{path}/confirm", {**secret, "off_session": "true"})
    assert confirm.status_code == 400
    assert api.browser("POST", path, {"amount": "1"}).status_code == 403
    assert api.browser("GET", "payment_intents").status_code == 403


def test_browser_sees_declines_without_private_fields(api):
    pi = api.post("payment_intents", {"amount": 100, "currency": "usd"})
    data = {
        "client_secret": pi["client_secret"],
        "payment_method": "pm_card_chargeDeclined",
    }
    path = f"payment_intents/{pi['id']}/confirm"
    response = api.browser("POST", path, data)
    assert response.status_code == 402
    assert "metadata" not in response.json()["error"]["payment_intent"]
    assert SECRET not in response.text


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
