from datetime import date, datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.base.models.res_partner import _tzs
from odoo.addons.therapy_billing.tools import clock


class ResCompany(models.Model):
    _inherit = "res.company"

    therapy_tz = fields.Selection(
        selection=_tzs,
        string="Practice Time Zone",
        default="America/New_York",
        required=True,
        help="Sessions, bills and payments are dated in this time zone.",
    )
    therapy_due_days = fields.Integer(
        string="Bills Are Due After",
        default=30,
        help="Days from the date of a bill of sessions to its due date.",
    )

    therapy_grouping = fields.Selection(
        [
            ("session", "One bill per session"),
            ("day", "One bill per day"),
            ("month", "One bill per month"),
            ("all", "One bill for all days"),
        ],
        string="Bills of Guarantors",
        default="all",
        required=True,
        help="How a new billing run puts the sessions of a family on bills.",
    )

    therapy_calendar = fields.Boolean(
        string="Show Sessions in Odoo's Calendar",
        help="As appointments of the provider that name neither patient nor service.",
    )

    therapy_analytic = fields.Boolean(
        string="Revenue by Provider, Service and Place",
        help="Each line of a bill gets an analytic distribution.",
    )

    @api.constrains("therapy_due_days")
    def _check_therapy_due_days(self):
        """Refuse a due date before the bill's own date.

        :raise ValidationError: if the number of days is negative
        """
        for company in self:
            if company.therapy_due_days < 0:
                raise ValidationError(
                    self.env._("The days until a bill is due cannot be negative.")
                )

    def _therapy_local_date(self, moment=None) -> date:
        """Return the date of a moment in the practice's time zone.

        Note: self.ensure_one()

        :param datetime moment: naive UTC moment; now if empty
        :return: the local date
        :rtype: date
        """
        self.ensure_one()
        return clock.to_local_date(moment or clock.now(), self.therapy_tz)

    def _therapy_get_earliest_charge(self, day) -> datetime:
        """Return the first moment of a day of service, in the practice's time zone.

        The one place that says from when on a session, a bill or a fee may be
        charged (M10).

        Note: self.ensure_one()

        :param date day: day of service
        :return: naive UTC moment
        :rtype: datetime
        """
        self.ensure_one()
        return clock.to_utc(datetime.combine(day, time.min), self.therapy_tz)

    def _therapy_get_open_date(self, day, journal) -> date:
        """Return a day, or the first day after it that is not locked.

        Note: self.ensure_one()

        :param date day: the wanted day
        :param journal: the `account.journal` of the entry
        :return: the first open day
        :rtype: date
        """
        self.ensure_one()
        while violated := self._get_violated_lock_dates(day, False, journal):
            day = violated[-1][0] + timedelta(days=1)
        return day
