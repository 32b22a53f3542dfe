from odoo import api, fields, models
from odoo.tools import format_date

#: States of an item that may still change by themselves.
OPEN_STATES = ("todo", "sent", "pending", "retry")


class TherapyChargeItem(models.Model):
    """One bill in a charge run: whom, which card, how much, and what became of it."""

    _name = "therapy.charge.item"
    _description = "Bill in a Charge Run"
    _order = "run_id desc, id"
    _rec_name = "move_id"
    _check_company_auto = True

    run_id = fields.Many2one(
        "therapy.charge.run", required=True, index=True, ondelete="cascade"
    )
    move_id = fields.Many2one(
        "account.move",
        string="Bill",
        required=True,
        index=True,
        ondelete="cascade",
        readonly=True,
    )
    partner_id = fields.Many2one(
        "res.partner", string="Payer", required=True, index=True, readonly=True
    )
    token_id = fields.Many2one(
        "payment.token", string="Card", index="btree_not_null", readonly=True
    )
    amount = fields.Monetary(readonly=True, help="To be charged at most.")
    credit_amount = fields.Monetary(
        string="From Credit", readonly=True, help="Put on the bill before the charge."
    )
    charged_amount = fields.Monetary(string="Charged", readonly=True)
    state = fields.Selection(
        [
            ("todo", "To charge"),
            ("sent", "Being charged"),
            ("pending", "Waiting for the bank"),
            ("done", "Charged"),
            ("credit", "Paid from credit"),
            ("retry", "Tried again later"),
            ("failed", "Declined"),
            ("skipped", "Left out"),
        ],
        required=True,
        default="todo",
        readonly=True,
        index=True,
    )
    message = fields.Char(string="What Happened", readonly=True)
    tries = fields.Integer(readonly=True)
    first_try_at = fields.Datetime(readonly=True)
    next_try_at = fields.Datetime(
        readonly=True, required=True, index=True, default=fields.Datetime.now
    )
    transaction_id = fields.Many2one(
        "payment.transaction", string="Last Try", readonly=True, index="btree_not_null"
    )
    transaction_ids = fields.One2many(
        "payment.transaction",
        "therapy_item_id",
        string="Transactions",
        readonly=True,
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="move_id.currency_id")

    _bill_uniq = models.UniqueIndex(
        "(run_id, move_id, partner_id)", "A bill is in a run once per payer."
    )
    # What a process looks for when it claims work.
    _work_idx = models.Index("(run_id, state, next_try_at)")

    @api.model
    def _get_due_domain(self, now):
        """Return the domain of the items that may be charged at a moment.

        :param datetime now: the moment
        :rtype: list
        """
        return [("state", "in", ("todo", "retry")), ("next_try_at", "<=", now)]

    def _note(self, vals):
        """Write what became of items. Users only read them: they say who is charged.

        :param dict vals: values
        """
        self.sudo().write(vals)  # sudo: see above; callers checked the run

    def _update_from_transaction(self):
        """Write what became of the last try of each item.

        :return: None
        """
        for item in self:
            tx = item.transaction_id
            vals = {"message": tx.state_message}
            if tx.state == "done":
                vals.update(state="done", charged_amount=tx.amount, message=False)
            elif tx.state in ("pending", "authorized"):
                vals["state"] = "pending"
            elif tx.state == "cancel":
                vals["state"] = "failed"
            elif tx.state == "error":
                vals.update(item._prepare_decline_vals(tx))
            else:
                continue
            item._note(vals)

    def _prepare_decline_vals(self, tx) -> dict:
        """Return what a decline makes of an item: a date, or the end.

        Note: self.ensure_one()

        :param tx: the declined `payment.transaction`
        :return: values of the item
        :rtype: dict
        """
        self.ensure_one()
        again = tx._therapy_get_next_try(self.first_try_at, self.tries)
        if not again:
            return {"state": "failed"}
        day = format_date(self.env, self.company_id._therapy_local_date(again))
        return {
            "state": "retry",
            "next_try_at": again,
            "message": self.env._(
                "%(reason)s Tried again on %(day)s.",
                reason=tx.state_message or "",
                day=day,
            ),
        }
