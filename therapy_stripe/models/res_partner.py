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

    def _therapy_get_company_cards(self, company=None):
        """Return the cards that a company can charge: each has an account of its own.

        Note: self.ensure_one()

        :param res.company company: who charges them; any if empty
        :rtype: payment.token
        """
        self.ensure_one()
        if not company:
            return self.therapy_card_ids
        return self.therapy_card_ids.filtered(lambda card: card.company_id == company)

    def _therapy_get_default_card(self, company=None):
        """Return the card to charge when nobody chooses one.

        Note: self.ensure_one()

        :param res.company company: who charges it; any if empty
        :return: the default card, or the newest one, that can be charged
        :rtype: payment.token
        """
        self.ensure_one()
        usable = self._therapy_get_company_cards(company).filtered(
            lambda token: token.status in ("active", "expiring")
        )
        return usable.filtered("is_default")[:1] or usable.sorted("id")[-1:]

    def _therapy_get_run_card(self, company=None):
        """Override of `therapy_billing`: else the default card that was declined.

        :param res.company company: who charges it; any if empty
        :return: the card, maybe none
        :rtype: payment.token
        """
        cards = self._therapy_get_company_cards(company)
        declined = cards.filtered(
            lambda card: card.status in ("declined", "needs_action", "expired")
        )
        spare = declined.filtered("is_default")[:1] or declined.sorted("id")[-1:]
        return super()._therapy_get_run_card(company) or spare
