from odoo import models


class MailTemplate(models.Model):
    """Messages to payers: each to one address, sent right after the commit."""

    _inherit = "mail.template"

    def _therapy_render(self, record) -> dict:
        """Return what the message about a record would be, in its reader's language.

        Note: self.ensure_one()

        :param record: the record
        :return: `subject`, `body_html`, `email_from`
        :rtype: dict
        """
        self.ensure_one()
        names = ("subject", "body_html", "email_from")
        return self._generate_template(record.ids, names)[record.id]

    def _therapy_send(self, record, email):
        """Send the message about a record to one address, once this is committed.

        Core's queue may wait for an hour; the payer waits for the message.

        Note: self.ensure_one()

        :param record: the record
        :param str email: the address
        :return: None
        """
        self.ensure_one()
        # sudo: mails are for administrators; this one is made here
        Mail_sudo = self.env["mail.mail"].sudo()  # sudo: see line above
        mail_sudo = Mail_sudo._therapy_prepare(self._therapy_render(record), email)
        mail_sudo._therapy_hand_over()
