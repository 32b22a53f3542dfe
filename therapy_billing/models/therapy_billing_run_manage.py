from odoo import api, fields, models
from odoo.exceptions import UserError


class TherapyBillingRun(models.Model):
    """What is done with the bills of a run once they are made."""

    _inherit = "therapy.billing.run"

    can_send = fields.Boolean(compute="_compute_can_send")

    @api.depends("state")
    def _compute_can_send(self):
        """Tell whether a module sends bills."""
        for run in self:
            run.can_send = run.move_ids._therapy_can_send()

    def action_send(self):
        """Open the dialog that sends the run's open bills to their payers.

        :return: the action
        :rtype: dict
        :raise UserError: if there is no bill to send, or no module that sends
        """
        bills = self._get_live_bills().filtered(
            lambda move: (
                move.state == "posted"
                and not move.partner_id.is_insurer
                and move.payment_state in ("not_paid", "partial")
            )
        )
        if not bills:
            raise UserError(self.env._("The run has no open bill of a guarantor."))
        action = bills._therapy_send_action()
        if not action:
            raise UserError(self.env._("No module is installed that sends bills."))
        return action

    live_bill_count = fields.Integer(
        string="Bills That Count", compute="_compute_live_bill_count"
    )

    @api.depends("move_ids.state", "move_ids.voided_by_move_id")
    def _compute_live_bill_count(self):
        """Count the bills that were not taken back."""
        counts = dict(
            self.env["account.move"]._read_group(
                [
                    ("therapy_run_id", "in", self.ids),
                    ("state", "!=", "cancel"),
                    ("voided_by_move_id", "=", False),
                ],
                ["therapy_run_id"],
                ["__count"],
            )
        )
        for run in self:
            run.live_bill_count = counts.get(run, 0)

    def action_retract(self):
        """Take the bills of the run back: cancelled if unseen, else credited (M6).

        :return: the action that says what became of them
        :rtype: dict
        """
        return self._get_live_bills().action_therapy_retract()

    def action_due_dates(self):
        """Open the dialog that changes the due dates of the run's open bills.

        :return: the action
        :rtype: dict
        """
        return self._get_live_bills().action_therapy_due_dates()

    def action_print(self):
        """Print the bills of the run as one PDF.

        :return: the action of the report
        :rtype: dict
        :raise UserError: if the run has no bill
        """
        bills = self._get_live_bills().filtered(lambda move: move.state == "posted")
        if not bills:
            raise UserError(self.env._("The run has no bill to print."))
        report = self.env.ref("account.account_invoices")
        return report.report_action(bills, config=False)

    def _get_live_bills(self):
        """Return the bills that count: not cancelled, not taken back.

        :return: the bills
        :rtype: recordset of `account.move`
        """
        return self.move_ids.filtered(
            lambda move: move.state != "cancel" and not move.voided_by_move_id
        )
