from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .res_partner import MONEY_GROUPS

#: Something of the session is on a bill, or promised to an insurer.
BILLED_STATES = ("partial", "waiting", "billed")
#: The patient did not come, or said so too late: a fee may be asked instead.
ABSENT_STATES = ("missed", "late_cancelled")


class TherapySession(models.Model):
    _name = "therapy.session"
    _description = "Therapy Session"
    _inherit = ["mail.thread", "therapy.card.number.mixin"]
    _order = "start desc, id desc"
    _check_company_auto = True
    _therapy_guarded = ("exempt_reason",)

    name = fields.Char(
        string="Number",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env._("New"),
    )
    external_id = fields.Char(
        string="External ID",
        copy=False,
        help="Number of the session in the schedule it was imported from.",
    )
    patient_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('is_patient', '=', True)]",
    )
    provider_id = fields.Many2one(
        "res.partner",
        string="Rendering Provider",
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('is_provider', '=', True)]",
    )
    start = fields.Datetime(required=True, tracking=True)
    stop = fields.Datetime(compute="_compute_stop", store=True)
    date = fields.Date(
        string="Date of Service",
        compute="_compute_date",
        store=True,
        index=True,
        help="Date of the session in the practice's time zone.",
    )
    state = fields.Selection(
        [
            ("scheduled", "Scheduled"),
            ("held", "Held"),
            ("cancelled", "Cancelled"),
            ("late_cancelled", "Cancelled late"),
            ("missed", "Missed"),
        ],
        string="Status",
        required=True,
        default="scheduled",
        index=True,
        tracking=True,
        copy=False,
    )
    line_ids = fields.One2many("therapy.session.line", "session_id", copy=True)
    minutes_total = fields.Integer(
        string="Minutes", compute="_compute_stop", store=True
    )
    service_summary = fields.Char(string="Services", compute="_compute_service_summary")
    amount_total = fields.Monetary(
        string="Amount",
        compute="_compute_amount_total",
        store=True,
        groups=MONEY_GROUPS,
    )
    share_ids = fields.One2many(
        "therapy.session.share", "session_id", groups=MONEY_GROUPS
    )
    billing_state = fields.Selection(
        [
            ("nothing", "Nothing to bill"),
            ("unbilled", "To bill"),
            ("partial", "Partly billed"),
            ("waiting", "Waiting for the insurer"),
            ("billed", "Billed"),
        ],
        string="Billing",
        compute="_compute_billing_state",
        store=True,
        index=True,
        groups=MONEY_GROUPS,
    )
    is_locked = fields.Boolean(
        compute="_compute_is_locked",
        compute_sudo=True,
        help="The session is on a bill: what was billed cannot be changed.",
    )
    bill_count = fields.Integer(compute="_compute_bill_count", groups=MONEY_GROUPS)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    _external_id_uniq = models.UniqueIndex(
        "(company_id, external_id) WHERE external_id IS NOT NULL",
        "A session with this external ID exists.",
    )
    _to_bill_idx = models.Index(
        "(company_id, date) WHERE billing_state IN ('unbilled', 'partial')"
    )

    # === COMPUTE METHODS === #

    @api.depends("start", "company_id.therapy_tz")
    def _compute_date(self):
        """Compute the date of service in the practice's time zone.

        What is on a bill keeps its date when the practice corrects its time zone: the
        bill names the day, and the shares of the day were asked for.
        """
        for session in self:
            day = session.date
            if not day or not any(line._is_billed() for line in session.line_ids):
                company = session.company_id
                day = session.start and company._therapy_local_date(session.start)
            session.date = day

    @api.depends("start", "line_ids.minutes")
    def _compute_stop(self):
        """Compute the end from the minutes of all services, for the calendar."""
        for session in self:
            minutes = sum(session.line_ids.mapped("minutes"))
            session.minutes_total = minutes
            session.stop = session.start and fields.Datetime.add(
                session.start, minutes=minutes or 15
            )

    @api.depends("line_ids.product_id")
    def _compute_service_summary(self):
        """List the codes of the session's services."""
        for session in self:
            session.service_summary = ", ".join(
                line.product_id.therapy_code or line.product_id.name or ""
                for line in session.line_ids
            )

    @api.depends("state", "line_ids.amount", "line_ids.is_absence_fee")
    def _compute_amount_total(self):
        """Add the amounts of the services; of a fee instead where one is asked.

        The fee of a session that was held after all may stay, if it was ever billed.
        """
        for session in self:
            fees = session.line_ids.filtered("is_absence_fee")
            lines = session.line_ids - fees
            if fees and session.state in ABSENT_STATES:
                lines = fees
            session.amount_total = session.currency_id.round(
                sum(lines.mapped("amount"))
            )

    @api.depends(
        "state",
        "exempt",
        "line_ids.amount",
        "line_ids.is_absence_fee",
        "line_ids.share_ids.live",
        "line_ids.share_ids.kind",
        "line_ids.share_ids.amount",
        "line_ids.share_ids.awaits_answer",
    )
    def _compute_billing_state(self):
        """Compare the live base shares with what the session is worth."""
        for session in self:
            live = session.line_ids.share_ids.filtered(
                lambda share: share.live and share.kind == "base"
            )
            currency = session.currency_id
            amount = sum(session._get_billable_lines().mapped("amount"))
            billed = sum(live.mapped("amount"))
            if not live:
                billable = not session.exempt and not currency.is_zero(amount)
                session.billing_state = "unbilled" if billable else "nothing"
            elif currency.compare_amounts(billed, amount) < 0 and not session.exempt:
                session.billing_state = "partial"
            elif any(live.mapped("awaits_answer")):
                session.billing_state = "waiting"
            else:
                session.billing_state = "billed"

    @api.depends("billing_state")
    def _compute_is_locked(self):
        """Tell screens of all roles whether the session is on a bill."""
        for session in self:
            session.is_locked = session.billing_state in BILLED_STATES

    @api.depends("share_ids.move_id")
    def _compute_bill_count(self):
        """Count the bills that hold a share of the session, dead ones included."""
        for session in self:
            session.bill_count = len(session.share_ids.move_id)

    # === CONSTRAINT METHODS === #

    @api.constrains("external_id")
    def _check_external_id(self):
        """Refuse a blank external ID: it would not identify anything.

        :raise ValidationError: if the external ID is only white space
        """
        for session in self:
            if session.external_id and not session.external_id.strip():
                raise ValidationError(self.env._("The external ID is blank."))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Number the sessions; an empty external ID is none.

        :param list vals_list: values of the sessions
        :return: the sessions
        :rtype: recordset of `therapy.session`
        """
        unnamed = [vals for vals in vals_list if not vals.get("name")]
        # sudo: a clinician may not read sequences.
        sequence_sudo = self.env["ir.sequence"].sudo()  # sudo: see the line above
        for vals in unnamed:
            vals["name"] = sequence_sudo.next_by_code("therapy.session")
        for vals in vals_list:
            vals["external_id"] = vals.get("external_id") or False
        return super().create(vals_list)

    def write(self, vals):
        """Protect what bills were made from.

        :param dict vals: new values
        :return: True
        :raise UserError: if a billed session would get another patient, company, date
            or state
        """
        protected = {"patient_id", "company_id", "start", "state"} & set(vals)
        if protected:
            self._check_not_billed(protected, vals)
        if "external_id" in vals:
            vals = dict(vals, external_id=vals["external_id"] or False)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        """Keep sessions that were ever billed.

        :raise UserError: if a session has shares
        """
        # sudo: clinicians do not see shares.
        if self.sudo().line_ids.share_ids:  # sudo: see the line above
            raise UserError(self.env._("A session that was billed cannot be deleted."))

    def _check_not_billed(self, field_names, vals):
        """Refuse changes of billed sessions.

        :param set field_names: names of protected fields that are written
        :param dict vals: the values to be written
        :raise UserError: if a value of a billed session would change
        """
        # sudo: clinicians do not see the billing state.
        for session_sudo in self.sudo():  # sudo: see the line above
            for name in field_names:
                field = self._fields[name]
                new = field.convert_to_cache(vals[name], session_sudo)
                old = field.convert_to_cache(session_sudo[name], session_sudo)
                if new != old:
                    session_sudo._check_not_locked()

    def _check_not_locked(self):
        """Refuse to go on with sessions that are on a bill.

        :raise UserError: with the first one that is
        """
        for session in self:
            if session.is_locked:
                raise UserError(
                    self.env._(
                        "Session %(name)s is on a bill. Take the bill back first.",
                        name=session.name,
                    )
                )
