from odoo import fields, models


class AccountPaymentMethodLine(models.Model):
    _inherit = "account.payment.method.line"

    therapy_kind = fields.Selection(
        [
            ("cash", "Cash"),
            ("check", "Check"),
            ("terminal", "Card terminal"),
            ("other", "Other service"),
            ("eft", "Insurer's transfer"),
        ],
        string="Taken at the Practice as",
        help="Offered when a payment is recorded; nothing is charged.",
    )
