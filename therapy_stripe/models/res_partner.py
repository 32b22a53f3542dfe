from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    therapy_card_ids = fields.One2many(
        "payment.token",
        "partner_id",
        string="Cards on File",
        domain=[("stripe_payment_method", "!=", False)],
        readonly=True,
    )

    def action_therapy_add_card(self):
        """Open the dialog that saves a card of this payer at Stripe.

        Note: self.ensure_one()

        :return: client action
        :rtype: dict
        """
        self.ensure_one()
        return self.env["therapy.add.card"]._get_action(self)

    def _therapy_get_default_card(self):
        """Return the card to charge when nobody chooses one.

        Note: self.ensure_one()

        :return: the default card, or the newest one, that can be charged
        :rtype: payment.token
        """
        self.ensure_one()
        usable = self.therapy_card_ids.filtered(
            lambda token: token.status in ("active", "expiring")
        )
        return usable.filtered("is_default")[:1] or usable.sorted("id")[-1:]

    def _therapy_get_run_card(self):
        """Override of `therapy_billing`: else the default card that was declined."""
        cards = self.therapy_card_ids
        declined = cards.filtered(
            lambda card: card.status in ("declined", "needs_action", "expired")
        )
        spare = declined.filtered("is_default")[:1] or declined.sorted("id")[-1:]
        return super()._therapy_get_run_card() or spare
