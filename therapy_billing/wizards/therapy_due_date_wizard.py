from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.therapy_billing.models.access_mixin import IN_LIST


class TherapyDueDateWizard(models.TransientModel):
    """Moves the due date of several bills; each bill notes the old and the new one."""

    _name = "therapy.due.date.wizard"
    _description = "Change Due Dates"

    move_ids = fields.Many2many("account.move", string="Bills", required=True)
    open_move_ids = fields.Many2many(
        "account.move",
        string="Open Bills",
        compute="_compute_open_move_ids",
    )
    open_count = fields.Integer(compute="_compute_open_move_ids")
    left_out_count = fields.Integer(compute="_compute_open_move_ids")
    invoice_date_due = fields.Date(string="New Due Date", required=True)
    can_send = fields.Boolean(compute="_compute_can_send")
    send_again = fields.Boolean(
        string="Send Them Again",
        help="Opens the dialog that sends the bills, with the new date on them.",
    )

    def onchange(self, *args, **kwargs):
        """Override of `web`: the list of bills in the dialog is no look at each (P7).

        :return: what core returns
        :rtype: dict
        """
        quiet = self.with_context(**{IN_LIST: True})
        return super(TherapyDueDateWizard, quiet).onchange(*args, **kwargs)

    @api.depends("move_ids")
    def _compute_open_move_ids(self):
        """Leave out what is paid, cancelled or taken back."""
        for wizard in self:
            wizard.open_move_ids = wizard.move_ids.filtered(
                lambda move: (
                    move.is_therapy_bill
                    and move.state != "cancel"
                    and not move.voided_by_move_id
                    # A payment term would put its own date back.
                    and not move.invoice_payment_term_id
                    and move.payment_state in ("not_paid", "partial")
                )
            )
            wizard.open_count = len(wizard.open_move_ids)
            wizard.left_out_count = len(wizard.move_ids) - wizard.open_count

    @api.depends("move_ids")
    def _compute_can_send(self):
        """Tell whether a module sends bills."""
        for wizard in self:
            wizard.can_send = wizard.move_ids._therapy_can_send()

    def action_apply(self):
        """Write the new due date and note the change on every bill.

        :return: the action that says how many were changed
        :rtype: dict
        :raise UserError: if there is no open bill, or the date is before a bill's own
        """
        self.ensure_one()
        bills = self.open_move_ids.filtered(
            lambda move: move.invoice_date_due != self.invoice_date_due
        )
        if not bills:
            raise UserError(
                self.env._("None of these bills is open with another date.")
            )
        bills.lock_for_update(allow_referencing=True)
        early = bills.filtered(
            lambda move: move.invoice_date and move.invoice_date > self.invoice_date_due
        )
        if early:
            raise UserError(
                self.env._(
                    "%(name)s is dated after the new due date.", name=early[0].name
                )
            )
        new = format_date(self.env, self.invoice_date_due)
        bodies = {
            move.id: self.env._(
                "Due date: %(old)s, now %(new)s.",
                old=format_date(self.env, move.invoice_date_due) or "-",
                new=new,
            )
            for move in bills
        }
        bills.invoice_date_due = self.invoice_date_due
        bills._message_log_batch(bodies=bodies)
        if self.send_again and (action := bills._therapy_send_action()):
            return action
        return bills._therapy_notify(
            self.env._("The due date of %(count)s bills was changed.", count=len(bills))
        )
