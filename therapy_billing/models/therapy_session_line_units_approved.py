from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.therapy_billing.tools.periods import period_key

from .therapy_unit_rule import COUNTED_STATES


class TherapySessionLine(models.Model):
    """The authorization that the units of a service are taken from."""

    _inherit = "therapy.session.line"

    authorization_line_id = fields.Many2one(
        "therapy.authorization.line",
        string="Authorization",
        compute="_compute_authorization_line_id",
        store=True,
        readonly=False,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    authorization_note = fields.Char(
        string="Units Left", compute="_compute_authorization_note"
    )

    # === COMPUTE METHODS === #

    @api.depends("product_id", "session_id.patient_id", "session_id.start")
    def _compute_authorization_line_id(self):
        """Take the authorization that fits: one with units left, ending first."""
        candidates = self._get_authorization_candidates()
        used, by_case = candidates._get_used(), candidates._group_by_case()
        for line in self:
            if line._is_billed():
                line.authorization_line_id = line.authorization_line_id
            else:
                line.authorization_line_id = line._sort_fitting(by_case, used)[:1]

    @api.depends("authorization_line_id", "units", "session_id.state")
    def _compute_authorization_note(self):
        """Say how many of the approved units of the session's period are used."""
        # sudo: units count whoever holds the session.
        used = self.sudo().authorization_line_id._get_used()  # sudo: see above
        for line in self:
            # sudo: clinicians see the units left, not the authorization.
            row = line.sudo().authorization_line_id  # sudo: see the line above
            day = line.session_id.date
            if not row or not day:
                line.authorization_note = False
                continue
            line.authorization_note = self.env._(
                "%(used)s of %(units)s units used",
                used=f"{used[row.id, period_key(day, row.period)]:g}",
                units=f"{row.units:g}",
            )

    @api.depends("authorization_line_id")
    def _compute_rate(self):
        """Propose the authorized rate. See the method extended."""
        return super()._compute_rate()

    @api.constrains("authorization_line_id", "product_id", "session_id")
    def _check_authorization_fits(self):
        """Refuse an authorization of another patient, service or time.

        :raise ValidationError: if the authorization is not for the service
        """
        for line in self.sudo():  # sudo: clinicians do not see authorizations
            row = line.authorization_line_id
            if not row:
                continue
            authorization, session = row.authorization_id, line.session_id
            if (
                authorization.patient_id != session.patient_id
                or authorization.company_id != session.company_id
                or row.product_id != line.product_id
                or not authorization.date_from <= session.date <= authorization.date_to
            ):
                raise ValidationError(
                    self.env._(
                        "Authorization %(name)s is for another patient, service or "
                        "time.",
                        name=authorization.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Check the approved units.

        :param list vals_list: values of the lines
        :return: the lines
        :rtype: recordset of `therapy.session.line`
        :raise ValidationError: if units are exceeded and the practice blocks that
        """
        lines = super().create(vals_list)
        lines._check_authorized_units()
        return lines

    def write(self, vals):
        """Check the approved units.

        :param dict vals: new values
        :return: True
        :raise ValidationError: if units are exceeded and the practice blocks that
        """
        result = super().write(vals)
        if {"units", "minutes", "product_id", "authorization_line_id"} & set(vals):
            self._check_authorized_units()
        return result

    # === BUSINESS METHODS === #

    def _get_authorization_candidates(self):
        """Return the authorized services that may fit.

        :return: services of the patients' authorizations
        :rtype: recordset of `therapy.authorization.line`
        """
        # sudo: clinicians do not see authorizations; their sessions use them.
        Row = self.env["therapy.authorization.line"].sudo()  # sudo: see above
        return Row.search(
            Domain("product_id", "in", self.product_id._origin.ids)
            & Domain("company_id", "in", self.company_id._origin.ids)
            & Domain(
                "authorization_id.patient_id",
                "in",
                self.session_id.patient_id._origin.ids,
            )
            & Domain("authorization_id.active", "=", True)
        )

    def _sort_fitting(self, by_case, used):
        """Return the authorized services that fit: with units left, ending first.

        Note: self.ensure_one()

        :param dict by_case: authorized services by (patient's id, product's id)
        :param dict used: units by (line's id, key of the period)
        :return: those that fit, the best first
        :rtype: recordset of `therapy.authorization.line`
        """
        session, payers = self.session_id, self._get_rate_payers()
        case = (session.patient_id._origin.id, self.product_id._origin.id)
        # sudo: clinicians do not see authorizations.
        Row_sudo = self.env["therapy.authorization.line"].sudo()  # sudo: see above
        day, rows = session.date, by_case.get(case, Row_sudo)
        return rows.filtered(
            lambda row: (
                row.authorization_id.payer_id in payers
                and row.authorization_id.date_from
                <= day
                <= row.authorization_id.date_to
            )
        ).sorted(
            lambda row: (
                used[row.id, period_key(day, row.period)] >= row.units,
                row.authorization_id.date_to,
                row.id,
            )
        )

    def _get_rates(self) -> dict:
        """Return the authorized rate where there is one. See the method extended."""
        found = super()._get_rates()
        for line in self:
            # sudo: clinicians do not see authorizations.
            row = line.sudo().authorization_line_id  # sudo: see the line above
            if row.rate:
                note = self.env._(
                    "Authorization %(name)s", name=row.authorization_id.name
                )
                found[line] = (row.rate, note)
        return found

    def _check_authorized_units(self):
        """Refuse units beyond the approved ones, if the practice blocks that.

        :raise ValidationError: with the authorization that is used up
        """
        # sudo: units count whoever holds the session.
        lines_sudo = self.sudo().filtered(  # sudo: see the line above
            lambda line: (
                line.authorization_line_id
                and line.session_id.state in COUNTED_STATES
                and line.company_id.therapy_authorization_policy == "block"
            )
        )
        if not lines_sudo:
            return
        # Of two transactions that take the last units at once, one is repeated.
        for row in lines_sudo.authorization_line_id.sorted("id"):
            row.revision += 1
        self.env.flush_all()
        used = lines_sudo.authorization_line_id._get_used()
        for line in lines_sudo:
            row = line.authorization_line_id
            count = used[row.id, period_key(line.session_id.date, row.period)]
            if line.units and count > row.units:
                raise ValidationError(
                    self.env._(
                        "Authorization %(name)s approves %(units)s units of "
                        "%(code)s; with this session it would be %(used)s.",
                        name=row.authorization_id.name,
                        units=f"{row.units:g}",
                        code=row.product_id.therapy_code,
                        used=f"{count:g}",
                    )
                )
