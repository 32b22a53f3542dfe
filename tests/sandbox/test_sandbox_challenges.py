"""3D Secure, charges without the payer, and setup intents."""

import pytest

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
    data = api.off_session(customer, method)
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
    data = api.off_session(customer, save(api, customer, name))
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
    data = api.off_session(customer, method)
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
