"""Setup attempts: what came of each confirmation of a setup intent."""


def confirmed(api, method, status=200, **params):
    data = {"payment_method": method, "confirm": "true", "customer": api.customer()}
    data["allowed_payment_method_types[]"] = "card"
    response = api.call("POST", "setup_intents", {**data, **params})
    assert response.status_code == status, response.text
    body = response.json()
    return body if status == 200 else body["error"]["setup_intent"]


def attempts(api, intent):
    params = {"setup_intent": intent["id"], "expand[]": "data.payment_method"}
    return api.get("setup_attempts", params=params)["data"]


def test_card_saved_at_once(api):
    intent = confirmed(api, "pm_card_visa", **{"expand[]": "latest_attempt"})
    (attempt,) = attempts(api, intent)
    assert intent["latest_attempt"]["id"] == attempt["id"]
    assert (attempt["status"], attempt["usage"]) == ("succeeded", "off_session")
    assert attempt["payment_method_details"]["card"]["funding"] == "credit"
    assert attempt["payment_method"]["id"] == intent["payment_method"]


def test_attempt_that_was_declined_and_the_next_one(api):
    intent = confirmed(api, "pm_card_chargeDeclined", 402)
    (attempt,) = attempts(api, intent)
    assert attempt["status"] == "failed"
    assert attempt["setup_error"]["code"] == "card_declined"
    data = {"payment_method": "pm_card_visa"}
    api.post(f"setup_intents/{intent['id']}/confirm", data)
    states = [attempt["status"] for attempt in attempts(api, intent)]
    assert states == ["succeeded", "failed"]


def test_attempt_waits_for_the_payer(api):
    intent = confirmed(api, "pm_card_authenticationRequired")
    assert attempts(api, intent)[0]["status"] == "requires_action"
    api.challenge(intent, "complete")
    assert attempts(api, intent)[0]["status"] == "succeeded"
    intent = confirmed(api, "pm_card_authenticationRequired")
    api.post(f"setup_intents/{intent['id']}/cancel")
    assert attempts(api, intent)[0]["status"] == "abandoned"


def test_attempt_of_a_bank_account(api):
    types = {"allowed_payment_method_types[]": "us_bank_account"}
    mandate = {"mandate_data[customer_acceptance][type]": "offline"}
    intent = confirmed(api, "pm_usBankAccount_success", **types, **mandate)
    (attempt,) = attempts(api, intent)
    assert attempt["payment_method_details"]["type"] == "us_bank_account"


def test_list_needs_an_intent(api):
    assert api.error("setup_attempts", method="GET")["code"] == "parameter_missing"
