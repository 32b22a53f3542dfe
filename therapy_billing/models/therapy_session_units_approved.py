from odoo import api, fields, models

from odoo.addons.therapy_billing.tools.periods import period_key

from .therapy_unit_rule import COUNTED_STATES


class TherapySession(models.Model):
    """A session takes approved units while it is scheduled or held."""

    _inherit = "therapy.session"

    authorization_warning = fields.Char(compute="_compute_authorization_warning")

    @api.depends("state", "date", "line_ids.authorization_line_id", "line_ids.units")
    def _compute_authorization_warning(self):
        """Say which authorizations run out with the session's period."""
        # sudo: clinicians see the units left, not the authorization.
        rows = self.sudo().line_ids.authorization_line_id  # sudo: see the line above
        used = rows._get_used()
        for session in self:
            warnings = []
            # sudo: see above
            for row in session.sudo().line_ids.authorization_line_id:  # sudo: see above
                count = (
                    session.date and used[row.id, period_key(session.date, row.period)]
                )
                if session.state in COUNTED_STATES and row._get_level(count) != "ok":
                    warnings.append(
                        self.env._(
                            "Authorization %(name)s: %(used)s of %(units)s units of "
                            "%(code)s are used.",
                            name=row.authorization_id.name,
                            used=f"{count:g}",
                            units=f"{row.units:g}",
                            code=row.product_id.therapy_code,
                        )
                    )
            session.authorization_warning = " ".join(warnings) or False

    def write(self, vals):
        """Check the approved units when a session moves or comes back.

        :param dict vals: new values
        :return: True
        :raise ValidationError: if units are exceeded and the practice blocks that
        """
        result = super().write(vals)
        if {"state", "start", "patient_id"} & set(vals):
            self.line_ids._check_authorized_units()
        return result
