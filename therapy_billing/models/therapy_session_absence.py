from odoo import api, models
from odoo.fields import Domain

#: Field of the policy that a state of a session asks for.
ABSENCES = {"missed": "on_missed", "late_cancelled": "on_late_cancelled"}


class TherapySession(models.Model):
    """The fee for sessions that were missed or cancelled late.

    The fee is a line of its own. It is asked from guarantors only, never from an
    insurer, and never when a payer of the day is marked Medicaid, which forbids it.
    """

    _inherit = "therapy.session"

    @api.model_create_multi
    def create(self, vals_list):
        """Add the fee of sessions that come in as missed, from an import.

        :param list vals_list: values of the sessions
        :return: the sessions
        :rtype: recordset of `therapy.session`
        """
        sessions = super().create(vals_list)
        sessions.filtered(lambda session: session.state in ABSENCES)._sync_fee()
        return sessions

    def write(self, vals):
        """Add or remove the fee when the state changes.

        :param dict vals: new values
        :return: True
        """
        result = super().write(vals)
        if "state" in vals:
            self._sync_fee()
        return result

    # === BUSINESS METHODS === #

    def _sync_fee(self):
        """Give missed sessions their fee and take it from all others."""
        # sudo: clinicians mark sessions as missed but see no amounts.
        sessions_sudo = self.sudo()  # sudo: see the line above
        fees = sessions_sudo.line_ids.filtered("is_absence_fee")
        outdated = fees.filtered(
            lambda line: line.session_id.state not in ABSENCES and not line.share_ids
        )
        outdated.unlink()
        absent = sessions_sudo.filtered(
            lambda session: (
                session.state in ABSENCES
                and not any(session.line_ids.mapped("is_absence_fee"))
            )
        )
        vals_list = [vals for session in absent for vals in session._prepare_fee_vals()]
        if vals_list:
            sessions_sudo.env["therapy.session.line"].create(vals_list)

    def _prepare_fee_vals(self) -> list[dict]:
        """Return the values of the fee's line.

        Note: self.ensure_one()

        :return: values of one `therapy.session.line`, or none if nothing is asked
        :rtype: list[dict]
        """
        self.ensure_one()
        policy = self._get_absence_policies().filtered(ABSENCES[self.state])[:1]
        if not policy or self._has_medicaid():
            return []
        fee = policy._get_fee(self)
        if self.currency_id.is_zero(fee):
            return []
        return [
            {
                "session_id": self.id,
                "sequence": 1000,
                "product_id": policy.fee_product_id.id,
                "is_absence_fee": True,
                "minutes": 0,
                "units": 1.0,
                "rate": fee,
                "unit_note": policy.name,
            }
        ]

    def _get_absence_policies(self):
        """Return the policies that fit a session, in order.

        Note: self.ensure_one()

        :return: the policies
        :rtype: recordset of `therapy.absence.fee`
        """
        self.ensure_one()
        # sudo: clinicians may not read policies.
        Policy_sudo = self.env["therapy.absence.fee"].sudo()  # sudo: see above
        policies = Policy_sudo.search([("company_id", "=", self.company_id.id)])
        return policies.filtered(lambda policy: policy._fits(self))

    def _get_late_hours(self) -> int:
        """Return how many hours before the start a cancellation is late.

        Note: self.ensure_one()

        :return: hours of the policy that fits; 24 without one
        :rtype: int
        """
        policy = self._get_absence_policies().filtered("on_late_cancelled")[:1]
        return policy.hours if policy else 24

    def _has_medicaid(self) -> bool:
        """Tell whether a payer of the day of service is marked Medicaid.

        Note: self.ensure_one()

        :return: whether a valid coverage or guarantor is
        :rtype: bool
        """
        self.ensure_one()
        # sudo: clinicians may not read coverages.
        patient_sudo = self.sudo().patient_id  # sudo: see the line above
        rows = [*patient_sudo.coverage_ids, *patient_sudo.guarantor_ids]
        valid = [
            row._therapy_filter_active(self.date)
            for row in rows
            if row.company_id == self.company_id
        ]
        payers = patient_sudo.browse()
        for row in valid:
            payers |= row.insurer_id if "insurer_id" in row else row.partner_id
        return any(payers.mapped("is_medicaid"))

    def _get_billable_lines(self):
        """Return the lines that are billed: what was done, or else the fee.

        Note: self.ensure_one()

        :return: the lines
        :rtype: recordset of `therapy.session.line`
        """
        self.ensure_one()
        if self.state == "held":
            return self.line_ids.filtered(lambda line: not line.is_absence_fee)
        if self.state in ABSENCES:
            return self.line_ids.filtered("is_absence_fee")
        return self.line_ids.browse()

    @api.model
    def _get_unbilled_domain(self):
        """Return the domain of sessions held that nobody decided about.

        :return: the domain
        :rtype: Domain
        """
        return (
            Domain("state", "=", "held")
            & Domain("billing_state", "not in", ("waiting", "billed"))
            & Domain("exempt", "=", False)
        )
