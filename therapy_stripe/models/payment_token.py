from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

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

    brand = fields.Char(readonly=True)
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
            ("revoked", "Revoked"),
        ],
        compute="_compute_status",
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

    @api.depends("exp_month", "exp_year", "active", "is_revoked")
    def _compute_status(self):
        """Say whether the card can be charged; it expires at the end of its month."""
        today = fields.Date.context_today(self)
        for token in self:
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
        if not self.exp_year:
            return "active"
        end = date(self.exp_year, self.exp_month, 1) + relativedelta(months=1, days=-1)
        if end < today:
            return "expired"
        return "expiring" if (end - today).days <= _EXPIRING_DAYS else "active"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Make the first card of a payer the default one."""
        tokens = super().create(vals_list)
        for token in tokens.filtered(lambda t: t.provider_code == "stripe"):
            if not token._therapy_get_siblings().filtered("is_default"):
                token.is_default = True
        return tokens

    def _handle_archiving(self):
        """Override of `payment` to pass the default on when its card is archived."""
        result = super()._handle_archiving()
        for token in self.filtered("is_default"):
            siblings = token._therapy_get_siblings()
            token.is_default = False
            siblings.sorted("id")[-1:].is_default = True
        return result

    # === ACTION METHODS === #

    def action_therapy_set_default(self):
        """Make this the card that is charged when nobody chooses another.

        Note: self.ensure_one()

        :raise AccessError: if the user is no biller
        """
        self.ensure_one()
        if not self.env.user.has_group("therapy_billing.group_biller"):
            raise AccessError(self.env._("Only billers can change cards on file."))
        self.check_access("read")
        token_sudo = self.sudo()  # sudo: billers only read tokens; group checked above
        token_sudo._therapy_get_siblings().is_default = False
        token_sudo.flush_model(["is_default"])
        token_sudo.is_default = True

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
        return {
            "payment_details": data.get("last4"),
            "brand": data.get("display_brand") or data.get("brand"),
            "funding": funding if funding in known else "unknown",
            "exp_month": data.get("exp_month"),
            "exp_year": data.get("exp_year"),
            "fingerprint": data.get("fingerprint"),
        }

    def _therapy_stripe_refresh(self):
        """Read the card again at Stripe: networks replace cards by themselves.

        :raise StripeFailure: if Stripe could not be asked
        """
        for token in self:
            adapter = token.provider_id._therapy_stripe_get_adapter()
            method = adapter.retrieve_payment_method(token.stripe_payment_method)
            if method.get("customer") == token.provider_ref:
                token.write(self._therapy_stripe_prepare_card_vals(method))
            else:
                token.write({"is_revoked": True, "active": False})

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
        return names.get(brand, brand.replace("_", " ").title())
