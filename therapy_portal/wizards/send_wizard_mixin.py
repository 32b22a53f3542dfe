from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import SHARE_LIMIT


class TherapySendWizardMixin(models.AbstractModel):
    """A dialog that sends a message about each of some bills.

    A model that inherits it has `line_ids`, whose model inherits
    `therapy.send.wizard.line.mixin`, and the words of :meth:`_get_words`.
    """

    _name = "therapy.send.wizard.mixin"
    _description = "Send Messages about Bills"

    state = fields.Selection(
        [("preview", "Preview"), ("done", "Done")], default="preview", required=True
    )
    ready_count = fields.Integer(compute="_compute_counts")
    refused_count = fields.Integer(compute="_compute_counts")

    @api.depends("line_ids.refusal")
    def _compute_counts(self):
        """Count what will be sent and what will not."""
        for wizard in self:
            refused = len(wizard.line_ids.filtered("refusal"))
            wizard.refused_count = refused
            wizard.ready_count = len(wizard.line_ids) - refused

    # === ACTION METHODS === #

    def action_send(self):
        """Send a message for each bill that can have one, and say what happened.

        :return: a green notice, or this dialog again when something was not sent
        :rtype: dict
        :raise AccessError: if the user is not a biller
        :raise UserError: if nothing can be sent
        """
        self.ensure_one()
        self.env.user._therapy_check_biller()
        words = self._get_words()
        if self.state == "done":
            raise UserError(words["again"])
        ready = self.line_ids.filtered(lambda line: not line._get_refusal())
        if not ready:
            raise UserError(self.line_ids[:1]._get_refusal() or words["nothing"])
        mails_sudo = self.env["mail.mail"].sudo()  # sudo: mails are for administrators
        for line in ready:
            mails_sudo |= line._send()
        self.state = "done"
        mails_sudo._therapy_hand_over()
        if len(ready) < len(self.line_ids):
            return self._reopen()
        return self._get_notice(ready)

    # === BUSINESS METHODS === #

    def _get_words(self) -> dict:
        """Return what this dialog says.

        Note: to override

        :return: `again` (sent already), `nothing` (no bill), `one` and `many` (titles),
            `sent` (title of the notice)
        :rtype: dict
        """
        raise NotImplementedError

    @api.model
    def _check_count(self, moves):
        """Refuse more bills than a sender would wait for.

        :param moves: bills, as `account.move`
        :return: None
        :raise UserError: if there are too many
        """
        if len(moves) > SHARE_LIMIT:
            raise UserError(
                self.env._(
                    "Please choose %(limit)s bills or less at once.", limit=SHARE_LIMIT
                )
            )

    def _reopen(self) -> dict:
        """Return the action that shows this dialog.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        words = self._get_words()
        record = self._get_shown_record()
        return {
            "type": "ir.actions.act_window",
            "name": words["one"] if len(self.line_ids) == 1 else words["many"],
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
            "target": "new",
        }

    def _get_shown_record(self):
        """Return what the dialog shows: itself, or another record in its place.

        Note: self.ensure_one()

        :return: one record
        """
        self.ensure_one()
        return self

    def _get_notice(self, lines) -> dict:
        """Return the green notice that closes the dialog.

        Note: self.ensure_one()

        :param lines: what was sent
        :return: client action
        :rtype: dict
        """
        self.ensure_one()
        message = (
            lines.result
            if len(lines) == 1
            else self.env._("%(count)s messages are on their way.", count=len(lines))
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self._get_words()["sent"],
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
