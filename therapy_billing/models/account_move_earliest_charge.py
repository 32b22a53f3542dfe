from odoo import models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from odoo.addons.therapy_billing.tools import clock


class AccountMove(models.Model):
    """Nothing is charged before the day of service (M10)."""

    _inherit = "account.move"

    def _therapy_get_earliest_charge(self):
        """Return from when on a bill may be charged without its payer being there.

        That is the start of the latest day of service on it, in the practice's time
        zone. A bill without sessions can be charged at any time.

        Note: self.ensure_one()

        :return: naive UTC moment, or False
        :rtype: datetime | bool
        """
        self.ensure_one()
        # sudo: whoever pays may not read sessions.
        shares_sudo = self.sudo().session_share_ids.filtered("live")  # sudo: above
        days = [day for day in shares_sudo.session_id.mapped("date") if day]
        return bool(days) and self.company_id._therapy_get_earliest_charge(max(days))

    def _therapy_check_earliest_charge(self):
        """Refuse to charge before the day of service.

        :raise ValidationError: with the first day on which it can be charged
        """
        for bill in self:
            earliest = bill._therapy_get_earliest_charge()
            if earliest and clock.now() < earliest:
                day = bill.company_id._therapy_local_date(earliest)
                raise ValidationError(
                    self.env._(
                        "%(bill)s can be charged from %(date)s on, the day of "
                        "service. Money taken before is a prepayment.",
                        bill=bill.name,
                        date=format_date(self.env, day),
                    )
                )
