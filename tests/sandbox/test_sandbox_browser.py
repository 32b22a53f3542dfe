"""The payment form in a real browser. A missing Chromium is a failure."""

from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.browser

FORM = 'iframe[title="Secure payment input frame"]'
BANK = 'iframe[title="3D Secure authentication"]'
MOUNT = """options => new Promise((ready, failed) => {
    window.log = [];
    window.stripe = Stripe("pk_test_sandbox", {locale: "en"});
    window.group = stripe.elements(options);
    const element = group.create("payment", {
        defaultValues: {billingDetails: {name: "Pat Payer"}},
    });
    for (const name of ["change", "focus", "blur", "carddetailschange"]) {
        element.on(name, (event) => log.push([name, event]));
    }
    element.on("ready", ready);
    element.on("loaderror", failed);
    element.mount("#payment");
}).then(() => true)"""
PAY = {"mode": "payment", "amount": 5000, "currency": "usd"}


def fill(page, number="4242424242424242", expiry="12 / 40", cvc="123", postal="97201"):
    form = page.frame_locator(FORM)
    form.get_by_label("Card number").fill(number)
    form.locator("input[name=expiry]").fill(expiry)
    form.locator("input[name=cvc]").fill(cvc)
    form.locator("input[name=postal]").fill(postal)


def intent(api, **params):
    return api.post("payment_intents", {"amount": 5000, "currency": "usd", **params})


CONFIRM = """async ([secret, params, redirect]) => {
    const submitted = await group.submit();
    if (submitted.error) return {submitted};
    const options = {elements: group, clientSecret: secret, redirect};
    options.confirmParams = params;
    return await stripe.confirmPayment(options);
}"""


def test_form_pays_without_showing_the_card_to_the_shop(api, page):
    pi = intent(api)
    page.evaluate(MOUNT, PAY)
    fill(page)
    page.wait_for_function("log.some(([name, e]) => name === 'change' && e.complete)")
    page.wait_for_function("log.some(([name, e]) => e.details)")
    details = page.evaluate("log.filter(([name, e]) => e.details).pop()[1].details")
    assert details == {"brands": ["visa"], "funding": "credit"}
    result = page.evaluate(CONFIRM, [pi["client_secret"], {}, "if_required"])
    assert result["paymentIntent"]["status"] == "succeeded"
    assert "metadata" not in result["paymentIntent"]
    paid = api.get(f"payment_intents/{pi['id']}?expand[]=payment_method")
    assert paid["status"] == "succeeded"
    billing = paid["payment_method"]["billing_details"]
    assert billing["name"] == "Pat Payer"
    assert billing["address"]["postal_code"] == "97201"
    assert "4242424242424242" not in page.evaluate("JSON.stringify(log)")
    assert "4242 4242" not in page.content()


def test_always_goes_to_the_return_page(api, page, shop):
    pi = intent(api)
    page.evaluate(MOUNT, PAY)
    fill(page)
    params = {"return_url": f"{shop}/done?reference=R1"}
    with page.expect_navigation():
        page.evaluate(f"args => {{ ({CONFIRM})(args) }}", [pi["client_secret"], params])
    query = {key: value[0] for key, value in parse_qs(urlsplit(page.url).query).items()}
    assert query == {
        "reference": "R1",
        "payment_intent": pi["id"],
        "payment_intent_client_secret": pi["client_secret"],
        "redirect_status": "succeeded",
    }


def test_incomplete_form_resolves_an_error(api, page):
    page.evaluate(MOUNT, PAY)
    fill(page, number="4242")
    result = page.evaluate("group.submit()")
    assert result["error"]["code"] == "incomplete_number"
    assert result["error"]["type"] == "validation_error"
    form = page.frame_locator(FORM)
    assert form.locator("#number-error").inner_text() == (
        "Your card number is incomplete."
    )


def test_decline_is_an_error(api, page):
    pi = intent(api)
    page.evaluate(MOUNT, PAY)
    fill(page, number="4000000000009995")
    result = page.evaluate(CONFIRM, [pi["client_secret"], {}, "if_required"])
    assert result["error"]["decline_code"] == "insufficient_funds"
    assert result["error"]["payment_intent"]["status"] == "requires_payment_method"


@pytest.mark.parametrize("button, status", [("Complete", "succeeded"), ("Fail", None)])
def test_bank_page_opens_over_the_shop(api, page, button, status):
    pi = intent(api)
    page.evaluate(MOUNT, PAY)
    fill(page, number="4000002760003184")
    page.evaluate(
        f"args => {{ window.result = ({CONFIRM})(args) }}",
        [pi["client_secret"], {}, "if_required"],
    )
    answer = page.frame_locator(BANK).get_by_role("button", name=button)
    answer.wait_for()
    # A message from anywhere else does not close the bank's page.
    page.evaluate("window.postMessage({sandbox: '3ds', type: 'done'}, '*')")
    page.wait_for_timeout(100)
    answer.click()
    result = page.evaluate("window.result")
    if status:
        assert result["paymentIntent"]["status"] == status
    else:
        code = "payment_intent_authentication_failure"
        assert result["error"]["code"] == code
    assert page.locator(BANK).count() == 0


