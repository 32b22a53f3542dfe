from odoo import models


class ResPartner(models.Model):
    """Assignments of patients and payers stay inside (P1)."""

    _inherit = "res.partner"

    def _message_auto_subscribe_notify(self, partner_ids, template):
        """Override of `mail`: no e-mail names a patient or a payer to who gets them.

        Core writes to a new salesperson, with the name of the contact.

        :param list partner_ids: ids of the contacts to write to
        :param str template: name of the template
        :return: what core returns
        """
        # sudo: whoever assigns contacts may not know who is a patient.
        partners_sudo = self.sudo()  # sudo: see the line above
        private = partners_sudo.filtered("is_patient")
        private |= partners_sudo._therapy_filter_payers()
        others = self - private.with_env(self.env)
        return super(ResPartner, others)._message_auto_subscribe_notify(
            partner_ids, template
        )
