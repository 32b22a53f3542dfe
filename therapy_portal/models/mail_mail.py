from odoo import api, models

from ..const import SEND_NOW_LIMIT


class MailMail(models.Model):
    _inherit = "mail.mail"

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
