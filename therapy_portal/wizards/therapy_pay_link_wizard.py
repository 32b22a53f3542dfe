from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import SHARE_LIMIT


class TherapyPayLinkWizard(models.TransientModel):
    _name = "therapy.pay.link.wizard"
    _description = "Send Payment Links"

    line_ids = fields.One2many("therapy.pay.link.wizard.line", "wizard_id")
    state = fields.Selection(
        [("preview", "Preview"), ("done", "Done")], default="preview", required=True
    )
    ready_count = fields.Integer(compute="_compute_counts")
    refused_count = fields.Integer(compute="_compute_counts")
    hours = fields.Integer(
        string="Valid for (Hours)",
        readonly=True,
        default=lambda self: self.env.company.therapy_link_hours,
    )

    @api.depends("line_ids.refusal")
    def _compute_counts(self):
        """Count what will be sent and what will not."""
        for wizard in self:
            refused = len(wizard.line_ids.filtered("refusal"))
            wizard.refused_count = refused
            wizard.ready_count = len(wizard.line_ids) - refused

    # === ACTION METHODS === #

    def action_send(self):
        """Send a link for each bill that can have one, and say what happened.

        :return: a green notice, or this dialog again when something was not sent
        :rtype: dict
        :raise UserError: if no link can be sent
        """
        self.ensure_one()
        self.env["therapy.pay.link"]._check_biller()
        if self.state == "done":
            raise UserError(self.env._("These links were sent already."))
        ready = self.line_ids.filtered(lambda line: not line.refusal)
        if not ready:
            raise UserError(
                self.line_ids[:1].refusal or self.env._("There is no bill to send.")
            )
        mails_sudo = self.env["mail.mail"].sudo()  # sudo: mails are for administrators
        for line in ready:
            mails_sudo |= line._send()
        self.state = "done"
        mails_sudo._therapy_hand_over()
        if len(ready) < len(self.line_ids):
            return self._reopen()
        if len(ready) == 1:
            return self._notice(ready.result)
        return self._notice(
            self.env._("%(count)s payment links are on their way.", count=len(ready))
        )

    # === BUSINESS METHODS === #

    @api.model
    def _create_for(self, moves):
        """Return a dialog that shows what sending links for these bills would send.

        :param moves: bills, as `account.move`
        :return: the dialog
        :rtype: recordset of `therapy.pay.link.wizard`
        :raise UserError: if there are too many to send while the sender waits
        """
        if len(moves) > SHARE_LIMIT:
            raise UserError(
                self.env._(
                    "Please send %(limit)s links or less at once.", limit=SHARE_LIMIT
                )
            )
        wizard = self.create({"hours": moves.company_id[:1].therapy_link_hours})
        self.env["therapy.pay.link.wizard.line"].create(
            [{"wizard_id": wizard.id, "move_id": move.id} for move in moves]
        )
        return wizard

    def _reopen(self) -> dict:
        """Return the action that shows this dialog; of one bill, its line.

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        single = len(self.line_ids) == 1
        record = self.line_ids if single else self
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send payment link")
            if single
            else self.env._("Send payment links"),
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
            "target": "new",
        }

    def _notice(self, message: str) -> dict:
        """Return the green notice that closes the dialog.

        :param str message: what was done
        :return: client action
        :rtype: dict
        """
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.env._("Payment link sent"),
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
