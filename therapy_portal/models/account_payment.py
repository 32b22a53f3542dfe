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
        # Core's route of reports takes a reader from whoever asks.
        self.check_access("read")
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
        return {
            "number": payment.name,
            "date": payment.date,
            "method": payment._therapy_get_method_words(reader),
            "bills": bills if own else [],
            "fee": fee,
            "base": payment.currency_id.round(payment.amount - fee),
            "total": payment.amount,
            "credit": payment.currency_id.round(credit) if own else 0.0,
            "currency": payment.currency_id,
        }

    def _therapy_get_method_words(self, reader) -> str:
        """Say how this was paid; a saved card's digits only to its owner.

        Note: self.ensure_one(); in sudo mode

        :param reader: the `res.partner` who gets the receipt
        :return: words in the reader's language
        :rtype: str
        """
        token, line = self.payment_token_id, self.payment_method_line_id
        if token and token.partner_id == reader:
            return token.display_name
        if method := self.payment_transaction_id.payment_method_id:
            # "Card" says more to a payer than a processor's name.
            return (method.primary_payment_method_id or method).name
        kinds = line._fields["therapy_kind"]
        # A name that the practice chose stays as it is.
        if line.name == dict(kinds.selection).get(line.therapy_kind):
            return dict(kinds._description_selection(self.env))[line.therapy_kind]
        if line.code == "manual" and not line.therapy_kind:
            return self.env._("Recorded by the practice")
        return line.name
