from odoo import api, fields, models
from odoo.exceptions import UserError


class TherapyInviteWizard(models.TransientModel):
    """Give payers a login, with a form to sign if wanted; nothing of it names care."""

    _name = "therapy.invite.wizard"
    _description = "Invite to the Portal"

    line_ids = fields.One2many("therapy.invite.wizard.line", "wizard_id")
    with_authorization = fields.Boolean(
        string="Ask for a Card and a Signature",
        help="The payer finds the card authorization after the login.",
    )
    covers_visits = fields.Boolean(string="Visits", default=True)
    covers_balance = fields.Boolean(string="Balance")
    covers_absences = fields.Boolean(string="Missed Appointments")
    max_amount = fields.Monetary(string="At Most Per Charge")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    ready_count = fields.Integer(compute="_compute_ready_count")

    @api.depends("line_ids.problem")
    def _compute_ready_count(self):
        """Count the people who will be invited."""
        for wizard in self:
            wizard.ready_count = len(wizard.line_ids.filtered(lambda x: not x.problem))

    # === ACTION METHODS === #

    @api.model
    def _get_action(self, partners) -> dict:
        """Return the action that opens the dialog for payers.

        :param partners: payers; patients stand for those who pay for them today
        :return: window action
        :rtype: dict
        :raise UserError: if there is nobody to invite
        """
        patients = partners.filtered("is_patient")
        today = self.env.company._therapy_local_date()
        rows = patients.guarantor_ids._therapy_filter_active(today)
        payers = (partners - patients) | rows.partner_id
        payers = payers.filtered(lambda payer: not payer.is_insurer)
        if not payers:
            raise UserError(
                self.env._("There is nobody to invite: add a guarantor first.")
            )
        wizard = self.create({})
        wizard.line_ids = self.env["therapy.invite.wizard.line"].create(
            [{"wizard_id": wizard.id, "partner_id": payer.id} for payer in payers]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Invite to the portal"),
            "res_model": self._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def action_invite(self):
        """Send the invitations that can be sent.

        :return: the green notice
        :rtype: dict
        :raise AccessError: if the user is no biller
        :raise UserError: if nobody can be invited
        """
        self.ensure_one()
        self.env.user._therapy_check_biller()
        ready = self.line_ids.filtered(lambda line: not line.problem)
        if not ready:
            raise UserError(
                self.line_ids[:1].problem or self.env._("There is nobody to invite.")
            )
        for line in ready:
            if self.with_authorization:
                line._request_authorization()
            line._invite()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.env._("Invited"),
                "message": self.env._(
                    "On its way to %(emails)s.", emails=", ".join(ready.mapped("email"))
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
