from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

#: What a payer can allow to be charged; the fields are `covers_<scope>`.
SCOPES = ("visits", "balance", "absences")
#: What the payer agreed to: frozen by the signature.
SIGNED_FIELDS = frozenset(
    {
        "name",
        "company_id",
        "partner_id",
        "patient_ids",
        "covers_visits",
        "covers_balance",
        "covers_absences",
        "max_amount",
        "text_id",
        "body",
        "body_hash",
        "token_id",
        "card_name",
        "signature",
        "signed_name",
        "signed_at",
        "signed_address",
        "signed_channel",
        "signed_user_id",
        "document",
        "document_name",
        "document_hash",
    }
)
#: What only the methods of this model write, whatever the state.
STATE_FIELDS = frozenset(
    {
        "state",
        "body_hash",
        "token_id",
        "card_name",
        "signature",
        "signed_name",
        "signed_at",
        "signed_address",
        "signed_channel",
        "signed_user_id",
        "document",
        "document_name",
        "document_hash",
        "revoked_at",
        "revoked_user_id",
        "revoke_reason",
        "replaced_by_id",
    }
)


class TherapyCardAuthorization(models.Model):
    """A payer's consent to be charged without being there; provider neutral.

    Its words are in therapy_card_authorization_text.py, signing is in
    therapy_card_authorization_sign.py, finding the one that allows a charge in
    therapy_card_authorization_find.py.
    """

    _name = "therapy.card.authorization"
    _description = "Card Authorization"
    _inherit = [
        "therapy.numbered.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "therapy.card.number.mixin",
        "therapy.access.mixin",
    ]
    _order = "id desc"
    _check_company_auto = True
    _therapy_guarded = ("signed_name", "revoke_reason")

    state = fields.Selection(
        [
            ("requested", "Requested"),
            ("signed", "Signed"),
            ("revoked", "Revoked"),
            ("replaced", "Replaced"),
        ],
        required=True,
        readonly=True,
        default="requested",
        index=True,
        copy=False,
        tracking=True,
    )

    # === WHAT IS ALLOWED === #
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('is_insurer', '=', False), ('parent_id', '=', False)]",
    )
    patient_ids = fields.Many2many(
        "res.partner",
        "therapy_card_authorization_patient_rel",
        string="For",
        domain="[('guarantor_ids.partner_id', '=', partner_id)]",
        help="Empty: for everybody the payer is responsible for.",
    )
    covers_visits = fields.Boolean(string="Visits", default=True)
    covers_balance = fields.Boolean(
        string="Balance", help="What is open from before, and what insurers leave."
    )
    covers_absences = fields.Boolean(string="Missed Appointments")
    max_amount = fields.Monetary(
        string="At Most Per Charge", help="0: the amount of the bill, without limit."
    )
    text_id = fields.Many2one(
        "therapy.consent.text",
        required=True,
        ondelete="restrict",
        compute="_compute_text_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('company_id', 'in', [company_id, False])]",
    )
    body = fields.Text(
        string="Words to Sign", compute="_compute_body", store=True, copy=False
    )
    body_hash = fields.Char(string="SHA-256 of the Words", readonly=True, copy=False)

    # === THE SIGNATURE === #
    token_id = fields.Many2one(
        "payment.token",
        string="Card or Account",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )
    card_name = fields.Char(string="Card at the Signature", readonly=True, copy=False)
    signature = fields.Binary(readonly=True, copy=False, attachment=True)
    signed_name = fields.Char(string="Signed by", readonly=True, copy=False)
    signed_at = fields.Datetime(readonly=True, copy=False, tracking=True)
    signed_address = fields.Char(
        string="Signed From",
        readonly=True,
        copy=False,
        help="IP address, or the place where it was signed.",
    )
    signed_channel = fields.Selection(
        [
            ("portal", "In the portal"),
            ("in_person", "At the practice"),
            ("paper", "On paper"),
        ],
        string="How It Was Signed",
        readonly=True,
        copy=False,
    )
    signed_user_id = fields.Many2one(
        "res.users",
        string="Recorded by",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="Who was logged in: the payer, or the person who recorded it.",
    )
    document = fields.Binary(
        string="Signed PDF", readonly=True, copy=False, attachment=True
    )
    document_name = fields.Char(readonly=True, copy=False)
    document_hash = fields.Char(string="SHA-256 of the PDF", readonly=True, copy=False)

    # === ITS END === #
    revoked_at = fields.Datetime(readonly=True, copy=False)
    revoked_user_id = fields.Many2one(
        "res.users", string="Revoked by", readonly=True, copy=False, ondelete="restrict"
    )
    revoke_reason = fields.Char(readonly=True, copy=False)
    replaced_by_id = fields.Many2one(
        "therapy.card.authorization",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )

    _max_amount_positive = models.Constraint(
        "CHECK(max_amount >= 0)", "The most per charge cannot be negative."
    )
    # Both a card and a signature, or nothing.
    _card_and_signature = models.Constraint(
        "CHECK(state NOT IN ('signed', 'replaced') OR (token_id IS NOT NULL"
        " AND signed_at IS NOT NULL AND signed_name IS NOT NULL"
        " AND body_hash IS NOT NULL AND document_hash IS NOT NULL))",
        "A signed authorization has both a card and a signature.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains(*(f"covers_{scope}" for scope in SCOPES))
    def _check_scope(self):
        """Refuse a consent to nothing.

        :raise ValidationError: if no kind of charge is allowed
        """
        for record in self:
            if not any(record[f"covers_{scope}"] for scope in SCOPES):
                raise ValidationError(
                    self.env._(
                        "Choose what may be charged: visits, balance or missed "
                        "appointments."
                    )
                )

    @api.constrains("partner_id", "patient_ids", "company_id")
    def _check_partner(self):
        """Keep the consent with people who pay for the patients (P6).

        :raise ValidationError: if the payer is an insurer or pays for none of them
        """
        for record in self:
            if record.partner_id.is_insurer:
                raise ValidationError(self.env._("Insurers do not pay by card."))
            # sudo: a payer who signs may not read who else pays.
            rows_sudo = record.sudo().patient_ids.guarantor_ids  # sudo: see above
            rows_sudo = rows_sudo.filtered(
                lambda row, record=record: (
                    row.partner_id == record.partner_id
                    and row.company_id == record.company_id
                )
            )
            if missing := record.patient_ids - rows_sudo.patient_id:
                raise ValidationError(
                    self.env._(
                        "%(payer)s is not a guarantor of %(patient)s.",
                        payer=record.partner_id.name,
                        patient=missing[0].name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse one that is born signed.

        :param list vals_list: values of the requests
        :return: the requests
        :rtype: recordset of `therapy.card.authorization`
        :raise UserError: if a signature comes with the values
        """
        for vals in vals_list:
            if any(vals.get(name) for name in STATE_FIELDS - {"state"}) or (
                vals.get("state", "requested") != "requested"
            ):
                raise UserError(self.env._("An authorization is signed by its payer."))
        return super().create(vals_list)

    def write(self, vals):
        """Protect what was signed, from everybody.

        :param dict vals: new values
        :return: True
        :raise UserError: if the signature or what was agreed to would change
        """
        names = set(vals)
        if self.filtered(lambda record: record.state != "requested"):
            if SIGNED_FIELDS & names:
                raise UserError(
                    self.env._(
                        "What was signed cannot be changed. Ask for a new "
                        "authorization; it replaces this one."
                    )
                )
        if STATE_FIELDS & names and not self.env.su:
            raise UserError(self.env._("An authorization is signed by its payer."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        """Keep what was signed.

        :raise UserError: if one was ever signed
        """
        if self.filtered("signed_at"):
            raise UserError(
                self.env._("A signed authorization cannot be deleted, only revoked.")
            )
