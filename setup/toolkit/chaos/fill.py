"""Run in Odoo's shell: payers with saved cards, and their bills.

Appended to it is the call of its function; ``env`` is the shell's.
"""

import random

from odoo.addons.therapy_stripe import const

# Test cards of the sandbox, and how often each of 100 payers has it.
CARDS = (
    ("pm_card_visa", 55),
    ("pm_card_mastercard", 20),
    ("pm_card_visa_debit", 15),
    ("pm_card_chargeCustomerFail", 6),
    ("pm_card_authenticationRequired", 4),
)
PAYER_BILLS = 4


def fill(env, charges, seed, sandbox, webhooks):
    """Create the practice of a chaos run.

    :param int charges: number of bills
    :param int seed: decides amounts and cards
    :param str sandbox: address of the processor's sandbox
    :param list webhooks: addresses of the webhooks of the Odoo processes
    """
    chance = random.Random(seed)
    provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
    provider.write(
        {
            "therapy_stripe_api_base": sandbox,
            "state": "test",
            "therapy_charge_rate": 50,
        }
    )
    env["ir.config_parameter"].set_param("therapy_billing.charge_threads", 3)
    adapter = provider._therapy_stripe_get_adapter()
    secrets = [
        adapter.raw(
            "POST",
            "webhook_endpoints",
            {
                "url": url,
                "enabled_events": list(const.WEBHOOK_EVENTS),
                "api_version": const.API_VERSION,
            },
            f"chaos:{url}",
        )["secret"]
        for url in webhooks
    ]
    provider.stripe_webhook_secret, previous = secrets
    provider.therapy_stripe_webhook_secret_previous = previous
    for cron in ("ir_cron_stripe_events", "ir_cron_stripe_resolve"):
        env.ref(f"therapy_stripe.{cron}").interval_number = 1
    patient = env["res.partner"].create({"name": "Patient", "is_patient": True})
    names, weights = zip(*CARDS, strict=True)
    vals = []
    count = (charges + PAYER_BILLS - 1) // PAYER_BILLS
    payers = env["res.partner"].create([{"name": f"Payer {n}"} for n in range(count)])
    env.cr.commit()
    for payer in payers:
        _save_card(env, provider, adapter, payer, chance.choices(names, weights)[0])
        vals += [(payer.id, chance.randrange(2000, 20000)) for _ in range(PAYER_BILLS)]
    for start in range(0, charges, 200):
        bills = env["account.move"].create(
            [
                _bill_vals(patient.id, payer, cents)
                for payer, cents in vals[start : min(start + 200, charges)]
            ]
        )
        bills.action_post()
        env.cr.commit()


def _save_card(env, provider, adapter, payer, card):
    customer = env["therapy.stripe.customer"]._get_ref(provider, payer)
    method = adapter.raw(
        "POST",
        f"payment_methods/{card}/attach",
        {"customer": customer},
        f"chaos:{payer.id}",
    )
    tokens = env["payment.token"]
    tokens.create(
        {
            **tokens._therapy_stripe_prepare_card_vals(method),
            "provider_id": provider.id,
            "payment_method_id": env.ref("payment.payment_method_card").id,
            "partner_id": payer.id,
            "provider_ref": customer,
            "stripe_payment_method": method["id"],
            # All test cards of a kind are one card, and declines of a card are
            # limited: here every payer has a card of its own.
            "fingerprint": f"chaos{payer.id}",
        }
    )


def _bill_vals(patient_id, payer_id, cents):
    line = {
        "name": "Services",
        "quantity": 1,
        "price_unit": cents / 100,
        "tax_ids": [(5, 0, 0)],
    }
    return {
        "move_type": "out_invoice",
        "partner_id": payer_id,
        "patient_id": patient_id,
        "invoice_line_ids": [(0, 0, line)],
    }
