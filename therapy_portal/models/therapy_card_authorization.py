from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from odoo.addons.therapy_billing.tools.clock import now
from odoo.addons.therapy_billing.tools.phi import find_leaks


class TherapyCardAuthorization(models.Model):
    """From the back office to the payer's phone, and back."""

    _inherit = "therapy.card.authorization"

    sent_at = fields.Datetime(string="Sent to the Payer", readonly=True, copy=False)

    def action_send_request(self):
        """Send the payer a mail that leads to the page to sign.

        A payer without an account makes one on the way, by the same link.

        :return: a green notice
        :rtype: dict
        :raise AccessError: if the user is not a biller
        :raise UserError: if one cannot be sent
        """
        self.env.user._therapy_check_biller()
        mails_sudo = self.env["mail.mail"].sudo()  # sudo: mails are for administrators
        for record in self:
            mails_sudo |= record._therapy_prepare_request_mail()
            record.sent_at = now()
            record.message_post(
                body=self.env._("Sent to %(email)s.", email=record.partner_id.email)
            )
        mails_sudo._therapy_hand_over()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.env._("Request sent"),
                "message": self.env._(
                    "On its way to %(emails)s.",
                    emails=", ".join(self.partner_id.mapped("email")),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _therapy_prepare_request_mail(self):
        """Make the mail of one request.

        Note: self.ensure_one()

        :return: the mail in sudo mode
        :rtype: recordset of `mail.mail`
        :raise UserError: if it is not waiting, or there is no address to send to
        """
        self.ensure_one()
        payer = self.partner_id
        email = email_normalize(payer.email or "")
        if self.state != "requested":
            raise UserError(
                self.env._("This authorization was signed or withdrawn already.")
            )
        if not email:
            raise UserError(
                self.env._(
                    "%(payer)s has no e-mail address. Add one, or record a signature "
                    "at the practice.",
                    payer=payer.display_name,
                )
            )
        template = self.env.ref("therapy_portal.mail_template_authorization")
        template = template.with_context(therapy_url=self._therapy_get_portal_url())
        rendered = template._therapy_render(self)
        people = self.patient_ids | self.partner_id.responsible_for_ids.patient_id
        if leaks := find_leaks(
            f"{rendered['subject']} {rendered['body_html']}",
            people.mapped("name"),
            [self.company_id.name],
        ):
            raise UserError(
                self.env._(
                    "The message would show “%(word)s”. Change the e-mail template.",
                    word=leaks[0],
                )
            )
        Mail_sudo = self.env["mail.mail"].sudo()  # sudo: mails are for administrators
        return Mail_sudo._therapy_prepare(rendered, email)

    def _therapy_get_portal_url(self) -> str:
        """Return where the payer signs; without an account, by way of making one.

        Note: self.ensure_one()

        :return: absolute address
        :rtype: str
        """
        self.ensure_one()
        path = f"/my/therapy/authorization/{self.id}"
        return self.partner_id._therapy_get_login_url(path)

    def _therapy_tell_revoked(self):
        """Tell the biller of the payer that a consent was ended by the payer.

        Note: self.ensure_one(); in sudo mode

        :return: None
        """
        self.ensure_one()
        summary = (
            self.env._("Card authorization revoked")
            if self.signed_at
            else self.env._("Card authorization declined")
        )
        self.partner_id._therapy_tell_biller(
            summary,
            self.env._(
                "%(name)s. Reason: %(reason)s",
                name=self.name,
                reason=self.revoke_reason or "-",
            ),
        )
