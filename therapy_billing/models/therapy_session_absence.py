from odoo import Command, api, models
from odoo.fields import Domain

#: Field of the policy that a state of a session asks for.
ABSENCES = {"missed": "on_missed", "late_cancelled": "on_late_cancelled"}
#: What a fee depends on, besides the services.
FEE_FIELDS = {"state", "patient_id", "provider_id", "start"}


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
        """Look at the fee again when the session changes.

        :param dict vals: new values
        :return: True
        """
        result = super().write(vals)
        if FEE_FIELDS & set(vals):
            self._sync_fee()
        return result

    def copy_data(self, default=None):
        """Leave the fee out: the copy was not missed.

        :param dict default: values of the copies
        :return: values of the copies
        :rtype: list[dict]
        """
        vals_list = super().copy_data(default)
        for vals in vals_list:
            vals["line_ids"] = [
                command
                for command in vals.get("line_ids") or ()
                if command[0] != Command.CREATE or not command[2].get("is_absence_fee")
            ]
        return vals_list

    # === BUSINESS METHODS === #

    def _sync_fee(self):
        """Let the fee be what the policy asks for now: none, another, or a new one.

        A fee on a bill stays. So does one that somebody changed, as long as the policy
        asks for any.
        """
        # sudo: clinicians mark sessions as missed but see no amounts.
        sessions_sudo = self.sudo()  # sudo: see the line above
        vals_list = []
        for session in sessions_sudo:
            fees = session.line_ids.filtered("is_absence_fee")
            wanted = session._prepare_fee_vals()
            if any(fee._is_billed() for fee in fees):
                continue
            if not wanted:
                session._drop_fees(fees)
            elif not fees:
                vals_list += wanted
            elif not any(fee._is_fee_by_hand() for fee in fees):
                fees[:1].write(wanted[0])
        if vals_list:
            sessions_sudo.env["therapy.session.line"].create(vals_list)

    def _drop_fees(self, fees):
        """Take back fees that are not asked for any more.

        Note: self.ensure_one()

        :param fees: lines of the session that are on no live bill
        """
        self.ensure_one()
        kept = fees.filtered("share_ids")
        (fees - kept).unlink()
        # What was ever billed stays, and is worth nothing where fees would count.
        if kept and self.state in ABSENCES:
            kept.write({"rate": 0.0})

    def _prepare_fee_vals(self) -> list[dict]:
        """Return the values of the fee's line.

        Note: self.ensure_one()

        :return: values of one `therapy.session.line`, or none if nothing is asked
        :rtype: list[dict]
        """
        self.ensure_one()
        if self.state not in ABSENCES:
            return []
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
