from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.therapy_billing.tools import codes, units

from .therapy_unit_rule import TIMED_METHODS

#: States of sessions whose minutes count when a day's minutes are counted together.
COUNTED_STATES = ("scheduled", "held")


class TherapySessionLine(models.Model):
    """Units, modifiers and place of a service, and why the units are what they are."""

    _inherit = "therapy.session.line"

    modifiers = fields.Char(help="Up to four modifiers, for example 95 or GT.")
    pos = fields.Char(
        string="Place of Service",
        compute="_compute_pos",
        store=True,
        readonly=False,
        precompute=True,
        help="Two-digit CMS code.",
    )
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

    @api.depends("product_id")
    def _compute_pos(self):
        """Propose the usual place of the service."""
        for line in self:
            line.pos = line.product_id.therapy_pos or line.pos

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
        """Explain the units; of billed lines the explanation stays."""
        expected = self._get_expected_units()
        for line in self:
            line.unit_note = (
                line.unit_note if line._is_billed() else line._get_note(*expected[line])
            )

    @api.constrains("pos", "modifiers")
    def _check_codes(self):
        """Refuse places and modifiers that no claim can carry.

        :raise ValidationError: with the text that cannot be right
        """
        for line in self:
            try:
                codes.parse_pos(line.pos)
                codes.parse_modifiers(line.modifiers)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "“%(text)s” is no place of service, or no list of up to four "
                        "modifiers of two letters or digits.",
                        text=str(error),
                    )
                ) from None

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
        """
        vals_list = [self._clean_codes(vals) for vals in vals_list]
        lines = super().create(vals_list)
        undecided = self.browse(
            line.id
            for line, vals in zip(lines, vals_list, strict=True)
            if "units" in vals and "units_given" not in vals
        )
        undecided._decide_given()
        lines.session_id._refresh_units()
        return lines

    def write(self, vals):
        """Note which units were given, and count the day again.

        :param dict vals: new values
        :return: True
        """
        vals = self._clean_codes(vals)
        if {"minutes", "product_id"} & set(vals) and "units" not in vals:
            vals["units_given"] = False
        counted = {"minutes", "product_id", "units", "session_id"} & set(vals)
        sessions = self.session_id if counted else self.session_id.browse()
        result = super().write(vals)
        if "units" in vals and "units_given" not in vals:
            self._decide_given()
        if counted:
            (sessions | self.session_id)._refresh_units()
        return result

    def unlink(self):
        """Count the rest of the day again.

        :return: True
        """
        sessions = self.session_id
        result = super().unlink()
        sessions.exists()._refresh_units()
        return result

    def _clean_codes(self, vals):
        """Return values with modifiers and place written in the usual way.

        :param dict vals: values; what cannot be right is left to the constraint
        :return: a copy of the values
        :rtype: dict
        """
        vals = dict(vals)
        for name, clean in (
            ("modifiers", codes.format_modifiers),
            ("pos", codes.parse_pos),
        ):
            if vals.get(name):
                try:
                    vals[name] = clean(vals[name])
                except ValueError:
                    continue
        return vals

    def _decide_given(self):
        """Mark units that the minutes would not give as given."""
        expected = self._get_expected_units(free=self)
        given = self.filtered(lambda line: line.units != expected[line][0])
        for lines, value in ((given, True), (self - given, False)):
            super(TherapySessionLine, lines).write({"units_given": value})

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
            for (line, rule), (code, spent, fixed), count in zip(
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
