from odoo import models


class PortalWizardUser(models.TransientModel):
    _inherit = "portal.wizard.user"

    def _send_email(self):
        """Override of `portal` to invite payers in neutral words (P1).

        Core's message greets the payer by name, who may be the patient.

        :return: True
        """
        self.ensure_one()
        # Not through `user_id`, which may still say that there was no login.
        partner = self.partner_id.sudo()  # sudo: reads the new login to write to it
        partner.invalidate_recordset(["user_ids"])
        user_sudo = partner.user_ids[:1]
        ours = self.env.context.get("therapy_invite")
        if not (ours or partner.is_patient or partner._therapy_filter_payers()):
            return super()._send_email()
        partner.signup_prepare()
        url = partner.with_context(signup_valid=True)._get_signup_url_for_action(
            url="/my/therapy"
        )[partner.id]
        template_sudo = user_sudo.env.ref("therapy_portal.mail_template_invite")
        template_sudo = template_sudo.with_context(therapy_url=url, lang=user_sudo.lang)
        template_sudo._therapy_send(user_sudo, user_sudo.email)
        return True
