from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.therapy_billing.tools.clock import now

from ..const import ALARM_HOURS, LOCK_MINUTES, MAX_FAILURES_ALL
from .therapy_access_attempt import ALARM_KEY

# Number of the database lock that lets one alarm through.
ALARM_LOCK = 0x7468_6572


class TherapyAccessAttempt(models.Model):
    """The ceiling on wrong tries over all bills together.

    Limits per bill and per address leave an attack open that has many addresses and
    tries a few codes on each of many bills. Closing the page for everybody would let
    anybody keep all payers from paying, so an alarm makes the limit per bill narrow
    and long instead, and tells the managers.
    """

    _inherit = "therapy.access.attempt"

    @api.model
    def _watch_ceiling(self):
        """Raise the alarm when too many tries failed over all bills, once.

        :return: None
        """
        since = now() - timedelta(minutes=LOCK_MINUTES)
        ceiling = self._get_ceiling()
        failures = self.search_count([("at", ">", since)], limit=ceiling)
        if failures < ceiling or self._is_alarm():
            return
        # SQL: there is no row to lock yet; of several requests one goes on
        self.env.cr.execute(SQL("SELECT pg_try_advisory_xact_lock(%s)", ALARM_LOCK))
        if self.env.cr.fetchone()[0]:
            self._raise_alarm()

    @api.model
    def _get_ceiling(self) -> int:
        """Return the number of failures over all bills that is an alarm.

        :return: number of tries within the lock's minutes, at least 10
        :rtype: int
        """
        # sudo: visitors may not read settings
        get_param = self.env["ir.config_parameter"].sudo().get_param  # sudo: see above
        text = get_param("therapy_portal.max_wrong_codes") or ""
        return max(int(text), 10) if text.isdigit() else MAX_FAILURES_ALL

    @api.model
    def _raise_alarm(self):
        """Mark the alarm and give every manager something to do.

        :return: None
        """
        self.create({"at": now(), "bill_key": ALARM_KEY, "address_key": ALARM_KEY})
        # sudo: a visitor's try raises the alarm
        companies_sudo = self.env["res.company"].sudo()  # sudo: see above
        # As many as there are: an alarm is for all.
        companies_sudo = companies_sudo.search([("active", "=", True)])
        told = self.env["res.users"]
        for company in companies_sudo:
            for user in company._therapy_get_managers() - told:
                told |= user
                company.partner_id.activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=self.env._("Many wrong access codes"),
                    note=self.env._(
                        "Somebody is trying codes on many bills. For %(hours)s hours "
                        "each bill takes two wrong codes only. Payers can still pay "
                        "with a link or after login; you can unlock a bill.",
                        hours=ALARM_HOURS,
                    ),
                    user_id=user.id,
                )
