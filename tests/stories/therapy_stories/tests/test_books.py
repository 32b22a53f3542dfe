from odoo.tests import tagged

from .common import Story

# Damage -> what the audit calls it.
DAMAGE = {
    "UPDATE account_move SET amount_residual = 1 WHERE id = {bill}": (
        "receivable per payer"
    ),
    "DELETE FROM account_partial_reconcile": "does not follow",
    "UPDATE account_move SET state = 'cancel' WHERE id = {entry}": (
        "done, but not posted"
    ),
    "UPDATE payment_transaction SET state = 'error' WHERE id = {tx}": (
        "posted, but not done"
    ),
    "UPDATE payment_transaction SET amount = 1 WHERE id = {tx}": (
        "one charge per done try"
    ),
    "UPDATE therapy_payment_allocation SET live = true": "still holds a part",
    "UPDATE therapy_payment_allocation SET amount = 1": "exactly its bills",
    "UPDATE account_payment SET partner_id = {father}": "another than the bill's payer",
    "UPDATE account_payment SET amount = 1": "posted = captured - refunded",
    "UPDATE account_move_line SET partner_id = {father} WHERE move_id = {entry}": (
        "pays another's bill"
    ),
    "UPDATE account_move_line SET balance = balance * 2 WHERE credit > 0": (
        "trial balance"
    ),
    "UPDATE therapy_session_share SET amount = 1": "not worth its shares",
}


@tagged("post_install", "-at_install")
class TestBooks(Story):
    """The audit itself: whoever damages the books is found out."""

    def test_every_damage_is_named(self):
        self.add_card(self.mother)
        wizard = self.charge(self.mothers)
        self.assertBooks()
        names = {
            "bill": self.fathers.id,
            "tx": wizard.transaction_id.id,
            "entry": wizard.transaction_id.payment_id.move_id.id,
            "father": self.father.id,
        }
        for statement, words in DAMAGE.items():
            savepoint = self.env.cr.savepoint()
            self.env.cr.execute(statement.format(**names))
            self.assertTrue(self.env.cr.rowcount, statement)
            with self.assertRaisesRegex(AssertionError, words):
                self.assertBooks()
            savepoint.close(rollback=True)
        self.assertBooks()

    def test_money_given_back_behind_the_practices_back_is_found(self):
        self.add_card(self.mother)
        tx = self.charge(self.mothers).transaction_id
        adapter = self.provider._therapy_stripe_get_adapter()
        adapter.create_refund({"payment_intent": tx.provider_reference}, "refund")
        with self.assertRaisesRegex(AssertionError, "posted = captured - refunded"):
            self.assertBooks()

    def test_money_no_bill_took_is_expected_or_found(self):
        with self.assertRaisesRegex(AssertionError, "money no bill took"):
            self.assertBooks(unapplied=1)
