from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain

from odoo.addons.therapy_billing.tools.periods import period_key

from .therapy_unit_rule import COUNTED_STATES

#: What decides which sessions an authorized service is for.
FITTING_FIELDS = {"authorization_id", "product_id", "units", "period"}


class TherapyAuthorizationLine(models.Model):
    """Sessions that were there before their authorization take their units from it."""

    _inherit = "therapy.authorization.line"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Let sessions that are there already take their units.

        :param list vals_list: values of the authorized services
        :return: the authorized services
        :rtype: recordset of `therapy.authorization.line`
        """
        rows = super().create(vals_list)
        rows._assign_sessions()
        return rows

    def write(self, vals):
        """Let more sessions take their units; unbilled ones get a new rate.

        :param dict vals: new values
        :return: True
        """
        result = super().write(vals)
        if FITTING_FIELDS & set(vals):
            self._assign_sessions()
        if "rate" in vals:
            # sudo: sessions count whoever holds them.
            lines_sudo = self.sudo().session_line_ids  # sudo: see the line above
            lines_sudo = lines_sudo.filtered(lambda x: not x.session_id.is_locked)
            self.env.add_to_compute(lines_sudo._fields["rate"], lines_sudo)
            lines_sudo.modified(["rate"])  # the amounts that depend on it
            lines_sudo._get_absent_sessions()._sync_fee()
        return result

    # === BUSINESS METHODS === #

    def _assign_sessions(self):
        """Give the units to services that have no authorization, the oldest first.

        Where the practice refuses units beyond the approved ones, services for which
        they do not last stay without authorization, and the authorization says so.
        """
        # sudo: sessions count whoever holds them.
        lines_sudo = self.sudo()._get_waiting_lines()  # sudo: see the line above
        if not lines_sudo:
            return
        candidates = lines_sudo._get_authorization_candidates()
        used, by_case = candidates._get_used(), candidates._group_by_case()
        taken, left = defaultdict(list), defaultdict(list)
        for line in lines_sudo:
            fitting = line._sort_fitting(by_case, used)
            row = fitting._pick_for(line, used)
            if row:
                taken[row].append(line.id)
            elif fitting:
                left[fitting[0].authorization_id].append(line.session_id.name)
        for row, ids in taken.items():
            lines_sudo.browse(ids).authorization_line_id = row
        for authorization, names in left.items():
            authorization._note_units_short(names)

    def _get_waiting_lines(self):
        """Return the services that may take units and have no authorization.

        :return: services on no bill, the oldest first
        :rtype: recordset of `therapy.session.line`
        """
        lines = self.env["therapy.session.line"]
        active = self.filtered("authorization_id.active")
        if not active:
            return lines
        cases = Domain.OR(
            Domain("session_id.patient_id", "=", row.authorization_id.patient_id.id)
            & Domain("session_id.date", ">=", row.authorization_id.date_from)
            & Domain("session_id.date", "<=", row.authorization_id.date_to)
            & Domain("product_id", "=", row.product_id.id)
            & Domain("company_id", "=", row.company_id.id)
            for row in active
        )
        lines = lines.search(
            cases
            & Domain("authorization_line_id", "=", False)
            & Domain("is_absence_fee", "=", False)
            & Domain("share_ids", "not any", [("live", "=", True)])
        )
        lines = lines.filtered(lambda line: not line.session_id.is_locked)
        return lines.sorted(lambda line: (line.session_id.start, line.id))

    def _pick_for(self, line, used):
        """Return the authorized service that a session's service takes units from.

        :param line: one `therapy.session.line`
        :param dict used: units by (line's id, key of the period); what is taken is
            added
        :return: one of these, the best first, or none
        :rtype: recordset of `therapy.authorization.line`
        """
        counts = line.session_id.state in COUNTED_STATES
        strict = counts and line.company_id.therapy_authorization_policy == "block"
        for row in self:
            key = (row.id, period_key(line.session_id.date, row.period))
            if strict and line.units and used[key] + line.units > row.units:
                continue
            if counts:
                used[key] += line.units
            return row
        return self.browse()
