from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.therapy_billing.models.therapy_charge_item import OPEN_STATES
from odoo.addons.therapy_billing.tools import clock


class TherapyChargeRun(models.Model):
    """Charges the saved cards of the payers of many bills.

    May be stopped, killed and started again at any moment, and worked on by several
    processes: all that says how far it is are its items. How bills are found, and how
    they are charged, is in the files beside this one.
    """

    _name = "therapy.charge.run"
    _description = "Charge Run"
    _inherit = ["therapy.numbered.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    due_until = fields.Date(
        string="Bills Due until",
        default=lambda self: self.env.company._therapy_local_date(),
        help="Open bills of people, due on this day or before.",
    )
    use_credits = fields.Boolean(
        string="Use Credits First",
        default=lambda self: self.env.company.therapy_use_credits,
        help="A payer's credits are put on the bill before the card is charged.",
    )
    state = fields.Selection(
        [
            ("draft", "New"),
            ("running", "Charging"),
            ("waiting", "Waiting"),
            ("paused", "Paused"),
            ("stopped", "Stopped"),
            ("done", "Done"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
        help="Waiting: for an answer of a bank, or for the day of the next try.",
    )
    pause_reason = fields.Char(readonly=True, copy=False)
    started_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    item_ids = fields.One2many(
        "therapy.charge.item", "run_id", string="Bills", readonly=True, copy=False
    )
    item_count = fields.Integer(string="Bills in All", compute="_compute_counts")
    done_count = fields.Integer(string="Paid", compute="_compute_counts")
    failed_count = fields.Integer(string="Not Charged", compute="_compute_counts")
    open_count = fields.Integer(string="Still Open", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts", help="In percent.")
    amount_total = fields.Monetary(string="To Charge", compute="_compute_counts")
    charged_amount = fields.Monetary(string="Charged", compute="_compute_counts")
    credit_amount = fields.Monetary(string="From Credit", compute="_compute_counts")

    # === COMPUTE METHODS === #

    @api.depends("item_ids.state", "item_ids.amount", "item_ids.charged_amount")
    def _compute_counts(self):
        """Count the items and add them up, from the items alone."""
        rows = self.env["therapy.charge.item"]._read_group(
            [("run_id", "in", self.ids)],
            ["run_id", "state"],
            ["__count", "amount:sum", "charged_amount:sum", "credit_amount:sum"],
        )
        for run in self:
            own = [row[1:] for row in rows if row[0] == run]
            counts = {state: count for state, count, *_amounts in own}
            run.item_count = total = sum(counts.values())
            run.open_count = sum(counts.get(state, 0) for state in OPEN_STATES)
            run.done_count = counts.get("done", 0) + counts.get("credit", 0)
            run.failed_count = counts.get("failed", 0) + counts.get("skipped", 0)
            waiting = counts.get("todo", 0) + counts.get("sent", 0)
            run.progress = 100.0 * (total - waiting) / total if total else 0.0
            run.amount_total = sum(row[2] for row in own)
            run.charged_amount = sum(row[3] for row in own)
            run.credit_amount = sum(row[4] for row in own)

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        """Keep runs that charged somebody.

        :raise UserError: if a run was started
        """
        if self.item_ids.transaction_id:
            raise UserError(self.env._("A run that charged cards cannot be deleted."))

    # === ACTION METHODS === #

    def action_start(self):
        """Charge in the background, as the person who pressed the button.

        :return: True
        :raise UserError: if there is nothing to charge
        """
        if any(not run.open_count for run in self):
            raise UserError(self.env._("There is no bill to charge in this run."))
        self._set_running()
        return True

    def _set_running(self):
        """Let the jobs go on with runs, in the name of the user.

        :return: None
        """
        runs = self.filtered(lambda run: run.state != "running")
        runs.write(
            {"state": "running", "pause_reason": False, "started_by_id": self.env.uid}
        )
        self._trigger_jobs()

    def action_go_on(self):
        """Go on with stopped and paused runs; what failed by our settings is tried.

        :return: True
        """
        self.check_access("write")
        again = self.item_ids.filtered(
            lambda item: (
                item.state == "failed" and not item.transaction_id.therapy_decline_class
            )
        )
        again._note({"state": "todo", "next_try_at": clock.now()})
        self._set_running()
        return True

    def action_stop(self):
        """Stop runs; who is being charged at this moment is charged.

        :return: True
        """
        runs = self.filtered(lambda run: run.state in ("running", "waiting"))
        runs.state = "stopped"
        return True

    def action_retry_left_out(self):
        """Look again at bills that were left out: a card may be there now.

        :return: True
        """
        self.check_access("write")
        items = self.item_ids.filtered(lambda item: item.state == "skipped")
        items._note({"state": "todo", "next_try_at": clock.now()})
        self._set_running()
        return True

    def action_view_items(self):
        """Open the bills of the run, with what became of each.

        :return: the action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "therapy_billing.therapy_charge_item_action"
        )
        action["domain"] = [("run_id", "in", self.ids)]
        return action
