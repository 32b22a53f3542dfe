from odoo import api, fields, models


class TherapyPaymentAllocation(models.Model):
    """What one try to pay pays of one bill: the reservation of rule M3.

    Committed before the processor is asked. A live allocation blocks its amount of
    the bill for everybody else, and the whole bill for another try of the same payer.
    """

    _name = "therapy.payment.allocation"
    _description = "Part of a Payment for a Bill"
    _order = "transaction_id, id"

    transaction_id = fields.Many2one(
        "payment.transaction", required=True, index=True, ondelete="cascade"
    )
    move_id = fields.Many2one(
        "account.move", string="Bill", required=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Paid by",
        required=True,
        index=True,
        ondelete="restrict",
        help="Who pays; not always whom the bill is made out to.",
    )
    amount = fields.Monetary(required=True)
    live = fields.Boolean(
        default=True,
        help="The amount is reserved: the try is neither dead nor in the ledger.",
    )
    company_id = fields.Many2one(related="move_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="move_id.currency_id")

    _live_uniq = models.UniqueIndex(
        "(move_id, partner_id) WHERE live",
        "A payment of this bill by the same person is under way.",
    )
    _amount_positive = models.Constraint(
        "CHECK(amount > 0)", "A part of a payment is more than zero."
    )

    @api.depends("move_id", "amount")
    def _compute_display_name(self):
        """Show the bill's number and the amount."""
        for allocation in self:
            amount = allocation.currency_id.format(allocation.amount)
            allocation.display_name = f"{allocation.move_id.name} {amount}"
