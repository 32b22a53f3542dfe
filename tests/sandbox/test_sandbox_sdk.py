"""The same through the SDK: every kind of endpoint, as the addon calls it."""

import pytest
import stripe

CARD = {"payment_method": "pm_card_visa", "allowed_payment_method_types": ["card"]}
PAY = {"amount": 5000, "currency": "usd", "confirm": True, **CARD}
BANK = {
    "allowed_payment_method_types": ["us_bank_account"],
    "mandate_data": {
        "customer_acceptance": {
            "type": "online",
            "online": {"ip_address": "203.0.113.7", "user_agent": "a browser"},
        }
    },
}


@pytest.fixture
def sdk(api):
    """The SDK's client, pointed at the sandbox."""
    return stripe.StripeClient(
        "sk_test_sandbox",
        stripe_version="2026-10-28.endive",
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=20),
        base_addresses={"api": api.url},
    ).v1


def advance(api, seconds):
    api.control("POST", "clock/advance", {"seconds": seconds})


def test_payment_refund_and_their_money(api, sdk):
    pi = sdk.payment_intents.create(PAY, {"idempotency_key": "one"})
    again = sdk.payment_intents.create(PAY, {"idempotency_key": "one"})
    assert again.id == pi.id
    advance(api, 5)
    expand = {"expand": ["latest_charge.balance_transaction"]}
    pi = sdk.payment_intents.retrieve(pi.id, expand)
    assert pi.latest_charge.balance_transaction.fee == 175
    refund = sdk.refunds.create(
        {"payment_intent": pi.id, "amount": 1000, "expand": ["balance_transaction"]}
    )
    assert refund.balance_transaction.net == -1000
    refund = sdk.refunds.update(refund.id, {"metadata": {"a": "1"}})
    assert sdk.refunds.retrieve(refund.id).metadata["a"] == "1"
    assert len(sdk.refunds.list({"charge": pi.latest_charge.id}).data) == 1
    with pytest.raises(stripe.InvalidRequestError):
        sdk.refunds.cancel(refund.id)
    charge = sdk.charges.update(pi.latest_charge.id, {"description": "x"})
    assert sdk.charges.list({"payment_intent": pi.id}).data[0].id == charge.id
    assert sdk.balance.retrieve().pending[0].amount == 3825


def test_payout_page_by_page(api, sdk):
    for _number in range(7):
        sdk.payment_intents.create(PAY)
    api.control("POST", "payouts/run", {})
    (payout,) = sdk.payouts.list().data
    page = sdk.balance_transactions.list(
        {"payout": payout.id, "limit": 3, "expand": ["data.source"]}
    )
    rows = list(page.auto_paging_iter())
    assert len(rows) == 8
    assert sum(row.net for row in rows if row.type != "payout") == payout.amount
    row = sdk.balance_transactions.retrieve(rows[-1].id)
    assert row.source == rows[-1].source.id
    assert sdk.payouts.retrieve(payout.id).status == "pending"
    sdk.payouts.update(payout.id, {"metadata": {"a": "1"}})
    api.control("POST", f"payouts/{payout.id}/fail", {})
    advance(api, 1)
    made = sdk.payouts.create({"amount": 100, "currency": "usd"})
    assert sdk.payouts.cancel(made.id).status == "canceled"


def test_dispute_is_answered(api, sdk):
    pi = sdk.payment_intents.create(PAY)
    api.control("POST", "disputes/create", {"charge": pi.latest_charge})
    (dispute,) = sdk.disputes.list({"payment_intent": pi.id}).data
    evidence = {"uncategorized_text": "winning_evidence"}
    sdk.disputes.update(dispute.id, {"evidence": evidence, "submit": True})
    advance(api, 61)
    dispute = sdk.disputes.retrieve(dispute.id, {"expand": ["charge"]})
    assert (dispute.status, dispute.charge.disputed) == ("won", True)
    with pytest.raises(stripe.InvalidRequestError):
        sdk.disputes.close(dispute.id)


def test_early_fraud_warning(api, sdk):
    pi = sdk.payment_intents.create(PAY)
    data = {"charge": pi.latest_charge}
    warning = api.control("POST", "fraud_warnings/create", data)
    warnings = sdk.radar.early_fraud_warnings
    assert warnings.list(data).data[0].id == warning["id"]
    assert warnings.retrieve(warning["id"]).actionable is True


def test_bank_account_from_proof_to_payment(api, sdk):
    customer = sdk.customers.create({"metadata": {"a": "1"}}).id
    method = sdk.payment_methods.create(
        {
            "type": "us_bank_account",
            "us_bank_account": {
                "account_holder_type": "individual",
                "routing_number": "110000000",
                "account_number": "000123456789",
            },
            "billing_details": {"name": "Pat Smith"},
        }
    )
    base = {"customer": customer, "payment_method": method.id, "confirm": True}
    intent = sdk.setup_intents.create({**base, **BANK})
    assert intent.next_action.type == "verify_with_microdeposits"
    intent = sdk.setup_intents.verify_microdeposits(
        intent.id, {"descriptor_code": "SM11AA"}
    )
    assert sdk.mandates.retrieve(intent.mandate).status == "active"
    (saved,) = sdk.customers.payment_methods.list(customer).data
    paid = sdk.payment_intents.create(
        {
            **base,
            "amount": 5000,
            "currency": "usd",
            "off_session": True,
            "allowed_payment_method_types": ["us_bank_account"],
        }
    )
    assert (saved.id, paid.status) == (method.id, "processing")
    advance(api, 5 * 86400)
    assert sdk.payment_intents.retrieve(paid.id).status == "succeeded"
    sdk.payment_methods.detach(method.id)
    assert sdk.customers.payment_methods.list(customer).data == []


