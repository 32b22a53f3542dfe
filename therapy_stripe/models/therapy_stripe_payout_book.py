from odoo import Command, models
from odoo.exceptions import UserError

from ..tools import clock


class TherapyStripePayout(models.Model):
    """The entry of a payout: its part of the clearing account comes to 0.00 (D11).

    Credit the clearing account with the gross of what the payout consists of, debit
    Stripe's fees and the account of money on its way to the bank; reconcile. There is
    no statement line: it would block lock dates.

    A payout that was started by hand has no list: a manager decides, and then only its
    amount leaves the clearing account.
    """

    _inherit = "therapy.stripe.payout"

    def _book(self, anyway=False):
        """Book a payout that is complete; book a failed one back.

        What the books refuse is kept as the payout's problem: it must stop neither
        later payouts nor the nightly check.

        Note: self.ensure_one()

        :param bool anyway: also with items that are not in our books
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._book_now(anyway)
        except UserError as reason:
            self._report(str(reason))

    def _book_now(self, anyway):
        """Book a payout, or keep what is in the way.

        Note: self.ensure_one() from :meth:`_book`

        :param bool anyway: also with items that are not in our books
        :raise UserError: if the books refuse an entry
        """
        rows = self._get_items()
        ready = rows if self.is_automatic else self.state == "paid"
        if ready and not self.move_id:
            problem = self._get_problem(rows)
            if problem and not (anyway and self._can_post(rows)):
                return self._report(problem)
            self._post(rows)
        if self.state in ("failed", "canceled") and not self.return_move_id:
            self._post_return()
        return None

    def _get_problem(self, rows):
        """Say what keeps the payout from being booked.

        :param rows: what it consists of
        :return: the reasons, one a line; empty if there is none
        :rtype: str
        """
        problems = []
        account = self.provider_id._therapy_stripe_get_clearing_account()
        if not account or not self.company_id.transfer_account_id:
            problems.append(
                self.env._(
                    "Set up the journal of Stripe on the payment provider first, and "
                    "the company's account for transfers."
                )
            )
        if not self.is_automatic:
            problems.append(
                self.env._(
                    "It was paid out by hand: Stripe does not say what it consists of. "
                    "Booked anyway, it takes its amount from the clearing account; "
                    "Stripe's fees stay there."
                )
            )
        elif not self._adds_up(rows):
            problems.append(
                self.env._(
                    "Its items add up to %(sum)s, not %(amount)s.",
                    sum=self.currency_id.format(sum(rows.mapped("net"))),
                    amount=self.currency_id.format(self.amount),
                )
            )
        rows._match()
        problems += [
            f"{row.balance_ref} ({row.kind}, {row.currency_id.format(row.amount)}): "
            f"{problem}"
            for row in rows
            if (problem := row._get_problem())
        ]
        return "\n".join(problems)

    def _adds_up(self, rows):
        """Tell whether the items are the payout, to the cent.

        :rtype: bool
        """
        difference = sum(rows.mapped("net")) - self.amount
        return self.currency_id.is_zero(difference)

    def _can_post(self, rows):
        """Tell whether a payout can be booked although some items are not ours.

        :rtype: bool
        """
        account = self.provider_id._therapy_stripe_get_clearing_account()
        transfer = self.company_id.transfer_account_id
        whole = self._adds_up(rows) or not self.is_automatic
        return bool(account and transfer and whole)

    def _report(self, problem):
        """Keep the problem, and tell a manager of a new one.

        :param str problem: the reasons
        """
        if problem == self.problem:
            return
        first, self.problem = not self.problem, problem
        if first:
            group = self.env.ref("therapy_billing.group_manager")
            managers = group.all_user_ids.filtered(
                lambda user: self.company_id in user.company_ids
            )
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("This payout is not what is in the books"),
                user_id=(managers.sorted("id")[:1] or self.env.user).id,
            )

    def _post(self, rows):
        """Post the entry, and reconcile the clearing account.

        :param rows: what the payout consists of
        """
        provider, company = self.provider_id, self.company_id
        account = provider._therapy_stripe_get_clearing_account()
        transfer = company.transfer_account_id
        booked = self.env["account.move.line"]
        gross = 0.0
        for row in rows.filtered(lambda r: not r._is_never_booked()):
            booked |= row._get_booked_lines()
            gross += row._get_clearing_amount()
        gross = self.currency_id.round(gross) if self.is_automatic else self.amount
        fees = self.currency_id.round(gross - self.amount)
        day = company._therapy_local_date(self.created_at)
        self.move_id = self._create_entry(
            day,
            self.env._("Payout %(ref)s", ref=self.payout_ref),
            [
                (account, -gross),
                (company._therapy_get_account("processor"), fees),
                (transfer, self.amount),
            ],
        )
        self.problem = False
        self.activity_ids.unlink()
        lines = booked | self.move_id.line_ids.filtered(
            lambda line: line.account_id == account
        )
        lines.filtered(lambda line: not line.reconciled).reconcile()

    def _post_return(self):
        """Book that the bank sent the payout back.

        Its money is on the balance again and part of a later payout.
        """
        if not self.move_id:
            return
        account = self.provider_id._therapy_stripe_get_clearing_account()
        row = self.env["therapy.stripe.balance"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("source_ref", "=", self.payout_ref),
                ("category", "=", "payout_reversal"),
            ],
            limit=1,
        )
        day = self.company_id._therapy_local_date(row.happened_at or clock.now())
        self.return_move_id = self._create_entry(
            day,
            self.env._("Payout %(ref)s sent back", ref=self.payout_ref),
            [
                (account, self.amount),
                (self.company_id.transfer_account_id, -self.amount),
            ],
        )
        self.problem = False
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("The bank sent a payout back: check the account"),
            note=self.failure_code or "",
            user_id=self.env.ref("therapy_billing.group_manager")
            .all_user_ids.filtered(lambda user: self.company_id in user.company_ids)
            .sorted("id")[:1]
            .id
            or self.env.uid,
        )

    def _create_entry(self, day, text, items):
        """Post an entry in the journal of Stripe.

        :param date day: when; the first open day after it counts
        :param str text: what the lines say
        :param list items: (account, amount)
        :return: the entry
        :rtype: account.move
        """
        journal = self.provider_id.journal_id
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "company_id": self.company_id.id,
                "currency_id": self.currency_id.id,
                "date": self.company_id._therapy_get_open_date(day, journal),
                "ref": text,
                "line_ids": [
                    Command.create(
                        {
                            "name": text,
                            "account_id": account.id,
                            "currency_id": self.currency_id.id,
                            "amount_currency": amount,
                        }
                    )
                    for account, amount in items
                    if not self.currency_id.is_zero(amount)
                ],
            }
        )
        entry.action_post()
        return entry
