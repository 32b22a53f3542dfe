"""Bank accounts and confirmation tokens in a real browser."""

import pytest
from test_sandbox_browser import (
    CONFIRM,
    FORM,
    MOUNT,
    PAY,
    fill,
)

pytestmark = pytest.mark.browser

BANKS = {"allowedPaymentMethodTypes": ["us_bank_account"]}
BOTH = {"allowedPaymentMethodTypes": ["card", "us_bank_account"]}
SETUP = {"mode": "setup", "currency": "usd"}
CONFIRM_SETUP = CONFIRM.replace("confirmPayment", "confirmSetup")


def setup_intent(api):
    customer = api.customer()
    types = [("allowed_payment_method_types[]", "us_bank_account")]
    return customer, api.post("setup_intents", [("customer", customer), *types])


def test_account_chosen_at_the_bank_is_saved_at_once(api, page):
    customer, intent = setup_intent(api)
    page.evaluate(MOUNT, {**SETUP, **BANKS})
    form = page.frame_locator(FORM)
    assert form.get_by_label("Name on the account").input_value() == "Pat Payer"
    form.get_by_label("Your accounts at the test bank").select_option("success")
    page.wait_for_function("log.some(([name, e]) => name === 'change' && e.complete)")
    value = page.evaluate("log.filter(([n]) => n === 'change').pop()[1].value")
    assert value == {"type": "us_bank_account"}
    secret = [intent["client_secret"], {}, "if_required"]
    result = page.evaluate(CONFIRM_SETUP, secret)
    assert result["setupIntent"]["status"] == "succeeded"
    (method,) = api.get(f"customers/{customer}/payment_methods")["data"]
    account = method["us_bank_account"]
    assert account["financial_connections_account"].startswith("fca_")
    mandate = api.get(f"setup_intents/{intent['id']}")["mandate"]
    acceptance = api.get(f"mandates/{mandate}")["customer_acceptance"]
    assert acceptance["type"] == "online"


def test_typed_account_waits_and_is_proven_on_the_bank_page(api, page):
    customer, intent = setup_intent(api)
    page.evaluate(MOUNT, {**SETUP, **BANKS})
    form = page.frame_locator(FORM)
    form.get_by_label("With two small deposits").check()
    result = page.evaluate("group.submit()")
    assert result["error"]["code"] == "incomplete_routing_number"
    form.get_by_label("Routing number").fill("110000000")
    form.get_by_label("Account number").fill("000123456789")
    secret = [intent["client_secret"], {}, "if_required"]
    result = page.evaluate(CONFIRM_SETUP, secret)
    found = result["setupIntent"]
    assert found["status"] == "requires_action"
    action = found["next_action"]["verify_with_microdeposits"]
    page.goto(action["hosted_verification_url"])
    page.get_by_label("Code").fill("SM99ZZ")
    page.get_by_role("button", name="Verify").click()
    assert "does not match" in page.locator("main").inner_text()
    page.get_by_label("Code").fill("SM11AA")
    page.get_by_role("button", name="Verify").click()
    assert "Done" in page.locator("main").inner_text()
    assert api.get(f"setup_intents/{intent['id']}")["status"] == "succeeded"
    assert len(api.get(f"customers/{customer}/payment_methods")["data"]) == 1


def test_code_is_taken_by_the_script(api, page):
    _customer, intent = setup_intent(api)
    page.evaluate(MOUNT, {**SETUP, **BANKS})
    values = {
        "type": "us_bank_account",
        "proof": "numbers",
        "routing": "110000000",
        "account": "000123456789",
    }
    page.evaluate("values => stripeSandbox.fill(values)", values)
    page.evaluate(CONFIRM_SETUP, [intent["client_secret"], {}, "if_required"])
    verify = """async ([secret, data]) =>
        await stripe.verifyMicrodepositsForSetup(secret, data)"""
    wrong = page.evaluate(verify, [intent["client_secret"], {"amounts": [1, 2]}])
    assert wrong["error"]["code"].endswith("amounts_mismatch")
    right = page.evaluate(verify, [intent["client_secret"], {"amounts": [32, 45]}])
    assert right["setupIntent"]["status"] == "succeeded"


def test_payer_chooses_between_card_and_bank(api, page):
    types = ("card", "us_bank_account")
    rows = [("allowed_payment_method_types[]", name) for name in types]
    intent = api.post("payment_intents", [("amount", 5000), ("currency", "usd"), *rows])
    page.evaluate(MOUNT, {**PAY, **BOTH})
    form = page.frame_locator(FORM)
    assert form.get_by_label("Card number").is_visible()
    form.get_by_role("tab", name="US bank account").click()
    assert not form.get_by_label("Card number").is_visible()
    form.get_by_label("Your accounts at the test bank").select_option("success")
    assert page.evaluate("group.submit()") == {
        "selectedPaymentMethod": "us_bank_account"
    }
    result = page.evaluate(CONFIRM, [intent["client_secret"], {}, "if_required"])
    assert result["paymentIntent"]["status"] == "processing"


def test_one_type_shows_no_tabs(api, page):
    page.evaluate(MOUNT, PAY)
    assert not page.frame_locator(FORM).get_by_role("tab").first.is_visible()


@pytest.mark.parametrize(
    "number, funding",
    [("4242424242424242", "credit"), ("4000056655665556", "debit")],
)
def test_server_learns_the_funding_before_it_charges(api, page, number, funding):
    page.evaluate(MOUNT, PAY)
    fill(page, number=number)
    made = page.evaluate(
        """async () => {
            const submitted = await group.submit();
            if (submitted.error) return submitted;
            return await stripe.createConfirmationToken({elements: group});
        }"""
    )
    name = made["confirmationToken"]["id"]
    found = api.get(f"confirmation_tokens/{name}")
    assert found["payment_method_preview"]["card"]["funding"] == funding
    data = api.payment(confirmation_token=name)
    del data["payment_method"]
    assert api.post("payment_intents", data)["status"] == "succeeded"


def test_token_needs_a_submitted_form(api, page):
    page.evaluate(MOUNT, PAY)
    attempt = """async () => {
        try { await stripe.createConfirmationToken({elements: group}); }
        catch (error) { return error.name; }
    }"""
    assert page.evaluate(attempt) == "IntegrationError"
