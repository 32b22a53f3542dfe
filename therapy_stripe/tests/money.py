"""What the tests of refunds, disputes and payouts share."""

from odoo.tests import new_test_user

from odoo.addons.therapy_billing.tools import money

from .common import TherapyStripeCommon


class MoneyCommon(TherapyStripeCommon):
    """A bill of 100.00, and what happens to its payment at Stripe."""

    def setUp(self):
        super().setUp()
        self.number = 0
        self.bill = self._create_bill(100.0)

    def paid(self, card="pm_card_visa", amount=100.0):
        """Charge a card for the bill, and book it."""
        tx = self._charge(self.bill, self._save_card(card), amount)
        self._post_process(tx)
        self.assertEqual(tx.state, "done")
        return tx

    def give_back(self, tx, amount=100.0, mode="reopen", **vals):
        """Give a part of a payment back."""
        refund = tx.browse(tx._therapy_refund(amount, mode, **vals))
        self.env.invalidate_all()
        return refund

    def event(self, kind, object_ref):
        """Store an event as the webhook does, and process it."""
        events = self.env["therapy.stripe.event"]
        self.number += 1
        ref = f"evt_{self.number}"
        events._receive(
            self.provider,
            {
                "id": ref,
                "type": kind,
                "created": 1790000000,
                "livemode": False,
                "data": {"object": {"id": object_ref}},
            },
        )
        event = events.search([("event_ref", "=", ref)])
        event._process()
        self.env.invalidate_all()
        return event

    def book(self):
        """Book what waits, as the job does."""
        self.env["payment.transaction"]._cron_post_process()
        self.env.invalidate_all()

    def refunded(self):
        """Return the cents given back at the sandbox."""
        return self.sandbox.control("GET", "totals")["currencies"]["usd"]["refunded"]

    def new_manager(self):
        """Return a manager of the practice."""
        return new_test_user(
            self.env, "stripe_manager", groups="therapy_billing.group_manager"
        )

    # === THE LEDGER, IN CENTS === #

    def _sum(self, domain, name="balance"):
        lines = self.env["account.move.line"].search(
            [*domain, ("parent_state", "=", "posted")]
        )
        return money.to_minor(self.currency.round(sum(lines.mapped(name))))

    def ledger(self):
        """Return the payer's receivable; what of it is open is the same."""
        domain = [
            ("partner_id", "=", self.payer.id),
            ("account_id.account_type", "=", "asset_receivable"),
        ]
        balance = self._sum(domain)
        self.assertEqual(balance, self._sum(domain, "amount_residual"))
        return balance

    def balance(self, key):
        """Return the balance of an account of the practice."""
        account = self.company[f"therapy_account_{key}_id"]
        return self._sum([("account_id", "=", account.id)]) if account else 0

    def clearing(self, name="balance"):
        """Return what the clearing account holds."""
        account = self.provider._therapy_stripe_get_clearing_account()
        return self._sum([("account_id", "=", account.id)], name)
