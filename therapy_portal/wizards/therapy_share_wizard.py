from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import SHARE_LIMIT


class TherapyShareWizard(models.TransientModel):
    _name = "therapy.share.wizard"
    _description = "Share Bills"

    line_ids = fields.One2many("therapy.share.wizard.line", "wizard_id")
    single_line_id = fields.Many2one(
        "therapy.share.wizard.line",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The line that is shown large, when there is one bill only.",
    )
    state = fields.Selection(
        [("preview", "Preview"), ("done", "Done")], default="preview", required=True
    )
    ready_count = fields.Integer(compute="_compute_counts")
    refused_count = fields.Integer(compute="_compute_counts")
    online_payment = fields.Boolean(
        help="Whether all of these bills may be paid online."
    )
    attach = fields.Boolean(default=True)

    # Shown large when there is one bill.
    email_to = fields.Char(related="single_line_id.email_to")
    email_from = fields.Char(related="single_line_id.email_from")
    subject = fields.Char(related="single_line_id.subject")
    body_html = fields.Html(related="single_line_id.body_html", string="Message")
    document_html = fields.Html(
        related="single_line_id.document_html", string="Attachment"
    )
    refusal = fields.Char(related="single_line_id.refusal")

    # === COMPUTE METHODS === #

    @api.depends("line_ids.refusal")
    def _compute_counts(self):
        """Count what will be sent and what will not."""
        for wizard in self:
            refused = len(wizard.line_ids.filtered("refusal"))
            wizard.refused_count = refused
            wizard.ready_count = len(wizard.line_ids) - refused

    # === ACTION METHODS === #

    def action_send(self):
        """Send the bills as shown, each with its new code, and say what happened.

        :return: a green notice, or this dialog again when something was not sent
        :rtype: dict
        :raise UserError: if no bill can be sent
        """
        self.ensure_one()
        if self.state == "done":
            raise UserError(self.env._("These bills were shared already."))
        ready = self.line_ids.filtered(lambda line: not line._get_refusal())
        if not ready:
            raise UserError(
                self.line_ids[:1]._get_refusal()
                or self.env._("There is no bill to share.")
            )
        mails_sudo = self.env["mail.mail"].sudo()  # sudo: mails are for administrators
        for line in ready:
            mails_sudo |= line._share()
        self.state = "done"
        mails_sudo._therapy_hand_over()
        refused = len(self.line_ids) - len(ready)
        if refused:
            return self._reopen()
        return self._notice(
            self.env._("On its way to %(email)s.", email=ready.email_to)
            if len(ready) == 1
            else self.env._("%(count)s bills are on their way.", count=len(ready))
        )

    # === BUSINESS METHODS === #

    @api.model
    def _create_for(self, moves):
        """Return a dialog that shows what sharing these bills would send.

        :param moves: bills, as `account.move`
        :return: the dialog
        :rtype: recordset of `therapy.share.wizard`
        :raise UserError: if there are too many to send while the sender waits
        """
        if len(moves) > SHARE_LIMIT:
            raise UserError(
                self.env._(
                    "Please share %(limit)s bills or less at once.", limit=SHARE_LIMIT
                )
            )
        wizard = self.create(
            {
                "online_payment": moves._therapy_online_payment_enabled(),
                "attach": all(moves.company_id.mapped("therapy_share_attach")),
            }
        )
        Line = self.env["therapy.share.wizard.line"]
        lines = Line.create(
            [Line._prepare_vals(move) | {"wizard_id": wizard.id} for move in moves]
        )
        wizard.single_line_id = len(lines) == 1 and lines
        return wizard

    def _reopen(self) -> dict:
        """Return the action that shows this dialog again.

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Share bill")
            if self.single_line_id
            else self.env._("Share bills"),
            "res_model": self._name,
            "res_id": self.id,
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
                "title": self.env._("Shared"),
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
