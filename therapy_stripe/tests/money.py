"""What the tests of refunds, disputes and payouts share."""

from odoo.tests import new_test_user

from odoo.addons.therapy_billing.tools import money

from .common import TherapyStripeCommon

DAY = 24 * 3600


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

    def prepaid(self, amount=100.0):
        """Take money ahead by card, and book it."""
        tx = self._create_tx(
            self.bill.browse(),
            amount,
            partner_id=self.payer.id,
            therapy_is_prepayment=True,
        )
        tx._get_processing_values()
        self._confirm(tx)
        tx._therapy_stripe_refresh()
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

    def disputed(self, **vals):
        """Return a payment and its dispute, as the sandbox made it."""
        tx = self.paid()
        body = {"charge": tx.therapy_stripe_charge_ref, **vals}
        data = self.sandbox.control("POST", "disputes/create", body)
        return tx, data.get("dispute", data)

    def follow(self, data, *kinds):
        """Take in what the sandbox says of a dispute; return it."""
        for kind in kinds or ("created",):
            self.assertEqual(
                self.event(f"charge.dispute.{kind}", data["id"]).state, "done"
            )
        return self.env["therapy.dispute"].search([("dispute_ref", "=", data["id"])])

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


class PayoutCommon(MoneyCommon):
    """What moves at Stripe, what it pays out, and the nightly check."""

    def setUp(self):
        super().setUp()
        self.balances = self.env["therapy.stripe.balance"]
        self.payouts = self.env["therapy.stripe.payout"]
        self.checks = self.env["therapy.check"]

    def pass_days(self, days=1):
        self.sandbox.control("POST", "clock/advance", {"seconds": int(days * DAY)})

    def pay_out(self):
        """Let the sandbox pay out all there is; return our payout."""
        data = self.sandbox.control("POST", "payouts/run", {"pending": True})
        self.pass_days(0.02)
        self.read()
        refs = [row["id"] for row in data["payouts"]]
        return self.payouts.search([("payout_ref", "in", refs)])

    def read(self):
        self.balances._cron_read()
        self.env.invalidate_all()

    def check(self):
        return self.checks._run(self.company)

    def transfer(self):
        account = self.company.transfer_account_id
        return self._sum(
            [
                ("account_id", "=", account.id),
                ("journal_id", "=", self.provider.journal_id.id),
            ]
        )

    def activities(self):
        return self.checks.search([("company_id", "=", self.company.id)]).activity_ids
