from odoo import models


class ResPartner(models.Model):
    """Which saved card of a payer is charged when nobody chooses one."""

    _inherit = "res.partner"

    def _therapy_get_default_card(self):
        """Return the card to charge when nobody chooses one.

        For a provider with default cards, it must override this method.

        Note: self.ensure_one()

        :return: the payer's newest saved card, maybe none
        :rtype: payment.token
        """
        self.ensure_one()
        tokens = self.env["payment.token"].search(
            [("partner_id", "=", self.id)], order="id desc", limit=1
        )
        return tokens

    def _therapy_get_run_card(self):
        """Return the card that a run charges: also one that was declined lately.

        Whether it may be tried again is asked when its turn comes.

        Note: self.ensure_one()

        :return: the card, maybe none
        :rtype: payment.token
        """
        self.ensure_one()
        return self._therapy_get_default_card()
