import re
from datetime import timedelta

from odoo import api, models

from odoo.addons.therapy_billing.tools import clock
from odoo.addons.therapy_billing.tools.phi import find_leaks

from ..tools.quiet import next_allowed
from .therapy_share_item import BUSY_MINUTES


class TherapyShareItem(models.Model):
    """Text messages of a share, through core's `sms`; and mails that come back."""

    _inherit = "therapy.share.item"

    def _send_sms(self) -> dict:
        """Send the text message, or wait for the end of the quiet hours.

        The access code is in it only when no e-mail has it, so it waits for the
        e-mail: whether that one left decides what the text may say.

        Note: self.ensure_one()

        :return: values of the result
        :rtype: dict
        """
        self.ensure_one()
        move, payer = self.move_id, self.partner_id
        moment = clock.now()
        mail = self._get_mail_item()
        if mail.state == "waiting":
            later = moment + timedelta(minutes=BUSY_MINUTES)
            return {"not_before": max(mail.not_before or later, later)}
        allowed = self._get_allowed_moment(moment)
        if allowed > moment:
            return {"not_before": allowed}
        number = self._get_number()
        if not number:
            reason = self.env._("There is no phone number that can get messages.")
            return {"state": "no_address", "reason": reason}
        # sudo: who asked for no more messages is kept by administrators
        Blacklist_sudo = self.env["phone.blacklist"].sudo()  # sudo: see line above
        if Blacklist_sudo.search_count([("number", "=", number)]):
            reason = self.env._("This number asked for no more messages.")
            return {"state": "refused", "reason": reason}
        # sudo: whoever may share a bill may see its code, the field is for billers
        mailed = mail.status == "sent" and move.sudo().access_code  # sudo: see above
        code = not mailed and move._therapy_rotate_access_code()
        text = move.with_context(lang=payer.lang)._therapy_get_sms_text(code)
        allowed_words = [move.company_id.name]
        if leaks := find_leaks(text, move._therapy_get_private_words(), allowed_words):
            return {"state": "refused", "reason": leaks[0]}
        # sudo: text messages are for administrators
        Sms_sudo = self.env["sms.sms"].sudo()  # sudo: see line above
        sms = Sms_sudo.create({"number": number, "body": text, "partner_id": payer.id})
        move.sudo().therapy_shared_at = moment  # sudo: as a share by e-mail sets it
        move._therapy_log_share(number)
        return {"state": "sent", "address": number, "sms_id": sms.id}

    def _get_mail_item(self):
        """Return the e-mail of the same share, if there is one.

        Note: self.ensure_one()

        :return: the row, or none
        :rtype: recordset of `therapy.share.item`
        """
        self.ensure_one()
        return self.search(
            [
                ("run_id", "=", self.run_id.id),
                ("move_id", "=", self.move_id.id),
                ("channel", "=", "email"),
            ],
            limit=1,
        )

    def _get_number(self) -> str:
        """Return the payer's number in international form, if it can be one.

        Core formats numbers when its library is installed, else it hands back what
        was typed.

        Note: self.ensure_one()

        :return: digits with a leading plus where the country is known, else empty
        :rtype: str
        """
        payer = self.partner_id
        number = payer.therapy_contact_phone or payer.phone
        typed = payer._phone_format(number=number, force_format="E164") or ""
        digits = re.sub(r"[\s().\-/]", "", typed)
        return digits if re.fullmatch(r"\+?\d{7,15}", digits) else ""

    def _get_allowed_moment(self, moment):
        """Return when the payer may get a text message, in the payer's own day.

        Note: self.ensure_one()

        :param datetime moment: naive UTC
        :return: the same, or the end of the quiet hours, naive UTC
        :rtype: datetime
        """
        company = self.company_id
        zone = self.partner_id.tz or company.therapy_tz
        local = clock.to_local(moment, zone)
        allowed = next_allowed(
            local, company.therapy_quiet_from, company.therapy_quiet_to
        )
        return moment if allowed == local else clock.to_utc(allowed, zone)


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        """Override of `mail` to note that a shared bill came back."""
        keys = message_dict.get("bounced_msg_ids") or []
        # sudo: mail that comes in belongs to nobody yet
        Item_sudo = self.env["therapy.share.item"].sudo()  # sudo: see line above
        items_sudo = keys and Item_sudo.search(
            [("message_key", "in", keys), ("state", "=", "sent")]
        )
        if items_sudo:
            reason = self.env._("The e-mail address returned the message.")
            items_sudo.write({"state": "bounced", "reason": reason})
        return super()._routing_handle_bounce(email_message, message_dict)
