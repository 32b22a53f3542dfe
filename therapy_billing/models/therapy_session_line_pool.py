from odoo import models
from odoo.fields import Domain

from odoo.addons.therapy_billing.tools import units

from .therapy_unit_rule import COUNTED_STATES


class TherapySessionLine(models.Model):
    """Services of a day whose minutes are counted together (CMS 8-minute rule)."""

    _inherit = "therapy.session.line"

    def _get_pool_key(self):
        """Return what services counted together share.

        A session that was called off is counted by itself.

        :return: company, patient, day, coverage, session if called off, length of a
            unit
        :rtype: tuple
        """
        session = self.session_id
        apart = session.state not in COUNTED_STATES
        return (
            session.company_id.id,
            session.patient_id.id,
            session.date,
            self._get_coverage().id,
            apart and session.id,
            self.product_id.therapy_minutes_per_unit,
        )

    def _count_pools(self, free):
        """Return the units of lines whose day is counted together.

        :param free: lines whose given units do not count as fixed
        :return: as :meth:`_get_expected_units`
        :rtype: dict
        """
        found = {}
        wanted = {line._get_pool_key() for line in self}
        members = {}
        for line in self | self._get_neighbours():
            method, rule = line._get_unit_rule()
            key = line._get_pool_key()
            if method == "pooled" and key in wanted:
                members.setdefault(key, []).append((line, rule))
        for key, group in members.items():
            group.sort(key=lambda pair: pair[0]._get_pool_order())
            block = key[-1]
            services = [
                (
                    line.product_id.id,
                    line.minutes,
                    line.units if line._is_fixed() and line not in free else None,
                )
                for line, _rule in group
            ]
            minutes = sum(service[1] for service in services)
            total = units.expected_units(minutes, block)
            counts = units.pooled_units(services, block)
            for (line, rule), (_code, spent, fixed), count in zip(
                group, services, counts, strict=True
            ):
                if fixed is not None:
                    count = units.expected_units(spent, block)
                found[line] = (count, rule, minutes, total)
        return found

    def _get_pool_order(self):
        """Return the order in which equal times get the odd unit.

        :return: a sort key
        :rtype: tuple
        """
        session = self.session_id
        return (session.start, session._origin.id or 0, self.sequence)

    def _get_neighbours(self):
        """Return the services of the same patients and days, of all sessions.

        :return: lines of the same sessions, also not saved yet, and of others
        :rtype: recordset of `therapy.session.line`
        """
        sessions = self.session_id
        # sudo: the other session of the day may be another clinician's.
        Line = self.sudo()  # sudo: see the line above
        others = Line.search(
            Domain("session_id.patient_id", "in", sessions.patient_id._origin.ids)
            & Domain("session_id.date", "in", list(set(sessions.mapped("date"))))
            & Domain("session_id.state", "in", COUNTED_STATES)
            & Domain("session_id", "not in", sessions._origin.ids)
            & Domain("company_id", "in", sessions.company_id._origin.ids)
        )
        return sessions.line_ids | others.with_env(self.env)
