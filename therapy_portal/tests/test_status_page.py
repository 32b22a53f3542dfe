from odoo.tests import tagged

from .common import TherapyPortalHttpCommon


@tagged("post_install", "-at_install")
class TestStatusPage(TherapyPortalHttpCommon):
    """The page that waits for the result shows it once it is booked."""

    def test_while_a_job_holds_the_payment_the_page_asks_again(self):
        bill = self._make_bill()
        self.authenticate("ada", "ada")
        page = self._get(f"/my/therapy/bill/{bill.id}/pay?amount=120").text
        tx = self._tx(self._pay(page))
        tx._process("demo", {"reference": tx.reference, "simulated_state": "done"})
        Transaction = type(tx)
        free = Transaction.try_lock_for_update
        self.patch(
            Transaction, "try_lock_for_update", lambda txs, **kwargs: txs.browse()
        )
        values = self.make_jsonrpc_request("/payment/status/poll", {})
        self.assertEqual(values["state"], "draft")
        self.assertFalse(tx.is_post_processed)
        self.patch(Transaction, "try_lock_for_update", free)
        values = self.make_jsonrpc_request("/payment/status/poll", {})
        self.assertEqual(values["state"], "done")
        self.assertAmounts(bill.amount_residual, 0)
