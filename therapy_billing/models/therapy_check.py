from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.therapy_billing.tools import clock, cursor

#: Hours after which money that was received must be in the books.
POSTING_HOURS = 1


class TherapyCheck(models.Model):
    """The nightly check of the books (M11): what must be equal, and what is not.

    Every row is a difference; a check without rows is good. Modules add theirs by
    :meth:`_get_rows`.
    """

    _name = "therapy.check"
    _description = "Check of the Books"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "run_at"

    run_at = fields.Datetime(string="Checked on", readonly=True, required=True)
    company_id = fields.Many2one(
        "res.company", readonly=True, required=True, index=True
    )
    line_ids = fields.One2many("therapy.check.line", "check_id", readonly=True)
    line_count = fields.Integer(
        string="Differences", compute="_compute_line_count", store=True
    )
    state = fields.Selection(
        [("good", "All equal"), ("differs", "Differences")],
        compute="_compute_line_count",
        store=True,
    )
    note = fields.Text(string="What Was Compared", readonly=True)

    @api.depends("line_ids")
    def _compute_line_count(self):
        """Count the differences."""
        for check in self:
            check.line_count = len(check.line_ids)
            check.state = "differs" if check.line_ids else "good"

    # === RUN === #

    @api.model
    def _cron_check(self):
        """Check every company; each in its own transaction."""
        companies = self.env["res.company"].search([("active", "=", True)])
        for company in companies:
            cursor.run_in_fresh_cursor(
                self.env,
                lambda env, i=company.id: (
                    env[self._name]._run(env["res.company"].browse(i)).id
                ),
            )
        self.env.invalidate_all(flush=False)

    def action_check_now(self):
        """Check the current practice now.

        :return: window action
        :rtype: dict
        """
        self.check_access("read")
        # sudo: the check reads payments of everybody; its rows name them.
        check_sudo = self.sudo()._run(self.env.company)  # sudo: see the line above
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": check_sudo.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    @api.model
    def _run(self, company):
        """Compare, keep the differences, and tell a manager of them.

        :param company: the `res.company`
        :return: the check
        :rtype: therapy.check
        """
        self.env.flush_all()
        rows, compared = self._get_rows(company), self._get_compared(company)
        check = self.create(
            {
                "run_at": clock.now(),
                "company_id": company.id,
                "note": "\n".join(compared),
                "line_ids": [(0, 0, row) for row in rows],
            }
        )
        if rows:
            check._tell()
        return check

    def _tell(self):
        """Raise an activity for a manager, one for all differences that are open.

        Note: self.ensure_one()
        """
        self.ensure_one()
        before = self.search([("company_id", "=", self.company_id.id)])
        if before.activity_ids:
            return
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("The books and the payments differ"),
            note=Markup("<br/>").join(self.line_ids[:20].mapped("name")),
            user_id=self._get_manager().id,
        )

    def _get_manager(self):
        """Return the manager who is told of differences.

        Note: self.ensure_one()

        :return: the first person who manages the practice, else the administrator
        :rtype: recordset of `res.users`
        """
        self.ensure_one()
        group = self.env.ref("therapy_billing.group_manager")
        managers = group.all_user_ids.filtered(
            lambda user: self.company_id in user.company_ids
        )
        return managers.sorted("id")[:1] or self.env.ref("base.user_admin")

    # === WHAT IS COMPARED === #

    @api.model
    def _get_compared(self, company) -> list:
        """Return sentences on what is compared; for modules to extend.

        :param company: the `res.company`
        :rtype: list[str]
        """
        return [
            self.env._(
                "For each payer: receivable = open bills - open credit notes - unused "
                "payments + unused refunds."
            ),
            self.env._("Every payment received is posted, and no other."),
        ]

    @api.model
    def _get_rows(self, company) -> list:
        """Return the differences; for modules to extend.

        :param company: the `res.company`
        :return: values of `therapy.check.line`
        :rtype: list[dict]
        """
        return [
            *self._get_receivable_rows(company),
            *self._get_crossed_rows(company),
            *self._get_unposted_rows(company),
        ]

    @api.model
    def _get_receivable_rows(self, company) -> list:
        """Compare each payer's receivable with what is open.

        :param company: the `res.company`
        :rtype: list[dict]
        """
        domain = [
            ("company_id", "child_of", company.id),
            ("account_id.account_type", "=", "asset_receivable"),
            ("parent_state", "=", "posted"),
        ]
        groups = self.env["account.move.line"]._read_group(
            domain, ["partner_id"], ["balance:sum", "amount_residual:sum"]
        )
        currency = company.currency_id
        return [
            {
                "kind": "receivable",
                "name": self.env._(
                    "Receivable of %(payer)s", payer=partner.name or "?"
                ),
                "expected": residual,
                "found": balance,
                "currency_id": currency.id,
                "res_model": "res.partner",
                "res_id": partner.id,
            }
            for partner, balance, residual in groups
            if currency.compare_amounts(balance, residual)
        ]

    @api.model
    def _get_crossed_rows(self, company) -> list:
        """Find money of one payer that was put on a bill of another (M4).

        :param company: the `res.company`
        :rtype: list[dict]
        """
        companies = self.env["res.company"].search([("id", "child_of", company.id)])
        # SQL: a domain cannot compare the two sides of a reconciliation.
        crossed = self.env.execute_query(
            SQL(
                """SELECT debit.partner_id, SUM(partial.amount)
                     FROM account_partial_reconcile partial
                     JOIN account_move_line debit ON debit.id = partial.debit_move_id
                     JOIN account_move_line credit ON credit.id = partial.credit_move_id
                     JOIN account_account account ON account.id = debit.account_id
                    WHERE account.account_type = 'asset_receivable'
                      AND debit.company_id IN %s
                      AND debit.partner_id IS DISTINCT FROM credit.partner_id
                 GROUP BY debit.partner_id ORDER BY debit.partner_id""",
                companies._ids,
            )
        )
        return [
            {
                "kind": "crossed",
                "name": self.env._(
                    "Money of one payer on a bill of another: %(payer)s",
                    payer=self.env["res.partner"].browse(partner_id).name or "?",
                ),
                "expected": 0.0,
                "found": amount,
                "currency_id": company.currency_id.id,
                "res_model": "res.partner",
                "res_id": partner_id,
            }
            for partner_id, amount in crossed
        ]

    @api.model
    def _get_unposted_rows(self, company) -> list:
        """Find money received that is not in the books, and the reverse.

        :param company: the `res.company`
        :rtype: list[dict]
        """
        limit = fields.Datetime.subtract(clock.now(), hours=POSTING_HOURS)
        Transaction = self.env["payment.transaction"]
        done = Transaction.search(
            [
                ("company_id", "=", company.id),
                ("state", "=", "done"),
                ("operation", "!=", "validation"),
                ("last_state_change", "<=", limit),
                "|",
                ("payment_id", "=", False),
                ("payment_id.move_id.state", "!=", "posted"),
            ]
        ).filtered(lambda tx: not tx.child_transaction_ids or tx._therapy_is_ours())
        posted = self.env["account.payment"].search(
            [
                ("company_id", "=", company.id),
                ("payment_transaction_id.state", "not in", (False, "done")),
                ("move_id.state", "=", "posted"),
                ("therapy_return_move_id", "=", False),
            ]
        )
        return [self._prepare_tx_row("unposted", tx, tx.amount, 0.0) for tx in done] + [
            self._prepare_tx_row(
                "not_received",
                payment.payment_transaction_id,
                0.0,
                payment.amount,
            )
            for payment in posted
        ]

    @api.model
    def _prepare_tx_row(self, kind, tx, expected, found) -> dict:
        """Return a row about a payment.

        :param str kind: kind of the difference
        :param tx: the `payment.transaction`
        :param float expected: what should be in the books
        :param float found: what is
        :rtype: dict
        """
        words = {
            "unposted": self.env._("Received, but not posted"),
            "not_received": self.env._("Posted, but not received"),
        }
        return {
            "kind": kind,
            "name": f"{words.get(kind, kind)}: {tx.reference}",
            "expected": expected,
            "found": found,
            "currency_id": tx.currency_id.id,
            "res_model": tx._name,
            "res_id": tx.id,
        }
