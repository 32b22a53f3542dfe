from odoo import models
from odoo.tools import email_normalize


class ResPartner(models.Model):
    """Where mail to a payer goes."""

    _inherit = "res.partner"

    def _therapy_get_contact_email(self) -> str:
        """Return the payer's address for bills.

        For a module with more addresses of a payer, it must override this method.

        Note: self.ensure_one()

        :return: a normalized address, empty if there is none
        :rtype: str
        """
        self.ensure_one()
        partner_sudo = self.sudo()  # sudo: whoever sends need not see the contact
        return email_normalize(partner_sudo.email or "") or ""
