from odoo.tests import tagged

from .common import FATHERS, MOTHERS, Story


@tagged("post_install", "-at_install")
class TestCoreDialog(Story):
    """The desk is used to Odoo's own "Register Payment" and takes money with it.

    Cash, or a saved card: the rules are those of our own dialog.
    """

    def setUp(self):
        super().setUp()
        self.card = self.add_card(self.mother)
        method_lines = self.provider.journal_id.inbound_payment_method_line_ids
        self.stripe_line = method_lines.filtered(
            lambda line: line.payment_provider_id == self.provider
        )

    def register(self, bills, **values):
        """Fill Odoo's dialog in and press its button."""
        dialog = "account.payment.register"
        context = {"active_model": "account.move", "active_ids": bills.ids}
        [number] = self.desk.model(dialog, "create", [values], context=context)
        self.desk.model(dialog, "action_create_payments", [number], context=context)

    def register_card(self, bill, card=None, **values):
        self.register(
            bill,
            journal_id=self.provider.journal_id.id,
            payment_method_line_id=self.stripe_line.id,
            payment_token_id=(card or self.card).id,
            **values,
        )
        return self.env["payment.transaction"].search(
            [("operation", "=", "offline")], order="id desc", limit=1
        )

    def press_entry(self, method, payment):
        return self.desk.model("account.move", method, payment.move_id.ids)

    def register_cash(self, bill, **values):
        journal = self.env["account.journal"].search(
            [
                ("type", "in", ("bank", "cash")),
                ("id", "!=", self.provider.journal_id.id),
            ],
            limit=1,
        )
        self.register(bill, journal_id=journal.id, **values)

    def test_a_card_is_charged_once_and_pays_the_bill(self):
        tx = self.register_card(self.mothers)
        self.assertEqual(tx.state, "done")
        self.assertDue(self.mothers, 0)
        self.assertEqual(self.sandbox.captured(), round(MOTHERS * 100))
        self.assertBooks()

    def test_a_part_leaves_the_rest(self):
        self.register_card(self.mothers, amount=100.0)
        self.assertDue(self.mothers, MOTHERS - 100)
        self.register_card(self.mothers, amount=MOTHERS - 100)
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_a_declined_card_leaves_the_bill_open(self):
        bad = self.add_card(self.mother, "pm_card_chargeCustomerFail")
        tx = self.register_card(self.mothers, bad)
        self.assertEqual(tx.state, "error")
        self.assertDue(self.mothers, MOTHERS)
        self.assertBooks()
        self.charge(self.mothers, self.card)
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_a_lost_answer_is_waited_for_and_posted_once(self):
        self.sandbox.fault("drop_after")
        tx = self.register_card(self.mothers)
        self.sandbox.heal()
        self.assertEqual(tx.therapy_stripe_result, "unknown")
        before = len(self.send_card_requests())
        self.desk.refusal(self.charge, self.mothers, self.card, MOTHERS)
        self.desk.refusal(self.register_card, self.mothers)
        self.desk.refusal(
            self.desk.model, "account.payment", "action_post", tx.payment_id.ids
        )
        self.assertEqual(len(self.send_card_requests()), before)
        self.assertDue(self.mothers, MOTHERS)
        self.resolve(minutes=5)
        self.assertEqual(tx.state, "done")
        self.assertDue(self.mothers, 0)
        self.assertEqual(self.sandbox.captured(), round(MOTHERS * 100))
        self.assertBooks()

    def test_cash_at_the_desk_leaves_what_a_card_is_about_to_pay(self):
        ada = self.open_browser("ada@example.com")
        form = ada.open_form(f"/my/therapy/bill/{self.mothers.id}/pay?amount=100")
        started = form.submit()
        self.desk.refusal(self.register_cash, self.mothers)
        ada.confirm(started)
        self.assertDue(self.mothers, MOTHERS - 100)
        self.register_cash(self.mothers)
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_cash_ends_the_code_and_refuses_cards(self):
        _mail, code = self.share(self.mothers)
        self.register_cash(self.mothers)
        page = self.open_browser().look_up(self.mothers.name, code)
        self.assertIn("therapy_pay_failed", page.text)
        self.desk.refusal(self.open_charge, self.mothers, self.card, MOTHERS)
        self.assertBooks()

    def test_a_bill_is_not_charged_again_after_it_was_paid(self):
        self.register_card(self.mothers)
        self.desk.refusal(self.register_card, self.mothers, amount=10.0)
        self.assertEqual(self.sandbox.captured(), round(MOTHERS * 100))
        self.assertBooks()

    def test_whose_card_paid_is_on_record(self):
        tx = self.register_card(self.fathers)
        self.assertEqual(tx.payment_id.partner_id, self.father)
        self.assertEqual(tx.payment_id.paid_by_partner_id, self.mother)
        self.assertDue(self.fathers, 0)
        self.assertEqual(self.sandbox.captured(), round(FATHERS * 100))
        self.assertBooks()

    def test_a_charged_payment_stays_in_the_books(self):
        payment = self.charge(self.mothers, self.card).transaction_id.payment_id
        for method in ("action_draft", "action_cancel", "unlink"):
            self.desk.refusal(self.desk.model, "account.payment", method, payment.ids)
            self.assertBooks()
        for method in ("button_draft", "button_cancel"):
            self.desk.refusal(self.press_entry, method, payment)
            self.assertBooks()
        self.assertDue(self.mothers, 0)

    def test_a_card_she_deleted_is_not_charged(self):
        ada = self.open_browser("ada@example.com")
        ada.call("/payment/archive_token", token_id=self.card.id)
        before = len(self.send_card_requests())
        self.desk.refusal(self.charge, self.mothers, self.card)
        self.desk.refusal(self.register_card, self.mothers)
        self.assertEqual(len(self.send_card_requests()), before)
        self.assertDue(self.mothers, MOTHERS)
        self.assertBooks()
