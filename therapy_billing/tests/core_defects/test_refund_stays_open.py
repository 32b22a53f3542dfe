from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.account_payment.tests.common import AccountPaymentCommon


@tagged("post_install", "-at_install", "core_defect")
class TestRefundStaysOpen(AccountPaymentCommon):
    """Core books a refund and reconciles it with nothing.

    The invoice stays paid although its money went back, and the refund stays open on
    the customer's receivable for ever.
    """

    def test_a_full_refund_leaves_nothing_open_but_the_bill(self):
        self.provider.support_refund = "partial"
        self.payment_method.support_refund = "partial"
        partner = self.env["res.partner"].create({"name": "Dana Payer"})
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create(
                        {"name": "x", "price_unit": 100.0, "tax_ids": [Command.clear()]}
                    )
                ],
            }
        )
        invoice.action_post()
        tx = self._create_transaction(
            "direct",
            amount=100.0,
            currency_id=invoice.currency_id.id,
            partner_id=partner.id,
            invoice_ids=[Command.set(invoice.ids)],
        )
        tx._set_done()
        tx._post_process()
        self.assertEqual(invoice.amount_residual, 0.0)
        refund = tx._refund(100.0)
        if refund.state != "done":
            refund._set_done()
        refund._post_process()
        invoice.invalidate_recordset()
        self.assertEqual(invoice.amount_residual, 100.0, "the invoice is open again")
        lines = refund.payment_id.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        self.assertTrue(all(lines.mapped("reconciled")))
