from odoo import api, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date


class TherapyBillingRun(models.Model):
    """What a run must have right before its first bill."""

    _inherit = "therapy.billing.run"

    @api.constrains("invoice_date", "invoice_date_due")
    def _check_due_date(self):
        """Refuse bills that are due before they are made.

        :raise ValidationError: if the due date is before the bill date
        """
        for run in self:
            if run.invoice_date_due and run.invoice_date_due < run.invoice_date:
                raise ValidationError(
                    self.env._("The due date cannot be before the bill date.")
                )

    @api.constrains("journal_id", "company_id")
    def _check_journal_currency(self):
        """Refuse a journal in another currency than the practice's sessions.

        :raise ValidationError: if the currencies differ
        """
        for run in self:
            currency = run.journal_id.currency_id
            if currency and currency != run.currency_id:
                raise ValidationError(
                    self.env._(
                        "The journal %(journal)s is in %(theirs)s; the sessions are "
                        "in %(ours)s.",
                        journal=run.journal_id.name,
                        theirs=currency.name,
                        ours=run.currency_id.name,
                    )
                )

    def _check_open_period(self):
        """Refuse a bill date in a closed period, before anything is made.

        :raise UserError: with the first open day
        """
        for run in self:
            day, journal = run.invoice_date, run.journal_id
            first = run.company_id._therapy_get_open_date(day, journal)
            if first != day:
                raise UserError(
                    self.env._(
                        "The bill date %(date)s is in a closed period. The first open "
                        "day is %(open)s.",
                        date=format_date(self.env, day),
                        open=format_date(self.env, first),
                    )
                )

    def action_preview(self):
        """Override to refuse a closed period before the preview.

        :return: what the method extended returns
        """
        self._check_open_period()
        return super().action_preview()

    def _start(self):
        """Override to refuse a closed period before the first bill.

        Note: self.ensure_one()

        :return: what the method extended returns
        """
        self._check_open_period()
        return super()._start()
