from odoo.tests import freeze_time, tagged

from .common import NOW
from .refunds import RefundCommon


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestDisputeMoved(RefundCommon):
    """A bank takes money back that was moved to another payer (M5)."""

    def setUp(self):
        super().setUp()
        self.tx = self.paid()
        self.payment = self.tx.payment_id

    def _move_to_father(self):
        other = self._create_bill(self.father, 100.0)
        self.payment._therapy_move_to(self.father, "Wrong payer", bill=other)
        self.assertResidual(other, 0.0)
        return other

    def _dispute(self):
        tx = self.tx
        Dispute_sudo = self.env["therapy.dispute"].sudo()  # sudo: as events do
        dispute = Dispute_sudo.create(
            {
                "transaction_id": tx.id,
                "provider_id": tx.provider_id.id,
                "amount": tx.amount,
                "company_id": tx.company_id.id,
                "currency_id": tx.currency_id.id,
            }
        )
        dispute._therapy_book_withdrawal("txn_1", 100.0, 15.0, self._today())

    def _reverse_transfer(self):
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.father.id),
                ("balance", "<", 0),
                ("account_id.account_type", "=", "asset_receivable"),
            ]
        )
        transfer = lines.move_id
        self.assertEqual(len(transfer), 1)
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=transfer.ids)
            .create({"journal_id": transfer.journal_id.id, "date": self._today()})
        )
        wizard.refund_moves()

    def _check_told_and_mended(self, other):
        [activity] = self.payment.activity_ids
        self.assertIn("100.00", activity.note)
        self.assertIn("reverse", activity.note)
        self._reverse_transfer()
        self.assertResidual(other, 100.0)
        self.assertReceivable(self.father, 100.0)
        self.assertReceivable(self.mother, 100.0)

    def test_a_person_is_told_of_a_dispute_and_can_open_the_right_bill(self):
        other = self._move_to_father()
        self._dispute()
        self._check_told_and_mended(other)

    def test_a_person_is_told_of_a_bank_debit_that_comes_back(self):
        other = self._move_to_father()
        self.payment._therapy_book_back(self._today(), "Account closed")
        self._check_told_and_mended(other)

    def test_nobody_is_told_where_the_bill_is_simply_open_again(self):
        self._dispute()
        self.assertResidual(self.bill, 100.0)
        self.assertFalse(self.payment.activity_ids)
