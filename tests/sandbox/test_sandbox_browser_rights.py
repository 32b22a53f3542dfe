"""What a payer's browser may do with a client secret, and what it sees."""

from sandbox_client import SECRET


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
