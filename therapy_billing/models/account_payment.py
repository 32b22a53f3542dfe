from odoo import fields, models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    paid_by_partner_id = fields.Many2one(
        "res.partner",
        string="Paid by",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        help="Who paid, when it was not the customer of the payment.",
    )
