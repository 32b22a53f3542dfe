from odoo import api, fields, models

from .res_partner import MONEY_GROUPS
from .therapy_unit_rule import COUNTED_STATES


class TherapySession(models.Model):
    """The day of a patient is counted again when a session changes."""

    _inherit = "therapy.session"

    units_explained = fields.Text(
        string="Why These Units", compute="_compute_units_explained"
    )
    rates_explained = fields.Text(
        string="Why These Rates",
        compute="_compute_rates_explained",
        groups=MONEY_GROUPS,
    )

    @api.depends("line_ids.unit_note", "line_ids.authorization_note")
    def _compute_units_explained(self):
        """Explain the units, a service on each line."""
        for session in self:
            session.units_explained = "\n".join(
                f"{line._get_label()}: {line.unit_note or ''}"
                + (f" ({line.authorization_note})" if line.authorization_note else "")
                for line in session.line_ids
            )

    @api.depends("line_ids.rate_note")
    def _compute_rates_explained(self):
        """Explain the rates, a service on each line."""
        for session in self:
            session.rates_explained = "\n".join(
                f"{line._get_label()}: {line.rate_note or ''}"
                for line in session.line_ids
            )

    def write(self, vals):
        """Count the old and the new day again when a session moves or is called off.

        Services that get other units because of it may not pass the approved ones.
        What calls a session off is not refused, even if others get its minutes.

        :param dict vals: new values
        :return: True
        :raise ValidationError: if units are exceeded and the practice blocks that
        """
        moved = {"patient_id", "company_id", "start", "state"} & set(vals)
        before = self._get_same_day() if moved else self.browse()
        result = super().write(vals)
        if moved:
            recounted = (before | self)._refresh_units()
            if any(session.state in COUNTED_STATES for session in self):
                recounted._check_authorized_units()
        return result

    def unlink(self):
        """Count the rest of the day again.

        :return: True
        """
        others = self._get_same_day() - self
        result = super().unlink()
        others._refresh_units()
        return result

    def _get_same_day(self):
        """Return the sessions of the same patients on the same days, these included.

        Only where a day's minutes are counted together, as only then one session
        matters to another.

        :return: the sessions
        :rtype: recordset of `therapy.session`
        """
        # sudo: the other session of the day may be another clinician's.
        lines_sudo = self.sudo().line_ids  # sudo: see the line above
        pooled = lines_sudo.filtered(lambda line: line._get_unit_rule()[0] == "pooled")
        if not pooled:
            return self
        return self | pooled._get_neighbours().session_id.with_env(self.env)

    def _refresh_units(self):
        """Count the days again on which minutes are counted together.

        What was billed or given stays; other services keep their units.

        :return: the services counted again
        :rtype: recordset of `therapy.session.line`
        """
        # sudo: the other session of the day may be another clinician's.
        lines_sudo = self.sudo().line_ids  # sudo: see the line above
        pooled = lines_sudo.filtered(lambda line: line._get_unit_rule()[0] == "pooled")
        if not pooled:
            return pooled
        todo = pooled | pooled._get_neighbours()
        for name in ("units", "unit_note"):
            self.env.add_to_compute(todo._fields[name], todo)
        todo.modified(["units"])  # the amounts that depend on them
        return todo
