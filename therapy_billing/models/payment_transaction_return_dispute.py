from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PaymentTransaction(models.Model):
    """Charges and refunds while a bank looks at a payment."""

    _inherit = "payment.transaction"

    therapy_dispute_ids = fields.One2many(
        "therapy.dispute", "transaction_id", string="Disputes", readonly=True
    )

    def _therapy_get_refund_problem(self):
        """Override to give back nothing that a bank has or may take."""
        problem = super()._therapy_get_refund_problem()
        taken = self.therapy_dispute_ids.filtered(
            lambda dispute: dispute._therapy_get_outstanding()
        )
        if not problem and taken:
            return self.env._(
                "The payer's bank disputes this payment and has the money."
            )
        return problem

    @api.model
    def _therapy_check_bills(self, bills, vals):
        """Override to charge nobody off-session whose bank disputes a payment.

        For modules that charge by themselves (runs, plans) this is the hook.

        :raise ValidationError: saying so
        """
        result = super()._therapy_check_bills(bills, vals)
        if vals.get("operation") != "offline":
            return result
        pause = self.env["therapy.dispute"]._therapy_find_pause(
            self.env["res.partner"].browse(vals.get("paid_by_id")),
            self.env["payment.token"].browse(vals.get("token_id")),
        )
        if pause:
            raise ValidationError(
                self.env._(
                    "Charging is paused: the payer's bank disputes a payment of "
                    "%(amount)s. A manager can resume charging on the dispute.",
                    amount=pause.currency_id.format(pause.amount),
                )
            )
        return result
