from odoo.tests import tagged

from .common import MOTHERS, Story

CENTS = round(MOTHERS * 100)


@tagged("post_install", "-at_install")
class TestAfterTheCharge(Story):
    """The mother's bill is paid, and then money goes back: by the desk, by somebody
    at Stripe's dashboard, by her bank.
    """

    def setUp(self):
        super().setUp()
        self.add_card(self.mother)
        self.tx = self.charge(self.mothers).transaction_id
        self.assertDue(self.mothers, 0)

    # === HELPERS === #

    def give_back(self, mode="reopen", amount=None, **vals):
        """Open the desk's dialog on the payment, fill it in, press the button."""
        desk, payment = self.desk, self.tx.payment_id
        action = desk.model("account.payment", "action_refund_wizard", payment.ids)
        number = action["res_id"]
        wizard = self.env["therapy.refund.wizard"].browse(number)
        line = wizard.line_ids.id
        if amount is not None:
            vals["line_ids"] = [(1, line, {"amount": amount})]
        desk.model("therapy.refund.wizard", "write", [number], {"mode": mode, **vals})
        desk.model("therapy.refund.wizard", "action_refund", [number])
        self.env.invalidate_all()
        return wizard

    def tell(self, kind, object_ref):
        """Let Stripe tell of an object, and work it off."""
        events = self.env["therapy.stripe.event"]
        ref = f"evt_story_{events.search_count([])}"
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
        events._cron_process()
        self.env["payment.transaction"]._cron_post_process()
        self.env.invalidate_all()

    def dispute(self, **vals):
        body = {"charge": self.tx.therapy_stripe_charge_ref, **vals}
        data = self.sandbox.control("POST", "disputes/create", body)
        data = data.get("dispute", data)
        self.tell("charge.dispute.created", data["id"])
        return data["id"]

    # === THE DESK === #

    def test_the_desk_gives_all_back_and_the_bill_is_open_again(self):
        wizard = self.give_back()
        self.assertEqual(wizard.result, "done")
        self.assertDue(self.mothers, MOTHERS)
        self.assertBooks()
        ada = self.open_browser("ada@example.com")
        page = ada.get(f"/my/therapy/bill/{self.mothers.id}")
        self.assertIn("342.40", page.text)
        ada.pay_new_card(
            ada.open_form(f"/my/therapy/bill/{self.mothers.id}/pay?amount=342.40")
        )
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_the_desk_gives_a_part_back_twice_and_then_the_rest(self):
        for amount, due in ((100.0, 100.0), (0.01, 100.01), (242.39, MOTHERS)):
            self.assertEqual(self.give_back(amount=amount).result, "done")
            self.assertDue(self.mothers, due)
            self.assertBooks()
        words = self.desk.refusal(
            self.desk.model,
            "account.payment",
            "action_refund_wizard",
            self.tx.payment_id.ids,
        )
        self.assertIn("given back already", words)

    def test_the_desk_credits_a_session_that_is_not_owed(self):
        reason = self.env.ref("therapy_billing.adjustment_reason_our_mistake")
        self.give_back("credit_note", 40.0, reason_id=reason.id)
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_a_lost_answer_to_a_refund_is_settled_later(self):
        self.sandbox.fault("drop_after", "/v1/refunds$")
        wizard = self.give_back()
        self.sandbox.heal()
        self.assertEqual(wizard.result, "pending")
        self.assertDue(self.mothers, 0)
        self.resolve(minutes=5)
        self.assertDue(self.mothers, MOTHERS)
        self.assertBooks()

    # === SOMEBODY ELSE === #

    def test_a_refund_at_the_dashboard_while_the_desk_gives_back_too(self):
        body = {"payment_intent": self.tx.provider_reference, "amount": 4240}
        made = self.sandbox.control("POST", "refunds/create", body)
        wizard = self.give_back()
        self.assertEqual(wizard.result, "error")
        self.assertDue(self.mothers, 0)
        self.tell("charge.refunded", self.tx.therapy_stripe_charge_ref)
        self.tell("refund.created", made["id"])
        self.assertDue(self.mothers, 42.40)
        self.assertBooks()
        self.give_back()
        self.assertDue(self.mothers, MOTHERS)
        self.assertBooks()

    def test_a_refund_that_the_bank_sends_back(self):
        wizard = self.give_back()
        refund = wizard.transaction_id
        path = f"refunds/{refund.provider_reference}/fail"
        self.sandbox.control("POST", path, {"reason": "lost_or_stolen_card"})
        self.tell("refund.failed", refund.provider_reference)
        self.assertEqual(refund.state, "error")
        self.assertDue(self.mothers, MOTHERS)
        self.assertBooks(unapplied=CENTS)

    def test_a_dispute_that_is_won(self):
        number = self.dispute()
        self.assertDue(self.mothers, MOTHERS)
        ada = self.open_browser("ada@example.com")
        page = ada.get(f"/my/therapy/bill/{self.mothers.id}/pay?amount=342.40")
        self.assertNotIn("o_payment_form", page.text)
        self.assertBooks()
        self.sandbox.control("POST", f"disputes/{number}/win")
        self.tell("charge.dispute.closed", number)
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_a_dispute_that_is_lost_leaves_the_bill_to_be_paid(self):
        number = self.dispute()
        self.sandbox.control("POST", f"disputes/{number}/lose")
        self.tell("charge.dispute.closed", number)
        self.assertDue(self.mothers, MOTHERS)
        self.assertBooks()
        self.charge(self.mothers)
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_an_answered_inquiry_changes_nothing_in_the_books(self):
        self.dispute(inquiry=True)
        self.assertDue(self.mothers, 0)
        self.assertBooks()