def test_card_is_saved(api, page):
    customer = api.customer()
    si = api.post("setup_intents", {"customer": customer})
    page.evaluate(MOUNT, {"mode": "setup", "currency": "usd"})
    fill(page, number="4000056655665556")
    result = page.evaluate(
        CONFIRM.replace("confirmPayment", "confirmSetup"),
        [si["client_secret"], {}, "if_required"],
    )
    assert result["setupIntent"]["status"] == "succeeded"
    saved = api.get(f"customers/{customer}/payment_methods")["data"]
    assert [method["card"]["funding"] for method in saved] == ["debit"]


DISAGREE = {
    "amount": {**PAY, "amount": 4999},
    "currency": {**PAY, "currency": "eur"},
    "setupFutureUsage": {**PAY, "setupFutureUsage": "off_session"},
    "captureMethod": {**PAY, "captureMethod": "manual"},
    "mode": {"mode": "setup", "currency": "usd"},
}


def test_form_and_intent_must_agree(api, page):
    pi = intent(api)
    for word, options in DISAGREE.items():
        page.evaluate(MOUNT, options)
        fill(page)
        result = page.evaluate(CONFIRM, [pi["client_secret"], {}, "if_required"])
        assert result["error"]["message"].startswith(f"The {word} ")
    assert api.get(f"payment_intents/{pi['id']}")["status"] != "succeeded"
    page.evaluate(MOUNT, PAY)
    fill(page)
    result = page.evaluate(CONFIRM, [pi["client_secret"], {}, "if_required"])
    assert result["paymentIntent"]["status"] == "succeeded"


def test_link_pays_with_a_saved_card(api, page):
    customer = api.customer()
    method = api.saved(customer, "pm_card_authenticationRequired")
    failed = api.error(
        "payment_intents",
        api.payment(method, customer=customer, off_session="true"),
        402,
    )
    secret = failed["payment_intent"]["client_secret"]
    page.evaluate(
        """([secret, method]) => {
            const stripe = Stripe("pk_test_sandbox");
            window.result = stripe.confirmCardPayment(secret, {payment_method: method});
        }""",
        [secret, method],
    )
    page.frame_locator(BANK).get_by_role("button", name="Complete").click()
    assert page.evaluate("window.result")["paymentIntent"]["status"] == "succeeded"


def test_builds_differ_in_payment_method_types(api, page, shop):
    options = {**PAY, "paymentMethodTypes": ["card"]}
    attempt = """options => {
        try { Stripe("pk_test_x").elements(options); return "accepted"; }
        catch (error) { return error.name; }
    }"""
    assert page.evaluate(attempt, options) == "IntegrationError"
    allowed = {**PAY, "allowedPaymentMethodTypes": ["card"]}
    assert page.evaluate(attempt, allowed) == "accepted"
    page.goto(f"{shop}/v3")
    assert page.evaluate(attempt, options) == "accepted"


def test_tours_can_fill_the_form(api, page):
    page.evaluate(MOUNT, PAY)
    values = {
        "number": "5555555555554444",
        "expiry": "12/40",
        "cvc": "123",
        "postal": "97201",
    }
    page.evaluate("values => stripeSandbox.fill(values)", values)
    assert page.evaluate("group.submit()") == {"selectedPaymentMethod": "card"}


def test_wallets_are_not_there(api, page):
    request = "Stripe('pk_test_x').paymentRequest({}).canMakePayment()"
    assert page.evaluate(request) is None


def test_actions_can_be_left_for_later(api, page):
    pi = intent(api)
    secret = pi["client_secret"]
    data = {"payment_method": "pm_card_authenticationRequired"}
    result = page.evaluate(
        """async ([secret, data]) => {
            window.stripe = Stripe("pk_test_sandbox");
            const options = {handleActions: false};
            return await stripe.confirmCardPayment(secret, data, options);
        }""",
        [secret, data],
    )
    assert result["paymentIntent"]["status"] == "requires_action"
    page.evaluate(
        "s => { window.result = stripe.handleNextAction({clientSecret: s}) }", secret
    )
    page.frame_locator(BANK).get_by_role("button", name="Complete").click()
    assert page.evaluate("window.result")["paymentIntent"]["status"] == "succeeded"
    seen = page.evaluate("s => stripe.retrievePaymentIntent(s)", secret)
    assert seen["paymentIntent"]["id"] == pi["id"]
    again = page.evaluate("s => stripe.confirmCardPayment(s)", secret)
    assert again["paymentIntent"]["status"] == "succeeded"


@pytest.mark.parametrize("origin", ["http://127.0.0.1:1", "https://example.com", ""])
def test_form_obeys_only_the_page_it_names(server, page, origin):
    listen = """url => new Promise((resolve) => {
        const heard = [];
        window.addEventListener("message", (event) => heard.push(event.data));
        const frame = document.createElement("iframe");
        frame.name = "card";
        frame.src = url;
        frame.onload = () => {
            const data = {number: "4242424242424242"};
            const message = {sandbox: "f", type: "fill", seq: 1, data};
            frame.contentWindow.postMessage(message, "*");
            setTimeout(() => resolve(heard), 200);
        };
        document.body.append(frame);
    })"""
    url = f"{server.url}/_sandbox/elements?id=f&origin={origin}"
    assert page.evaluate(listen, url) == []
    assert page.frame(name="card").locator("input[name=number]").input_value() == ""


def test_live_key_is_refused(api, page):
    attempt = "() => { try { Stripe('pk_live_x') } catch (e) { return e.name } }"
    assert page.evaluate(attempt) == "IntegrationError"
