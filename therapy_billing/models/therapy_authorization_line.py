from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.therapy_billing.tools.periods import period_key

from .therapy_unit_rule import COUNTED_STATES


class TherapyAuthorizationLine(models.Model):
    """Approved units of one service; what was used is read from the sessions."""

    _name = "therapy.authorization.line"
    _description = "Authorized Service"
    _order = "authorization_id, id"
    _check_company_auto = True

    authorization_id = fields.Many2one(
        "therapy.authorization", required=True, index=True, ondelete="cascade"
    )
    product_id = fields.Many2one(
        "product.product",
        string="Service",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('therapy_code', '!=', False)]",
    )
    units = fields.Float(string="Approved Units", digits=(16, 2), required=True)
    period = fields.Selection(
        [("all", "In all"), ("month", "Each month"), ("week", "Each week")],
        required=True,
        default="all",
        help="Weeks run from Monday to Sunday.",
    )
    rate = fields.Float(
        string="Rate per Unit",
        digits="Product Price",
        help="0: the authorization sets no rate.",
    )
    used = fields.Float(digits=(16, 2), compute="_compute_used")
    left = fields.Float(digits=(16, 2), compute="_compute_used")
    level = fields.Selection(
        [("ok", "Enough"), ("low", "Running out"), ("used", "Used up")],
        compute="_compute_used",
    )
    revision = fields.Integer(
        copy=False,
        help="Counts checks, so that two sessions entered at once do not both get "
        "the last units.",
    )
    session_line_ids = fields.One2many("therapy.session.line", "authorization_line_id")
    company_id = fields.Many2one(
        related="authorization_id.company_id", store=True, index=True
    )

    _units_positive = models.Constraint(
        "CHECK(units >= 0 AND rate >= 0)", "Units and rates are not negative."
    )
    _service_uniq = models.Constraint(
        "UNIQUE(authorization_id, product_id)",
        "A service is on an authorization once.",
    )

    @api.depends(
        "units",
        "period",
        "session_line_ids.units",
        "session_line_ids.session_id.state",
        "session_line_ids.session_id.date",
        "company_id.therapy_authorization_warn",
    )
    def _compute_used(self):
        """Count the sessions held and scheduled, in the present period."""
        used = self._get_used()
        for line in self:
            today = (line.company_id or self.env.company)._therapy_local_date()
            line.used = used[line.id, period_key(today, line.period)]
            line.left = line.units - line.used
            line.level = line._get_level(line.used)

    @api.constrains("product_id", "authorization_id")
    def _check_sessions(self):
        """Refuse another service on a row that sessions were counted on.

        :raise ValidationError: if a session is of another service
        """
        self.session_line_ids._check_authorization_fits()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """Keep what sessions were counted on.

        :raise UserError: if a session uses the authorized service
        """
        # sudo: sessions count whoever holds them.
        if self.sudo().session_line_ids:  # sudo: see the line above
            raise UserError(
                self.env._("Sessions use this authorization; archive it instead.")
            )

    @api.depends("authorization_id.name", "product_id.therapy_code")
    def _compute_display_name(self):
        """Show number and code."""
        for line in self:
            line.display_name = (
                f"{line.authorization_id.name} {line.product_id.therapy_code or ''}"
            ).strip()

    def _get_level(self, used) -> str:
        """Say how near to their end the approved units are.

        Note: self.ensure_one()

        :param float used: units used in a period
        :return: ok, low or used
        :rtype: str
        """
        company = self.company_id or self.env.company
        if used >= self.units:
            return "used"
        low = used * 100 >= self.units * company.therapy_authorization_warn
        return "low" if low else "ok"

    def _get_used(self) -> dict:
        """Return the units used, read from the sessions held and scheduled.

        The number of queries does not depend on the number of authorizations.

        :return: units by (line's id, key of the period); 0 for all others
        :rtype: defaultdict
        """
        used = defaultdict(float)
        # sudo: units count whoever holds the session.
        Line = self.env["therapy.session.line"].sudo()  # sudo: see the line above
        groups = Line._read_group(
            Domain("authorization_line_id", "in", self.ids)
            & Domain("session_id.state", "in", COUNTED_STATES),
            ["authorization_line_id", "session_id"],
            ["units:sum"],
        )
        for line, session, count in groups:
            used[line.id, period_key(session.date, line.period)] += count
        return used

    def _group_by_case(self) -> dict:
        """Return the authorized services by what a session's service must match.

        :return: rows by (patient's id, product's id)
        :rtype: dict
        """
        return self.grouped(
            lambda row: (row.authorization_id.patient_id.id, row.product_id.id)
        )

    def _therapy_get_logged(self):
        """Override to log a look at the authorization (P7).

        :return: the authorizations
        :rtype: recordset of `therapy.authorization`
        """
        return self.authorization_id
