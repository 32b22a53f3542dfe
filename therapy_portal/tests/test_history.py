import re

from odoo import Command
from odoo.tests import tagged

from .common import TherapyPortalHttpCommon


@tagged("post_install", "-at_install")
class TestHistory(TherapyPortalHttpCommon):
    """The history of payments and the receipts, read from the ledger."""

    def setUp(self):
        super().setUp()
        self.bill = self._make_bill(amount=60, total=200, others=[(self.father, 40)])
        self.authenticate("ada", "ada")
        self.page = f"/my/therapy/bill/{self.bill.id}/pay?amount="

    def _pay_online(self, amount, card):
        values = self._pay(
            self._get(f"{self.page}{amount}").text, flow="token", token_id=card.id
        )
        tx = self._tx(values)
        tx._post_process()
        return tx

    def _rows(self, partner=None, kind="all"):
        rows, total = (partner or self.mother)._therapy_get_portal_history(kind, 0, 50)
        self.assertEqual(len(rows), total)
        return [row for row in rows if row["kind"] != "card" or kind == "cards"]

    def test_an_own_payment_shows_card_bill_and_receipt(self):
        tx = self._pay_online(25, self.card)
        [row] = self._rows()
        self.assertIn("4242", row["text"])
        self.assertEqual(row["detail"], self.bill.name)
        self.assertEqual(row["receipt"], tx.payment_id.id)
        self.assertAmounts(row["amount"], 25)
        html = self._get("/my/therapy/payments").text
        self.assertIn(f"/my/therapy/receipt/{tx.payment_id.id}", html)
        self.assertIn(f"/my/therapy/receipt/{tx.payment_id.id}", self._bill_page())

    def _bill_page(self):
        return self._get(f"/my/therapy/bill/{self.bill.id}").text

    def test_a_failed_try_shows_its_reason_and_a_pending_one_waits(self):
        tx = self._pay_online(25, self._make_card(self.mother, "0002", state="error"))
        tx.state_message = "The bank said no."
        [row] = self._rows()
        self.assertEqual((row["state"], row["detail"]), ("failed", "The bank said no."))
        self._pay_online(30, self._make_card(self.mother, "0003", state="pending"))
        states = {row["state"] for row in self._rows()}
        self.assertEqual(states, {"failed", "pending"})
        self.assertEqual(len(self._rows(kind="failed")), 1)
        self.assertEqual(self._rows(self.father), [])

    def test_a_form_that_was_left_is_no_row(self):
        self._pay(self._get(f"{self.page}25").text)
        self.assertEqual(self._rows(), [])

    def test_credit_notes_and_money_given_back_are_shown(self):
        reason = self.env.ref("therapy_billing.therapy_adjustment_reason_goodwill", 0)
        reason = reason or self.env["therapy.adjustment.reason"].search(
            [("kind", "=", "goodwill")], limit=1
        )
        Move = self.env["account.move"]
        note = Move._therapy_adjust(reason, 10.0, payer=self.mother)
        self.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "customer",
                "partner_id": self.mother.id,
                "amount": 7.0,
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        ).action_post()
        rows = {row["state"]: row for row in self._rows()}
        self.assertIn(note.name, rows["credit"]["text"])
        self.assertAmounts(rows["refunded"]["amount"], 7)
        self.assertFalse(rows["refunded"]["receipt"])
        self.assertEqual(len(self._rows(kind="credits")), 1)
        self.assertEqual(len(self._rows(kind="refunds")), 1)

    def test_what_another_person_paid_names_neither_them_nor_their_card(self):
        tx = self._pay_for_the_mother()
        [row] = self._rows()
        self.assertEqual(row["text"], "Payment by another person")
        [other] = self._rows(self.father)
        self.assertEqual(other["kind"], "other")
        self.assertIn("5555", other["detail"])
        html = self._get("/my/therapy/payments").text
        for text in ("5555", "Bob Roy"):
            self.assertNotIn(text, html)
        receipt = self._get(f"/my/therapy/receipt/{tx.payment_id.id}").text
        self.assertNotIn("5555", receipt)

    def _pay_for_the_mother(self):
        card = self._make_card(self.father, "5555")
        tx = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.demo.id,
                    "payment_method_id": self.method.id,
                    "reference": "for another",
                    "amount": 20.0,
                    "currency_id": self.currency.id,
                    "partner_id": self.father.id,
                    "paid_by_id": self.father.id,
                    "token_id": card.id,
                    "operation": "online_token",
                    "invoice_ids": [Command.set(self.bill.ids)],
                }
            )
        )
        tx._charge_with_token()
        tx._post_process()
        return tx

    def test_the_receipt_is_neutral_and_adds_up(self):
        tx = self._pay_online(25, self.card)
        answer = self._get(f"/my/therapy/receipt/{tx.payment_id.id}")
        self.assertEqual(answer.status_code, 200)
        text = re.sub(r"<[^>]+>", " ", answer.text)
        for word in (self.bill.name, "Maple Street Practice", "25.00", "4242"):
            self.assertIn(word, text)
        for word in ("Zelda Fitzroy", "Ada Fitz", "Quill", "Psychotherapy", "90837"):
            self.assertNotIn(word, text)

    def test_the_receipt_of_a_payment_for_others_names_no_bill(self):
        tx = self._pay_for_the_mother()
        self.authenticate("bob", "bob")
        text = self._get(f"/my/therapy/receipt/{tx.payment_id.id}").text
        self.assertIn("5555", text)
        self.assertNotIn(self.bill.name, text)

    def test_receipts_of_others_do_not_exist(self):
        tx = self._pay_online(25, self.card)
        self.authenticate("bob", "bob")
        for number in (tx.payment_id.id, 999999999):
            answer = self._get(f"/my/therapy/receipt/{number}")
            self.assertEqual(answer.status_code, 404)
        self.authenticate(None, None)
        answer = self._get(f"/my/therapy/receipt/{tx.payment_id.id}")
        self.assertIn("/web/login", answer.url)

    def test_the_history_is_a_spreadsheet_without_formulas(self):
        tx = self._pay_online(25, self._make_card(self.mother, "0002", state="error"))
        tx.state_message = "=1+1"
        text = self._get("/my/therapy/payments/export").text
        self.assertIn("25.00", text)
        self.assertIn("'=1+1", text)

    def test_pages_hold_all_rows_once(self):
        for _index in range(25):
            self.env["account.payment"].create(
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": self.mother.id,
                    "amount": 1.0,
                    "journal_id": self.company_data["default_journal_bank"].id,
                }
            ).action_post()
        history = self.mother._therapy_get_portal_history
        first, total = history("payments", 0, 20)
        second, _total = history("payments", 20, 20)
        self.assertEqual((total, len(first), len(second)), (25, 20, 5))
        ids = {row["receipt"] for row in [*first, *second]}
        self.assertEqual(len(ids), 25)
        self.assertIn("Page 1 of 2", " ".join(self._history_page().split()))

    def _history_page(self):
        return self._get("/my/therapy/payments?kind=payments").text

    def test_nonsense_in_the_address_shows_the_history(self):
        for path in ("?kind=x", "/page/999", "/export?kind=x"):
            answer = self._get(f"/my/therapy/payments{path}")
            self.assertEqual(answer.status_code, 200, path)
