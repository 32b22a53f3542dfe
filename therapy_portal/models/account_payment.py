from odoo import models


class AccountPayment(models.Model):
    """The receipt of a payment: neutral, like everything that can be handed on (P1)."""

    _inherit = "account.payment"

    def _therapy_get_receipt_values(self, reader) -> dict:
        """Return what a receipt shows.

        Practice, reference, date, amounts; no patient, service or provider. Bills are
        named only to the person they are made out to, a card only to its owner (M12).

        For a module to show more (a fee's text), it must override this method and call
        super.

        Note: self.ensure_one()

        :param reader: the `res.partner` who gets the receipt
        :return: `number`, `date`, `method`, `bills` (list of (name, amount)), `fee`,
            `base`, `total`, `currency`, `credit` (what no bill took)
        :rtype: dict
        """
        self.ensure_one()
        payment = self.sudo()  # sudo: payers may not read payments; shown are own parts
        own = reader == payment.partner_id
        lines = payment._therapy_receivable_lines()
        bills = [
            (partial.debit_move_id.move_id.name, partial.credit_amount_currency)
            for partial in lines.matched_debit_ids
            if partial.debit_move_id.move_id.move_type == "out_invoice"
        ]
        fee = payment.payment_transaction_id.fee_amount
        credit = -sum(lines.mapped("amount_residual_currency"))
        token = payment.payment_token_id
        return {
            "number": payment.name,
            "date": payment.date,
            "method": token.display_name
            if token and token.partner_id == reader
            else payment.payment_method_line_id.name,
            "bills": bills if own else [],
            "fee": fee,
            "base": payment.currency_id.round(payment.amount - fee),
            "total": payment.amount,
            "credit": payment.currency_id.round(credit) if own else 0.0,
            "currency": payment.currency_id,
        }
