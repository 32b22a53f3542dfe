from odoo.tests import tagged

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestPostingBatch(TherapyCommon):
    """Payments posted together are what they are when posted one by one."""

    def _charge_some(self):
        """Return charges of three bills of different people, one of them in part."""
        bills = [
            self._create_bill(self.mother, 100.0),
            self._create_bill(self.father, 80.0),
            self._create_bill(self.mother, 60.0, due="2026-11-20"),
        ]
        txs = self.env["payment.transaction"].sudo()  # sudo: as the payment form does
        for bill, amount in zip(bills, (100.0, 30.0, 60.0), strict=True):
            txs |= self._pay(bill, amount)
        txs._set_done()
        return txs

    def _track(self):
        """Write the changes that are tracked, as a commit does."""
        self.env.flush_all()
        self.env.cr.precommit.run()

    def _describe(self, txs):
        """Return what an accountant sees of payments, entries, bills and chatter."""
        self._track()
        self.env.invalidate_all()
        found = []
        for tx in txs:
            payment, bill = tx.payment_id, tx.invoice_ids
            lines = payment.move_id.line_ids.sorted("balance")
            found.append(
                {
                    "tx": (tx.is_post_processed, tx.therapy_allocation_ids.live),
                    "payment": (payment.state, payment.amount, payment.date),
                    "entry": payment.move_id.state,
                    "origin": payment.move_id.origin_payment_id == payment,
                    "names": payment.move_id.name == payment.name != "/",
                    "partners": (payment.partner_id, payment.paid_by_partner_id),
                    "lines": [
                        (x.account_id, x.partner_id, x.balance, x.reconciled)
                        for x in lines
                    ],
                    "bill": (bill.payment_state, bill.amount_residual),
                    "paid by": bill.matched_payment_ids == payment,
                    "notes": len(bill.message_ids),
                    "messages": payment.message_ids.mapped("body"),
                }
            )
        return found

    def test_together_is_the_same_as_one_by_one(self):
        alone, together = self._charge_some(), self._charge_some()
        self._track()
        for tx in alone:
            tx._post_process()
            self._track()
        together._post_process()
        expected = self._describe(alone)
        self.assertEqual(self._describe(together), expected)
        self.assertEqual(expected[0]["bill"][1], 0.0)
        self.assertEqual(expected[1]["bill"], ("partial", 50.0))
        self.assertTrue(all(row["notes"] for row in expected))

    def test_a_batch_asks_the_database_less_for_each_payment(self):
        alone, together = self._charge_some(), self._charge_some()
        self._track()
        counts = []
        for txs in (alone[0], alone[1], together):
            before = self.cr.sql_log_count
            txs._post_process()
            self._track()
            counts.append((self.cr.sql_log_count - before) / len(txs))
        self.assertLess(counts[2], 0.5 * counts[1])

    def test_two_payers_of_one_bill_each_leave_their_note(self):
        bill = self._create_bill(self.mother, 100.0)
        txs = self._pay(bill, 40.0) | self._pay(bill, 60.0, payer=self.father)
        txs._set_done()
        self._track()
        before = bill.message_ids
        txs._post_process()
        notes = (bill.message_ids - before).mapped("body")
        for tx in txs:
            self.assertEqual(sum(tx.payment_id.name in note for note in notes), 1)
        self.assertResidual(bill, 0.0)
