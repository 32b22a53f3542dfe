from odoo import api, fields, models
from odoo.exceptions import UserError


class TherapyCardRemove(models.TransientModel):
    """Removing a saved card: what still needs it, and which one takes over."""

    _name = "therapy.card.remove"
    _description = "Remove a Card on File"

    token_id = fields.Many2one(
        "payment.token", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(related="token_id.partner_id", string="Payer")
    uses = fields.Text(compute="_compute_uses")
    is_blocked = fields.Boolean(compute="_compute_uses")
    needs_other = fields.Boolean(compute="_compute_uses")
    other_ids = fields.Many2many("payment.token", compute="_compute_other_ids")
    other_id = fields.Many2one(
        "payment.token",
        string="Goes On with",
        domain="[('id', 'in', other_ids)]",
        help="This card takes over what the removed one was used for.",
    )

    @api.depends("token_id")
    def _compute_uses(self):
        """Say what needs the card, and whether another one could take over."""
        for wizard in self:
            uses = wizard.token_id._get_uses() if wizard.token_id else []
            wizard.uses = "\n".join(use["text"] for use in uses)
            wizard.is_blocked = any(not use["replaceable"] for use in uses)
            wizard.needs_other = bool(uses) and not wizard.is_blocked

    @api.depends("token_id")
    def _compute_other_ids(self):
        """Offer the payer's other cards that can be charged."""
        for wizard in self:
            others = wizard.token_id._therapy_get_siblings()
            wizard.other_ids = others.filtered(lambda card: card._therapy_is_usable())

    def action_remove(self):
        """Remove the card at Stripe and here.

        Note: self.ensure_one()

        :return: shows the list anew
        :rtype: dict
        :raise UserError: if something still needs the card, or Stripe did not answer
        """
        self.ensure_one()
        self.check_access("write")
        self.token_id._therapy_check_manager()
        if self.needs_other and not self.other_id:
            raise UserError(self.env._("Choose the card that takes over."))
        self.token_id.sudo()._therapy_remove(  # sudo: billers only read tokens
            self.other_id.sudo() if self.other_id else None  # sudo: see above
        )
        return {"type": "ir.actions.client", "tag": "soft_reload"}
