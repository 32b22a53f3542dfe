import base64
from urllib.parse import quote

from odoo import api, fields, models

from odoo.addons.therapy_billing.tools.phi import find_leaks


class AccountMove(models.Model):
    _inherit = "account.move"

    therapy_share_mail_id = fields.Many2one(
        "mail.mail",
        string="E-mail of the Last Share",
        copy=False,
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_system",
    )
    therapy_share_state = fields.Selection(
        [
            ("none", "Not shared"),
            ("sending", "Sending"),
            ("failed", "Not delivered"),
            ("shared", "Shared"),
        ],
        string="Share",
        compute="_compute_therapy_share_state",
    )

    @api.depends("therapy_shared_at", "therapy_share_mail_id.state")
    def _compute_therapy_share_state(self):
        """Say what became of the last share; a mail that was sent is deleted."""
        for move in self:
            # sudo: mails are for administrators, only the state is taken
            mail_sudo = move.sudo().therapy_share_mail_id  # sudo: see line above
            state = mail_sudo._therapy_get_state()
            if not move.therapy_shared_at:
                move.therapy_share_state = "none"
            else:
                move.therapy_share_state = "shared" if state == "gone" else state

    def action_therapy_share(self):
        """Open the dialog that shows what a share would send.

        :return: the action of the share dialog
        :rtype: dict
        """
        return self.env["therapy.share.wizard"]._create_for(self)._reopen()

    def _therapy_can_send(self) -> bool:
        """Override of `therapy_billing`: bills are shared.

        :return: True
        :rtype: bool
        """
        return True

    def _therapy_send_action(self):
        """Override of `therapy_billing`: the dialog that shares bills.

        :return: window action
        :rtype: dict
        """
        return self.action_therapy_share()

    def _therapy_was_seen(self) -> bool:
        """Override of `therapy_billing`: a bill that left was seen (M6).

        By e-mail, by text message or as a link, ours or core's; a link shows it
        without a login.

        Note: self.ensure_one()

        :return: whether the payer could have seen the bill
        :rtype: bool
        """
        self.ensure_one()
        move_sudo = self.sudo()  # sudo: links are for billers, accountants ask too
        shown = (
            self.therapy_shared_at
            or move_sudo.therapy_pay_link_ids
            or move_sudo.access_token
        )
        return bool(shown) or super()._therapy_was_seen()

    def _therapy_get_pay_url(self, with_number: bool = True) -> str:
        """Return the address of the public payment page, which holds no secret.

        Note: self.ensure_one()

        :param bool with_number: whether to fill in the bill's number
        :return: absolute address
        :rtype: str
        """
        self.ensure_one()
        query = f"?bill={quote(self.name or '', safe='')}" if with_number else ""
        return f"{self.get_base_url()}/pay{query}"

    def _therapy_autopay_before_share(self) -> str:
        """Pay this bill from a card on file before it is shared, where agreed on.

        A hook: without a module that charges by itself nothing is paid.

        For a module to pay, it must override this method.

        Note: self.ensure_one()

        :return: "none" if nothing is under way, "pending" if the share must wait for
            the result
        :rtype: str
        """
        self.ensure_one()
        return "none"

    def _therapy_get_sms_text(self, code: str | bool = False) -> str:
        """Return the text message that shares this bill (P1).

        Note: self.ensure_one()

        :param str code: the access code, where no e-mail has it
        :return: practice, number, amount, address of the page
        :rtype: str
        """
        self.ensure_one()
        values = {
            "practice": self.company_id.name,
            "number": self.name,
            "amount": self.currency_id.format(self.amount_residual),
            "url": self._therapy_get_pay_url(),
            "home": f"{self.get_base_url()}/my",
            "code": code,
        }
        if not self._therapy_online_payment_enabled():
            return self.env._(
                "%(practice)s: bill %(number)s, %(amount)s due. See %(home)s", **values
            )
        if code:
            return self.env._(
                "%(practice)s: bill %(number)s, %(amount)s due. Pay with code %(code)s "
                "at %(url)s",
                **values,
            )
        return self.env._(
            "%(practice)s: bill %(number)s, %(amount)s due. The code to pay it is in "
            "our e-mail. %(url)s",
            **values,
        )

    def _therapy_get_pay_qr(self) -> str:
        """Return a picture that leads a phone to the payment page; no code in it.

        Note: self.ensure_one()

        :return: data address of a PNG
        :rtype: str
        """
        self.ensure_one()
        Report = self.env["ir.actions.report"]
        png = Report.barcode(
            "QR", self._therapy_get_pay_url(), width=224, height=224, quiet=0
        )
        return f"data:image/png;base64,{base64.b64encode(png).decode()}"

    def _therapy_get_leak_refusal(self, message) -> str | bool:
        """Say what a message about this bill would tell that stays in the practice.

        Note: self.ensure_one()

        :param message: `subject` and `body_html`, as dict or record
        :return: the reason in plain words, False if it tells nothing (P1)
        :rtype: str | bool
        """
        self.ensure_one()
        leaks = find_leaks(
            f"{message['subject']} {message['body_html']}",
            self._therapy_get_private_words(),
            [self.company_id.name, self.company_id.street],
        )
        if not leaks:
            return False
        return self.env._(
            "The message would show “%(word)s”. Change the e-mail template: names, "
            "services and codes may not leave the practice.",
            word=leaks[0],
        )

    def _therapy_log_share(self, email: str):
        """Note on the bill that it was shared; the code is never written down.

        Note: self.ensure_one()

        :param str email: where it went
        :return: None
        """
        self.ensure_one()
        self.message_post(
            body=self.env._(
                "Bill shared with %(email)s. A new code is valid.", email=email
            )
        )
