from odoo import models


class TherapyChangeRequest(models.Model):
    _inherit = "therapy.change.request"

    def _therapy_tell_payer(self):
        """Override of `therapy_billing` to write that there is an answer to log in for.

        :return: None
        """
        res = super()._therapy_tell_payer()
        template = self.env.ref("therapy_portal.mail_template_request_answered")
        for request in self:
            email = request.partner_id._therapy_get_contact_email()
            if email:
                template._therapy_send(request, email)
        return res
