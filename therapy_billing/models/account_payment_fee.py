from odoo import api, fields, models


class AccountPayment(models.Model):
    """What a payer gave, and what of it was a card fee: for the receipt (M7)."""

    _inherit = "account.payment"

    therapy_fee_amount = fields.Monetary(
        string="Card Fee", compute="_compute_therapy_fee_amount"
    )
    therapy_base_amount = fields.Monetary(
        string="Paid on Bills", compute="_compute_therapy_fee_amount"
    )

    @api.depends("amount", "payment_transaction_id")
    def _compute_therapy_fee_amount(self):
        """Read the fee of the transaction, for a payment and for its refund."""
        for payment in self:
            # sudo: billers may not read all transactions, only the fee is taken.
            fee = abs(payment.sudo().payment_transaction_id.fee_amount)  # sudo: above
            payment.therapy_fee_amount = fee
            payment.therapy_base_amount = payment.currency_id.round(
                payment.amount - fee
            )
