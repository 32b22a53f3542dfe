from odoo import api, models

from .therapy_session_absence import ABSENCES

#: What a service's amount is made from, and with it a fee in percent.
WORTH_FIELDS = {
    "product_id",
    "modifiers",
    "minutes",
    "units",
    "rate",
    "session_id",
    "authorization_line_id",
}


class TherapySessionLine(models.Model):
    """The fee of an absence follows the services that were not held."""

    _inherit = "therapy.session.line"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Look at the fee again when a service is added.

        :param list vals_list: values of the lines
        :return: the lines
        :rtype: recordset of `therapy.session.line`
        """
        lines = super().create(vals_list)
        lines._get_absent_sessions()._sync_fee()
        return lines

    def write(self, vals):
        """Look at the fee again when a service changes.

        :param dict vals: new values
        :return: True
        """
        if not WORTH_FIELDS & set(vals):
            return super().write(vals)
        before = self._get_absent_sessions()
        result = super().write(vals)
        (before | self._get_absent_sessions())._sync_fee()
        return result

    def unlink(self):
        """Look at the fee again when a service is deleted.

        :return: True
        """
        sessions = self._get_absent_sessions()
        result = super().unlink()
        sessions.exists()._sync_fee()
        return result

    # === BUSINESS METHODS === #

    def _get_absent_sessions(self):
        """Return the sessions that were not held, of services; of fees none.

        :return: the sessions
        :rtype: recordset of `therapy.session`
        """
        services = self.filtered(lambda line: not line.is_absence_fee)
        return services.session_id.filtered(lambda session: session.state in ABSENCES)

    def _get_rates(self) -> dict:
        """Return of fees what the policy asks for. See the method extended.

        So a fee that somebody changed is known as entered by hand, as any rate is.
        """
        found = super()._get_rates()
        for line in self.filtered("is_absence_fee"):
            # sudo: clinicians see no amounts.
            session_sudo = line.session_id.sudo()  # sudo: see the line above
            [vals] = session_sudo._prepare_fee_vals() or [{}]
            note = vals.get("unit_note") or self.env._("No fee is asked for this.")
            found[line] = (vals.get("rate", 0.0), note)
        return found

    def _is_fee_by_hand(self) -> bool:
        """Tell whether somebody changed the amount of a fee.

        Note: self.ensure_one()

        :return: whether rate or units are not those of the policy
        :rtype: bool
        """
        self.ensure_one()
        return self.rate_given or self.units != 1.0
