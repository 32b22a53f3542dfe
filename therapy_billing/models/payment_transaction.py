import uuid

from odoo import fields, models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    uuid = fields.Char(
        string="UUID",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: str(uuid.uuid4()),
        help="What a processor is told: nothing about the payer or the bill.",
    )
    therapy_allocation_ids = fields.One2many(
        "therapy.payment.allocation", "transaction_id", string="Parts", readonly=True
    )
    base_amount = fields.Monetary(readonly=True, help="What the bills get.")
    fee_amount = fields.Monetary(readonly=True, help="Card fee on top of the base.")
    sent_at = fields.Datetime(readonly=True, copy=False)
    charged_at = fields.Datetime(readonly=True, copy=False)
    paid_by_id = fields.Many2one(
        "res.partner",
        string="Paid by",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    _uuid_uniq = models.UniqueIndex("(uuid)", "Two transactions cannot share a UUID.")
