from odoo import api, fields, models
from odoo.fields import Domain


class TherapyAuthorization(models.Model):
    """What an insurer or agency approved for a patient, and when it ends."""

    _name = "therapy.authorization"
    _description = "Authorization"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "therapy.card.number.mixin",
        "therapy.access.mixin",
    ]
    _order = "date_to, id"
    _check_company_auto = True
    _therapy_guarded = ("note",)

    name = fields.Char(string="Number", required=True, tracking=True)
    patient_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('is_patient', '=', True)]",
    )
    payer_id = fields.Many2one(
        "res.partner",
        string="Approved By",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        help="The insurer of the patient's coverage, or a guarantor such as an agency.",
    )
    date_from = fields.Date(string="From", required=True, tracking=True)
    date_to = fields.Date(string="Until", required=True, index=True, tracking=True)
    line_ids = fields.One2many(
        "therapy.authorization.line", "authorization_id", copy=True
    )
    running_out = fields.Boolean(
        compute="_compute_running_out", search="_search_running_out"
    )
    note = fields.Text()
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )

    _number_uniq = models.UniqueIndex(
        "(company_id, payer_id, patient_id, name)",
        "The patient has an authorization with this number.",
    )
    _date_order = models.Constraint(
        "CHECK(date_to >= date_from)", "An authorization cannot end before it starts."
    )

    @api.depends("line_ids.level")
    def _compute_running_out(self):
        """Tell whether the units of a service are nearly or wholly used."""
        for authorization in self:
            authorization.running_out = any(
                line.level != "ok" for line in authorization.line_ids
            )

    def _search_running_out(self, operator, value):
        """Search current authorizations whose units are nearly or wholly used.

        :param str operator: in
        :param value: values to find
        :return: a domain
        :rtype: Domain
        """
        if operator != "in":
            return NotImplemented
        today = self.env.company._therapy_local_date()
        current = self.search([("date_from", "<=", today), ("date_to", ">=", today)])
        return Domain("id", "in", current.filtered("running_out").ids)

    @api.constrains("patient_id", "date_from", "date_to", "company_id")
    def _check_sessions(self):
        """Refuse changes that sessions counted on the authorization contradict.

        :raise ValidationError: if a session is another patient's or on another day
        """
        self.line_ids.session_line_ids._check_authorization_fits()

    # === CRUD METHODS === #

    def write(self, vals):
        """Let more sessions take their units when other ones fit.

        :param dict vals: new values
        :return: True
        """
        result = super().write(vals)
        names = {"patient_id", "payer_id", "date_from", "date_to", "active"}
        if names & set(vals):
            self.line_ids._assign_sessions()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """Keep what sessions were counted on.

        :raise UserError: if a session uses the authorization
        """
        self.line_ids._unlink_except_used()

    def copy_data(self, default=None):
        """Name a copy as such: the number is the payer's.

        :param dict default: values of the copy
        :return: list of values
        :rtype: list
        """
        vals_list = super().copy_data(default)
        for authorization, vals in zip(self, vals_list, strict=True):
            if not (default or {}).get("name"):
                vals["name"] = self.env._("%(name)s (copy)", name=authorization.name)
        return vals_list

    # === BUSINESS METHODS === #

    def _note_units_short(self, names):
        """Note the sessions for which the approved units do not last.

        Note: self.ensure_one()

        :param list names: numbers of the sessions
        """
        self.ensure_one()
        self.message_post(
            body=self.env._(
                "The approved units do not last for these sessions, which stay without "
                "authorization: %(names)s.",
                names=", ".join(dict.fromkeys(names)),
            )
        )
