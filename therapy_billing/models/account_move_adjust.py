from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: Over how many days the goodwill of a payer without a bill adds up for the limit.
GOODWILL_DAYS = 30


class AccountMove(models.Model):
    """Write-offs, discounts and goodwill: credit notes on contra-revenue (M6)."""

    _inherit = "account.move"

    therapy_adjusts_move_id = fields.Many2one(
        "account.move",
        string="Adjusts",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The bill whose amount this credit note lowers. Unlike a reversal it "
        "leaves the bill and its sessions as they are. Of an entry: the credit note "
        "that an insurer's answer takes back, in part or in full.",
    )
    therapy_adjustment_ids = fields.One2many(
        "account.move", "therapy_adjusts_move_id", string="Adjustments", readonly=True
    )

    # === CRUD METHODS === #

    def _post(self, soft=True):
        """Override of `account` to credit nothing that was waived before (M5).

        :param bool soft: whether future bills wait
        :return: what core returns
        :raise UserError: if a credit note and what was waived exceed the bill
        """
        self._therapy_check_waived()
        return super()._post(soft=soft)

    # === BUSINESS METHODS === #

    def _therapy_check_waived(self):
        """Refuse credit notes over what was waived of their bill already.

        :raise UserError: naming the bill, the waivers and what is left
        """
        bills = self.filtered(lambda x: x.move_type == "out_refund").reversed_entry_id
        for bill in bills.filtered("therapy_adjustment_ids"):
            waivers = bill.therapy_adjustment_ids.filtered(
                lambda note: (
                    note.state != "cancel"
                    and "posted" not in note.reversal_move_ids.mapped("state")
                )
            )
            before = (bill.reversal_move_ids - self).filtered(
                lambda note: note.state == "posted"
            )
            asked = sum((bill.reversal_move_ids & self).mapped("amount_total"))
            done = sum((waivers | before).mapped("amount_total"))
            rest = bill.currency_id.round(max(bill.amount_total - done, 0.0))
            if waivers and bill.currency_id.compare_amounts(asked, rest) > 0:
                raise UserError(
                    self.env._(
                        "A part of %(bill)s was waived with %(notes)s, and nobody paid "
                        "that: credit %(rest)s at most. To take the whole bill back, "
                        "reset %(notes)s to draft and cancel it first.",
                        bill=bill.name,
                        notes=", ".join(waivers.mapped("name")),
                        rest=bill.currency_id.format(rest),
                    )
                )

    @api.model
    def _therapy_adjust(self, reason, amount, bill=None, payer=None, note="", day=None):
        """Waive a part of a bill, or give a payer goodwill to use later.

        A credit note of its own day on the account of the reason's kind. It is no
        reversal: the sessions of the bill stay billed.

        :param reason: the `therapy.adjustment.reason`
        :param float amount: the amount, more than 0, in whole cents
        :param bill: the `account.move`; none gives an open credit (goodwill)
        :param payer: the `res.partner` of the credit, if there is no bill
        :param str note: more words, for the practice only
        :param date day: day of the credit note; today if empty
        :return: the posted credit note
        :rtype: recordset of `account.move`
        :raise UserError: if it is above the user's limit
        :raise ValidationError: if it is more than is left of the bill
        """
        company = bill.company_id if bill else self.env.company
        Transaction = self.env["payment.transaction"]
        currency = (bill or company).currency_id
        if bill:
            Transaction._therapy_lock_bills(bill)
        amount = Transaction._therapy_check_amount(amount, currency)
        if bill:
            payable = bill._therapy_get_payable_amount()
            Transaction._therapy_check_payable(amount, payable, bill)
        self._therapy_check_adjustment_limit(company, amount, bill, payer)
        credit_note = self.create(
            self._prepare_therapy_adjustment_vals(
                reason, amount, bill, payer, note, day, company
            )
        )
        if bill:
            account = bill._therapy_terms().account_id[:1]
            credit_note._therapy_terms().account_id = account
        credit_note.action_post()
        if bill:
            bill._therapy_settle(credit_note._therapy_terms(), amount)
        return credit_note

    @api.model
    def _prepare_therapy_adjustment_vals(
        self, reason, amount, bill, payer, note, day, company
    ) -> dict:
        """Return the values of a credit note that adjusts.

        :param reason: the `therapy.adjustment.reason`
        :param float amount: the amount
        :param bill: the `account.move`, if any
        :param payer: the `res.partner`, if there is no bill
        :param str note: more words
        :param date day: the day; today if empty
        :param company: the `res.company`
        :return: values of an `account.move`
        :rtype: dict
        """
        journal = bill.journal_id if bill else self._therapy_get_journal(company)
        day = company._therapy_get_open_date(
            day or company._therapy_local_date(), journal
        )
        # Neutral words (P1): the reason is not for the paper.
        name = (
            self.env._("Adjustment of %(name)s", name=bill.name)
            if bill
            else self.env._("Credit")
        )
        line = {
            "name": name,
            "quantity": 1.0,
            "price_unit": amount,
            "account_id": company._therapy_get_account(reason.kind).id,
            "tax_ids": [Command.clear()],
        }
        return {
            "move_type": "out_refund",
            "partner_id": (bill.partner_id if bill else payer).id,
            "patient_id": bill.patient_id.id if bill else False,
            "company_id": company.id,
            "currency_id": (bill or company).currency_id.id,
            "journal_id": journal.id,
            "invoice_date": day,
            "invoice_date_due": day,
            "invoice_payment_term_id": False,
            "therapy_credit_cause": reason.kind,
            "therapy_adjusts_move_id": bill.id if bill else False,
            "therapy_reason": ": ".join(filter(None, [reason.name, note])),
            "invoice_line_ids": [Command.create(line)],
        }

    @api.model
    def _therapy_get_journal(self, company, journal_type="sale"):
        """Return a company's first journal of a type.

        :param company: the `res.company`
        :param str journal_type: type of the journal
        :return: the journal
        :rtype: recordset of `account.journal`
        :raise UserError: if there is none
        """
        Journal = self.env["account.journal"]
        domain = [*Journal._check_company_domain(company), ("type", "=", journal_type)]
        journal = Journal.search(domain, limit=1)
        if not journal:
            company._therapy_check_chart()
            raise UserError(
                self.env._(
                    "%(company)s has no journal for this yet.", company=company.name
                )
            )
        return journal

    @api.model
    def _therapy_check_adjustment_limit(self, company, amount, bill, payer=None):
        """Refuse billers more than the practice allows.

        The limit is for all adjustments of a bill; without a bill for all credits that
        were given to the payer in the last days, or many small ones would be no limit.

        :param company: the `res.company`
        :param float amount: the amount
        :param bill: the `account.move`, if any
        :param payer: the `res.partner`, if there is no bill
        :raise UserError: naming the limit
        """
        checked = self.env.su and self.env.context.get("therapy_limit_checked")
        if checked or self.env.user.has_group("therapy_billing.group_manager"):
            return
        if bill:
            before = bill.therapy_adjustment_ids.filtered(
                lambda move: move.state == "posted"
            )
        else:
            before = self._therapy_get_recent_goodwill(company, payer)
        total = amount + sum(before.mapped("amount_total"))
        limit, currency = company.therapy_adjustment_limit, company.currency_id
        if currency.compare_amounts(total, limit) <= 0:
            return
        if bill:
            raise UserError(
                self.env._(
                    "You may adjust a bill by %(amount)s at most; a manager may do "
                    "more.",
                    amount=currency.format(limit),
                )
            )
        raise UserError(
            self.env._(
                "Without a bill you may give a payer %(amount)s at most within "
                "%(days)s days; a manager may do more.",
                amount=currency.format(limit),
                days=GOODWILL_DAYS,
            )
        )

    @api.model
    def _therapy_get_recent_goodwill(self, company, payer):
        """Return the credits without a bill that count for the limit.

        :param company: the `res.company`
        :param payer: the `res.partner`
        :return: the posted credit notes of the last :data:`GOODWILL_DAYS` days
        :rtype: recordset of `account.move`
        """
        # What another user commits in between is not in this transaction's snapshot:
        # the row of the payer makes it a conflict, and the later is run again.
        self.env.cr.execute(
            SQL(
                "UPDATE res_partner SET write_date = write_date WHERE id = %s", payer.id
            )
        )
        since = company._therapy_local_date() - timedelta(days=GOODWILL_DAYS)
        return self.search(
            [
                ("move_type", "=", "out_refund"),
                ("company_id", "=", company.id),
                ("partner_id", "=", payer.id),
                ("state", "=", "posted"),
                ("invoice_date", ">", since),
                ("therapy_adjusts_move_id", "=", False),
                ("therapy_reason", "!=", False),
            ]
        )

    def _therapy_get_standing_adjustments(self) -> list:
        """Return what is waived of a bill and was not taken back.

        Note: self.ensure_one()

        :return: (credit note, amount > 0), the newest first
        :rtype: list
        """
        self.ensure_one()
        partials, found = self._therapy_get_receivable_lines().matched_credit_ids, []
        for note in self.therapy_adjustment_ids.sorted("id", reverse=True):
            if "posted" in note.reversal_move_ids.mapped("state"):
                continue  # Taken back by hand, with a bill of its own.
            own = partials.filtered(
                lambda partial, note=note: partial.credit_move_id.move_id == note
            )
            taken_back = note.therapy_adjustment_ids.filtered(
                lambda entry: entry.state == "posted" and not entry.reversal_move_ids
            )
            amount = self.currency_id.round(
                sum(own.mapped("debit_amount_currency"))
                - sum(taken_back.mapped("amount_total"))
            )
            if self.currency_id.compare_amounts(amount, 0) > 0:
                found.append((note, amount))
        return found

    def _therapy_settle(self, credits, amount):
        """Reconcile credit lines with a bill for an amount.

        Note: self.ensure_one(); the bill is locked

        :param credits: `account.move.line` of the bill's payer and account
        :param float amount: the amount, at most what is left of either
        """
        self.ensure_one()
        left = {line: -line.amount_residual_currency for line in credits}
        pools = {}
        for line in credits:
            pools.setdefault(self._therapy_credit_key(line), []).append(line)
        parts = self._therapy_take_credits(pools, left, amount)
        credits._therapy_reconcile_exactly(parts)