def test_proof_of_a_payment_by_amounts(sdk):
    method = sdk.payment_methods.create(
        {
            "type": "us_bank_account",
            "us_bank_account": {
                "account_holder_type": "company",
                "routing_number": "110000000",
                "account_number": "000123456789",
            },
            "billing_details": {"name": "Pat Smith"},
        }
    )
    data = {"amount": 5000, "currency": "usd", "confirm": True, **BANK}
    pi = sdk.payment_intents.create({**data, "payment_method": method.id})
    pi = sdk.payment_intents.verify_microdeposits(pi.id, {"amounts": [32, 45]})
    assert pi.status == "processing"


def test_confirmation_token_and_search(api, stripe_helpers, sdk):
    token = stripe_helpers.confirmation_tokens.create(
        {"payment_method": "pm_card_visa_debit"}
    )
    found = sdk.confirmation_tokens.retrieve(token.id)
    assert found.payment_method_preview.card.funding == "debit"
    data = {key: value for key, value in PAY.items() if key != "payment_method"}
    pi = sdk.payment_intents.create(
        {**data, "confirmation_token": token.id, "metadata": {"tx": "abc"}}
    )
    advance(api, 61)
    page = sdk.payment_intents.search({"query": "metadata['tx']:'abc'"})
    assert [row.id for row in page.auto_paging_iter()] == [pi.id]


@pytest.fixture
def stripe_helpers(sdk):
    return sdk.test_helpers


def test_authorization_by_hand(sdk):
    pi = sdk.payment_intents.create({**PAY, "capture_method": "manual"})
    assert sdk.payment_intents.capture(pi.id).status == "succeeded"
    pi = sdk.payment_intents.create({**PAY, "capture_method": "manual"})
    assert sdk.payment_intents.cancel(pi.id).status == "canceled"


def test_card_and_intents_by_hand(api, sdk):
    customer = sdk.customers.create({}).id
    intent = sdk.setup_intents.create({"customer": customer, "usage": "off_session"})
    data = {"payment_method": "pm_card_visa", "return_url": "http://127.0.0.1/done"}
    method = sdk.setup_intents.confirm(intent.id, data).payment_method
    card = {"card": {"exp_year": 2041}}
    assert sdk.payment_methods.update(method, card).card.exp_year == 2041
    pi = sdk.payment_intents.create(
        {"amount": 5000, "currency": "usd", "customer": customer}
    )
    sdk.payment_intents.update(pi.id, {"amount": 6000})
    data["payment_method"] = method
    assert sdk.payment_intents.confirm(pi.id, data).amount_received == 6000
    assert sdk.payment_intents.list({"customer": customer}).data[0].id == pi.id
    with pytest.raises(stripe.InvalidRequestError):
        sdk.setup_intents.cancel(intent.id)


def test_webhook_endpoint_and_signature(api, sdk, receiver):
    endpoint = sdk.webhook_endpoints.create(
        {
            "url": receiver.url,
            "enabled_events": ["payout.paid", "charge.dispute.created"],
            "api_version": "2026-10-28.endive",
        }
    )
    assert endpoint.secret.startswith("whsec_")
    assert "secret" not in sdk.webhook_endpoints.retrieve(endpoint.id).to_dict()
    sdk.payment_intents.create(PAY)
    api.control("POST", "payouts/run", {"arrive": True})
    receiver.wait(1)
    body, headers = receiver.received[0]
    event = stripe.Webhook.construct_event(
        body, headers["Stripe-Signature"], endpoint.secret
    )
    assert event.type == "payout.paid"
    assert sdk.events.retrieve(event.id).data.object["status"] == "paid"
    assert len(sdk.events.list({"types": ["payout.paid", "payout.failed"]}).data) == 1
    sdk.webhook_endpoints.update(endpoint.id, {"disabled": True})
    assert sdk.webhook_endpoints.delete(endpoint.id).deleted is True


@pytest.mark.parametrize(
    "fault, error",
    [
        ({"do": "drop_before"}, stripe.APIConnectionError),
        ({"do": "drop_after"}, stripe.APIConnectionError),
        ({"do": "status", "status": 500}, stripe.APIError),
        ({"do": "status", "status": 502}, stripe.APIError),
        ({"do": "bad_json"}, stripe.APIError),
        ({"do": "lock_timeout"}, stripe.RateLimitError),
        ({"do": "status", "status": 429}, stripe.RateLimitError),
    ],
)
def test_what_the_sdk_makes_of_a_fault(api, sdk, fault, error):
    api.control("POST", "faults", fault)
    with pytest.raises(error):
        sdk.payment_intents.create(PAY, {"idempotency_key": "k"})


def test_sdk_asks_again_after_a_lost_answer_and_pays_once(api):
    client = stripe.StripeClient(
        "sk_test_sandbox",
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=20),
        base_addresses={"api": api.url},
    )
    fault = {"do": "drop_after", "times": 2, "match": {"method": "POST"}}
    api.control("POST", "faults", fault)
    pi = client.v1.payment_intents.create(PAY, {"idempotency_key": "k"})
    assert pi.status == "succeeded"
    assert api.control("GET", "totals")["currencies"]["usd"]["charges"] == 1


def test_declined_and_authentication(sdk):
    with pytest.raises(stripe.CardError) as caught:
        sdk.payment_intents.create({**PAY, "payment_method": "pm_card_chargeDeclined"})
    assert caught.value.json_body["error"]["decline_code"] == "generic_decline"
    data = {**PAY, "payment_method": "pm_card_authenticationRequired"}
    with pytest.raises(stripe.CardError) as caught:
        sdk.payment_intents.create({**data, "off_session": True})
    assert caught.value.code == "authentication_required"
