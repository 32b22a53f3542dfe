from odoo.tests import tagged

from .common import Story

DAY = 24 * 3600


@tagged("post_install", "-at_install")
class TestNight(Story):
    """A week of charges, a refund, a dispute; each night Stripe pays out.

    The clearing account comes to 0.00 with every payout, and the nightly check finds
    nothing; then something happens that nobody told us of, and it does.
    """

    def night(self):
        """Let a night pass: Stripe pays out, our jobs run."""
        self.sandbox.control("POST", "payouts/run", {"pending": True, "arrive": True})
        self.sandbox.control("POST", "clock/advance", {"seconds": 3600})
        self.env["therapy.stripe.balance"]._cron_read()
        self.env["therapy.check"]._cron_check()
        self.env.invalidate_all()
        checks = self.env["therapy.check"]
        return checks.search([("company_id", "=", self.company.id)], limit=1)

    def clearing(self):
        account = self.provider._therapy_stripe_get_clearing_account()
        self.env.cr.execute(
            """SELECT COALESCE(SUM(ROUND(balance * 100)), 0)::bigint
                 FROM account_move_line
                WHERE account_id = %s AND parent_state = 'posted'""",
            [account.id],
        )
        return self.env.cr.fetchone()[0]

    def transferred(self):
        self.env.cr.execute(
            """SELECT COALESCE(SUM(ROUND(balance * 100)), 0)::bigint
                 FROM account_move_line
                WHERE account_id = %s AND parent_state = 'posted'""",
            [self.company.transfer_account_id.id],
        )
        return self.env.cr.fetchone()[0]

    def paid_out(self):
        payouts = self.env["therapy.stripe.payout"].search([])
        return round(sum(payouts.mapped("amount")) * 100)

    def test_each_payout_clears_and_a_secret_refund_is_found(self):
        self.add_card(self.mother)
        self.add_card(self.father)
        tx = self.charge(self.mothers).transaction_id
        self.charge(self.fathers)
        check = self.night()
        self.assertEqual(check.state, "good", check.line_ids.mapped("name"))
        self.assertEqual(self.clearing(), 0)
        self.assertEqual(self.transferred(), self.paid_out())

        tx._therapy_refund(100.0, "reopen")
        self.charge(self.mothers)
        check = self.night()
        self.assertEqual(check.state, "good", check.line_ids.mapped("name"))
        self.assertBooks()

        body = {"payment_intent": tx.provider_reference, "amount": 500}
        self.sandbox.control("POST", "refunds/create", body)
        check = self.night()
        self.assertEqual(check.state, "differs")
        self.assertIn("not in the books", " ".join(check.line_ids.mapped("name")))
        checks = self.env["therapy.check"]
        activity = checks.search([("company_id", "=", self.company.id)]).activity_ids
        self.assertEqual(len(activity), 1)
        self.env["therapy.stripe.event"]._cron_sweep()
        self.env["therapy.stripe.event"]._cron_process()
        self.env["payment.transaction"]._cron_post_process()
        check = self.night()
        self.assertEqual(check.state, "good", check.line_ids.mapped("name"))
        self.assertBooks()
