from odoo import api, models

from ..const import SEND_NOW_LIMIT


class MailMail(models.Model):
    _inherit = "mail.mail"

    @api.model
    def _therapy_prepare(self, rendered, email, **values):
        """Make the mail of a rendered message; it does not leave yet.

        Note: in sudo mode

        :param dict rendered: see `mail.template._therapy_render`
        :param str email: the one address it goes to: nobody learns of another reader
        :param dict values: more values of the mail
        :return: the mail
        :rtype: recordset of `mail.mail`
        """
        return self.create(
            {
                "subject": rendered["subject"],
                "body_html": rendered["body_html"],
                "email_from": rendered["email_from"],
                "reply_to": rendered["email_from"],
                "email_to": email,
                "auto_delete": True,
                **values,
            }
        )

    def _therapy_get_state(self) -> str:
        """Say what became of the mail; core deletes one that was sent.

        Note: self.ensure_one() or empty; in sudo mode

        :return: "sending", "failed" or "gone"
        :rtype: str
        """
        if self.state in ("exception", "cancel"):
            return "failed"
        return "sending" if self.state == "outgoing" else "gone"

    def _therapy_hand_over(self):
        """Have these mails sent once the transaction is committed, never before.

        A code or link in a mail must be what is in the database, so nothing is sent by
        a request that may still be rolled back or run again. A few are sent at once;
        many wait for the mail queue.

        Note: in sudo mode

        :return: None
        """
        if len(self) > SEND_NOW_LIMIT:
            # sudo: starting the mail queue is for administrators
            cron = self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()  # sudo: ^
            cron._trigger()
            return
        ids, registry = self.ids, self.env.registry

        # The queue is not woken as well: both would send the same mail. What a crash
        # leaves behind it sends within the hour.
        @self.env.cr.postcommit.add
        def send():
            with registry.cursor() as cr:
                env = api.Environment(cr, api.SUPERUSER_ID, {})
                mails = env["mail.mail"].browse(ids).exists().try_lock_for_update()
                mails.filtered(lambda mail: mail.state == "outgoing").send()
