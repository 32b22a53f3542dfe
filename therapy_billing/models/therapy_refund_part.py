from odoo import fields, models


class TherapyRefundPart(models.Model):
    """What a refund takes back of one bill, or of the money that no bill took."""

    _name = "therapy.refund.part"
    _description = "Part of a Refund"
    _order = "transaction_id, id"

    transaction_id = fields.Many2one(
        "payment.transaction", required=True, index=True, ondelete="cascade"
    )
    move_id = fields.Many2one(
        "account.move",
        string="Bill",
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: money that no bill took.",
    )
    amount = fields.Monetary(required=True)
    credit_note_id = fields.Many2one(
        "account.move", index="btree_not_null", ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="transaction_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="transaction_id.currency_id")

    _amount_positive = models.Constraint(
        "CHECK(amount > 0)", "A part of a refund is more than zero."
    )
