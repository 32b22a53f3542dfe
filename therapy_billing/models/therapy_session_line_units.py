from odoo import api, fields, models

from odoo.addons.therapy_billing.tools import units

from .therapy_unit_rule import TIMED_METHODS


class TherapySessionLine(models.Model):
    """Units of a service, and why they are what they are."""

    _inherit = "therapy.session.line"

    units = fields.Float(
        digits=(16, 2),
        compute="_compute_units",
        store=True,
        readonly=False,
        precompute=True,
    )
    units_given = fields.Boolean(
        string="Units by Hand",
        copy=False,
        help="The units were entered or imported and differ from what the minutes "
        "give: nothing but a change of the minutes changes them.",
    )
    unit_note = fields.Char(
        string="Why These Units", compute="_compute_unit_note", store=True
    )

    _units_range = models.Constraint(
        "CHECK(units >= 0 AND units <= 96)", "Units are between 0 and 96 (a day)."
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "product_id",
        "minutes",
        "session_id.patient_id",
        "session_id.line_ids.product_id",
        "session_id.line_ids.minutes",
    )
    def _compute_units(self):
        """Propose the units that the minutes give; billed and given ones stay."""
        expected = self._get_expected_units()
        for line in self:
            line.units = line.units if line._is_fixed() else expected[line][0]

    @api.depends("units", "units_given", "minutes", "product_id")
    def _compute_unit_note(self):
        """Explain the units; of billed lines and of fees the explanation stays."""
        expected = self._get_expected_units()
        for line in self:
            kept = line.is_absence_fee or line._is_billed()
            line.unit_note = line.unit_note if kept else line._get_note(*expected[line])

    @api.onchange("units")
    def _onchange_units(self):
        """Keep what somebody typed while other services of the session change."""
        for line in self:
            expected = line._get_expected_units(free=line)[line][0]
            line.units_given = line.units != expected

    @api.onchange("product_id", "minutes")
    def _onchange_minutes(self):
        """Let new minutes give new units."""
        self.units_given = False

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Note which units were given, and count the day again.

        :param list vals_list: values of the lines
        :return: the lines
        :rtype: recordset of `therapy.session.line`
        :raise ValidationError: if units are exceeded and the practice blocks that
        """
        lines = super().create(vals_list)
        undecided = self.browse(
            line.id
            for line, vals in zip(lines, vals_list, strict=True)
            if "units" in vals and "units_given" not in vals
        )
        undecided._decide_given()
        # Other services of the day may get the units that these minutes make full.
        lines.session_id._refresh_units()._check_authorized_units()
        return lines

    def write(self, vals):
        """Note which units were given, and count the day again.

        :param dict vals: new values
        :return: True
        :raise ValidationError: if units are exceeded and the practice blocks that
        """
        vals = dict(vals)
        if {"minutes", "product_id"} & set(vals) and "units" not in vals:
            vals["units_given"] = False
        counted = {"minutes", "product_id", "units", "session_id"} & set(vals)
        sessions = self.session_id if counted else self.session_id.browse()
        result = super().write(vals)
        if "units" in vals and "units_given" not in vals:
            self._decide_given()
        if counted:
            recounted = (sessions | self.session_id)._refresh_units()
            recounted._check_authorized_units()
        return result

    def unlink(self):
        """Count the rest of the day again.

        :return: True
        """
        sessions = self.session_id
        result = super().unlink()
        sessions.exists()._refresh_units()
        return result

    def _decide_given(self):
        """Mark units that the minutes would not give as given."""
        expected = self._get_expected_units(free=self)
        given = self.filtered(lambda line: line.units != expected[line][0])
        given.write({"units_given": True})
        (self - given).write({"units_given": False})

    # === BUSINESS METHODS === #

    def _is_billed(self) -> bool:
        """Tell whether a live bill was made from the line.

        :return: whether a share is live
        :rtype: bool
        """
        # sudo: clinicians do not see shares.
        return any(self.sudo().share_ids.mapped("live"))  # sudo: see the line above

    def _is_fixed(self) -> bool:
        """Tell whether the units stay as they are.

        :return: whether they were billed or given
        :rtype: bool
        """
        return self.units_given or self._is_billed()

    def _get_coverage(self):
        """Return the coverage whose rules count for the line, if any.

        :return: one coverage or none
        :rtype: recordset of `therapy.coverage`
        """
        # sudo: clinicians do not see coverages.
        session_sudo = self.session_id.sudo()  # sudo: see the line above
        if not session_sudo.date:
            return self.env["therapy.coverage"]
        return session_sudo._get_payers()[1]

    def _get_unit_rule(self):
        """Return the rule of a line: of timed services the payer's comes first.

        :return: (method, name of the rule)
        :rtype: tuple[str, str]
        """
        product = self.product_id
        rule = product.therapy_unit_rule_id.sudo()  # sudo: clinicians do not see rules
        method = rule.method or (
            "midpoint" if product.therapy_minutes_per_unit > 0 else "untimed"
        )
        if method in TIMED_METHODS:
            coverage = self._get_coverage()
            payer_rule = (
                coverage.unit_rule_id or coverage.insurer_id.therapy_unit_rule_id
            )
            rule = payer_rule or rule
            method = rule.method or method
        methods = dict(self.env["therapy.unit.rule"]._fields["method"].selection)
        return method, rule.name or methods[method]

    def _get_expected_units(self, free=None) -> dict:
        """Return the units that the minutes of lines give, and why.

        For a module to add a method, it must override this method.

        :param free: lines whose given units do not count as fixed
        :return: (units, name of the rule, minutes of the day counted together or 0,
            their units) by line
        :rtype: dict
        """
        found, pooled = {}, self.browse()
        # sudo: the other session of the day may be another clinician's.
        for line in self.sudo():  # sudo: see the line above
            method, rule = line._get_unit_rule()
            if method == "pooled":
                pooled += line
                continue
            found[line] = (line._count_alone(method), rule, 0, 0)
        if pooled:
            pooled = pooled.sudo()  # sudo: see above
            found.update(pooled._count_pools(free or self.browse()))
        return found

    def _count_alone(self, method):
        """Return the units of one service by itself.

        :param str method: method of a `therapy.unit.rule`, not pooled
        :return: units
        :rtype: int
        """
        product, block = self.product_id, self.product_id.therapy_minutes_per_unit
        if not product:
            return 0
        if method == "window":
            return units.window_units(
                self.minutes, product.therapy_minutes_min, product.therapy_minutes_max
            )
        if method == "whole":
            return units.whole_units(self.minutes, block)
        return units.expected_units(self.minutes, block if method == "midpoint" else 0)

    def _get_note(self, expected, rule, minutes, total) -> str:
        """Explain the units of a line.

        :param float expected: units that the minutes give
        :param str rule: name of the rule
        :param int minutes: minutes of the day counted together, or 0
        :param int total: units of these minutes
        :return: the explanation
        :rtype: str
        """
        values = {
            "minutes": self.minutes,
            "units": f"{self.units:g}",
            "expected": expected,
            "rule": rule,
            "all": minutes,
            "total": total,
        }
        if self.units_given and self.units != expected:
            return self.env._(
                "%(minutes)s minutes would give %(expected)s units (%(rule)s); "
                "%(units)s were entered.",
                **values,
            )
        if minutes:
            return self.env._(
                "%(rule)s: %(minutes)s of the day's %(all)s timed minutes, which give "
                "%(total)s units; %(units)s of them here.",
                **values,
            )
        product = self.product_id
        if self._get_unit_rule()[0] == "window" and not expected:
            return self.env._(
                "%(rule)s: %(minutes)s minutes do not fit %(code)s.",
                code=product.therapy_code,
                **values,
            )
        return self.env._("%(rule)s: %(minutes)s minutes, %(units)s units.", **values)
