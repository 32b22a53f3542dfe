from odoo import api, fields, models


class TherapyCardAuthorizationWizard(models.TransientModel):
    """Staff record what a payer signs at the practice or on paper."""

    _name = "therapy.card.authorization.wizard"
    _description = "Record a Signature"

    authorization_id = fields.Many2one(
        "therapy.card.authorization", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="authorization_id.company_id")
    partner_id = fields.Many2one(related="authorization_id.partner_id")
    body = fields.Text(related="authorization_id.body")
    token_ids = fields.Many2many("payment.token", compute="_compute_token_ids")
    token_id = fields.Many2one(
        "payment.token",
        string="Card or Account",
        compute="_compute_token_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', token_ids)]",
    )
    channel = fields.Selection(
        [("in_person", "At the practice"), ("paper", "On paper")],
        string="How It Was Signed",
        required=True,
        default="in_person",
    )
    signed_name = fields.Char(
        string="Signed by",
        compute="_compute_signed_name",
        store=True,
        readonly=False,
    )
    place = fields.Char(help="Where it was signed.")
    signature = fields.Binary(attachment=False)

    @api.depends("authorization_id")
    def _compute_token_ids(self):
        """Offer the payer's cards and accounts."""
        for wizard in self:
            wizard.token_ids = self.env["payment.token"].search(
                [
                    ("partner_id", "=", wizard.partner_id.id),
                    ("company_id", "parent_of", wizard.company_id.id),
                ]
            )

    @api.depends("authorization_id")
    def _compute_token_id(self):
        """Propose the only card."""
        for wizard in self:
            tokens = wizard.token_ids
            wizard.token_id = tokens if len(tokens) == 1 else False

    @api.depends("authorization_id")
    def _compute_signed_name(self):
        """Propose the payer's name."""
        for wizard in self:
            wizard.signed_name = wizard.partner_id.name

    def action_sign(self):
        """Record the card and the signature, or nothing.

        Note: self.ensure_one()

        :return: close the dialog
        :rtype: dict
        :raise ValidationError: if something is missing
        """
        self.ensure_one()
        self.authorization_id.check_access("write")
        place = (self.place or "").strip() or self.company_id.name
        self.authorization_id._therapy_sign(
            self.signature, self.signed_name, self.token_id, self.channel, place
        )
        return {"type": "ir.actions.act_window_close"}
