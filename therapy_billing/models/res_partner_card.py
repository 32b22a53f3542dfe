from odoo import models


class ResPartner(models.Model):
    """Which saved card of a payer is charged when nobody chooses one."""

    _inherit = "res.partner"

    def _therapy_get_default_card(self, company=None):
        """Return the card to charge when nobody chooses one.

        For a provider with default cards, it must override this method.

        Note: self.ensure_one()

        :param company: the `res.company` that charges it; any if empty
        :return: the payer's newest saved card, maybe none
        :rtype: payment.token
        """
        self.ensure_one()
        domain = [("partner_id", "=", self.id)]
        if company:
            domain.append(("company_id", "=", company.id))
        return self.env["payment.token"].search(domain, order="id desc", limit=1)

    def _therapy_get_run_card(self, company=None):
        """Return the card that a run charges: also one that was declined lately.

        Whether it may be tried again is asked when its turn comes.

        Note: self.ensure_one()

        :param company: the `res.company` that charges it; any if empty
        :return: the card, maybe none
        :rtype: payment.token
        """
        self.ensure_one()
        return self._therapy_get_default_card(company)
