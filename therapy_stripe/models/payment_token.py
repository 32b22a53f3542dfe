from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

_EXPIRING_DAYS = 30

# How a payer agreed that a card is kept.
CONSENT_CHANNELS = [
    ("portal", "By the payer, in the portal"),
    ("in_person", "In person"),
    ("phone", "By phone"),
    ("paper", "On a signed form"),
]


class PaymentToken(models.Model):
    """A saved card: what a list of cards must show, and the consent behind it."""

    _inherit = "payment.token"

    method_kind = fields.Selection(
        selection=[
            ("card", "Card"),
            ("us_bank_account", "Bank account"),
            ("other", "Other"),
        ],
        string="Kind",
        readonly=True,
        default="card",
    )
    brand = fields.Char(readonly=True, help="Network of a card, name of a bank.")
    funding = fields.Selection(
        selection=[
            ("credit", "Credit"),
            ("debit", "Debit"),
            ("prepaid", "Prepaid"),
            ("unknown", "Unknown"),
        ],
        readonly=True,
    )
    exp_month = fields.Integer(string="Expiry Month", readonly=True)
    exp_year = fields.Integer(string="Expiry Year", readonly=True)
    expiry = fields.Char(string="Expires", compute="_compute_expiry")
    fingerprint = fields.Char(
        readonly=True,
        index="btree_not_null",
        groups="base.group_system",
        help="The same for every saving of the same card.",
    )
    is_default = fields.Boolean(
        string="Default",
        readonly=True,
        copy=False,
        help="The card to charge when nobody chooses another.",
    )
    is_revoked = fields.Boolean(readonly=True, copy=False)
    status = fields.Selection(
        selection=[
            ("active", "Active"),
            ("expiring", "Expires soon"),
            ("expired", "Expired"),
            ("needs_action", "Needs the payer"),
            ("declined", "Declined"),
            ("verifying", "Bank to be verified"),
            ("revoked", "Revoked"),
        ],
        compute="_compute_status",
        search="_search_status",
    )
    last_result = fields.Selection(
        selection=[
            ("done", "Charged"),
            ("needs_action", "Needs the payer"),
            ("declined", "Declined"),
        ],
        string="Latest Charge",
        readonly=True,
        copy=False,
    )
    last_result_text = fields.Char(string="Why", readonly=True, copy=False)
    last_result_at = fields.Datetime(string="Latest Charge on", readonly=True)
    is_verified = fields.Boolean(
        readonly=True,
        default=True,
        copy=False,
        help="Whether a bank account was confirmed by its holder.",
    )
    consent_note = fields.Text(string="Consent", readonly=True)
    consent_channel = fields.Selection(
        selection=CONSENT_CHANNELS,
        string="Consent Given",
        readonly=True,
    )
    consent_user_id = fields.Many2one("res.users", string="Added by", readonly=True)
    consent_date = fields.Datetime(readonly=True)

    _default_uniq = models.UniqueIndex(
        "(partner_id, provider_id) WHERE is_default AND active",
        "A payer has one default card.",
    )

    # === COMPUTE METHODS === #

    @api.depends("exp_month", "exp_year")
    def _compute_expiry(self):
        """Show the expiry as it is printed on a card: 04/28."""
        for token in self:
            token.expiry = (
                f"{token.exp_month:02d}/{token.exp_year % 100:02d}"
                if token.exp_year
                else ""
            )

    @api.depends(
        "exp_month", "exp_year", "active", "is_revoked", "is_verified", "last_result"
    )
    def _compute_status(self):
        """Say whether the card can be charged; it expires at the end of its month."""
        for company, tokens in self.grouped("company_id").items():
            # At the practice it may be another day than where the user is.
            today = (company or self.env.company)._therapy_local_date()
            for token in tokens:
                token.status = token._therapy_get_status(today)

    def _therapy_get_status(self, today):
        """Return the status of the card on a day.

        Note: self.ensure_one()

        :param date today: day
        :rtype: str
        """
        self.ensure_one()
        if not self.active or self.is_revoked:
            return "revoked"
        if not self.is_verified:
            return "verifying"
        end = self._therapy_get_expiry_date()
        if end and end < today:
            return "expired"
        if self.last_result in ("declined", "needs_action"):
            return self.last_result
        if end and (end - today).days <= _EXPIRING_DAYS:
            return "expiring"
        return "active"

    def _therapy_get_expiry_date(self):
        """Override of `therapy_billing`: a card lasts until the end of its month.

        Note: self.ensure_one()

        :return: None for what does not expire
        :rtype: date | None
        """
        if self.provider_code != "stripe" or not self.exp_year:
            return super()._therapy_get_expiry_date()
        return date(self.exp_year, self.exp_month, 1) + relativedelta(months=1, days=-1)

    @api.model
    def _search_status(self, operator, value):
        """Search by status; the number of saved cards is small enough to look at all.

        :rtype: list
        """
        if operator != "in":
            return NotImplemented
        tokens = self.with_context(active_test=False).search(
            [("stripe_payment_method", "!=", False)]
        )
        found = tokens.filtered(lambda token: token.status in value)
        return [("id", "in", found.ids)]

    @api.depends("brand", "method_kind")
    def _compute_display_name(self):
        """Override of `payment`: the name follows the brand."""
        return super()._compute_display_name()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Make the first card of a payer the default one."""
        tokens = super().create(vals_list)
        for token in tokens.filtered(lambda t: t.provider_code == "stripe"):
            if not token._therapy_get_siblings().filtered("is_default"):
                token.is_default = True
        return tokens

    # === BUSINESS METHODS === #

    def _therapy_get_siblings(self):
        """Return the payer's other active cards at the same provider.

        Note: self.ensure_one()

        :rtype: payment.token
        """
        self.ensure_one()
        return self.search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("provider_id", "=", self.provider_id.id),
                ("id", "!=", self.id),
            ]
        )

    @api.model
    def _therapy_stripe_prepare_card_vals(self, method):
        """Return what is kept of a Stripe PaymentMethod. Never a card number.

        :param dict method: PaymentMethod
        :return: values of a token
        :rtype: dict
        """
        kind = method.get("type")
        data = method.get(kind) or {}
        funding = data.get("funding")
        known = dict(self._fields["funding"].selection)
        brand = data.get("display_brand") or data.get("brand") or data.get("bank_name")
        kinds = dict(self._fields["method_kind"].selection)
        if kind == "us_bank_account":
            funding = False
        else:
            funding = funding if funding in known else "unknown"
        return {
            "payment_details": data.get("last4"),
            "method_kind": kind if kind in kinds else "other",
            "brand": brand,
            "funding": funding,
            "exp_month": data.get("exp_month"),
            "exp_year": data.get("exp_year"),
            "fingerprint": data.get("fingerprint"),
        }

    def _build_display_name(self, *args, **kwargs):
        """Override of `payment` to show the brand: Visa •••• 4242."""
        name = super()._build_display_name(*args, **kwargs)
        if self.provider_code != "stripe" or not self.brand or not name:
            return name
        return f"{self._therapy_get_brand_label()} {name}"

    def _therapy_get_portal_label(self):
        """Return what the portal shows beside the brand: last digits and expiry.

        Note: self.ensure_one()

        :rtype: str
        """
        self.ensure_one()
        if self.provider_code != "stripe" or not self.expiry:
            return self.display_name
        return self.env._(
            "•••• %(digits)s, expires %(expiry)s",
            digits=self.payment_details,
            expiry=self.expiry,
        )

    def _therapy_get_brand_label(self):
        """Return the brand as people write it.

        Note: self.ensure_one()

        :rtype: str
        """
        self.ensure_one()
        names = {"amex": "American Express", "jcb": "JCB", "unionpay": "UnionPay"}
        brand = self.brand or ""
        if self.method_kind == "us_bank_account":
            return brand
        return names.get(brand, brand.replace("_", " ").title())
