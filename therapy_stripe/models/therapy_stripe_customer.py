import hashlib
import logging

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.tools.cursor import run_in_fresh_cursor

_logger = logging.getLogger(__name__)


class TherapyStripeCustomer(models.Model):
    """Which Stripe customer stands for a payer: one per provider and mode.

    Core makes a new customer for every payment, with name and address. Ours carries
    nothing that names a person; who it is, is known only here.
    """

    _name = "therapy.stripe.customer"
    _description = "Payer at Stripe"
    _rec_name = "customer_ref"

    provider_id = fields.Many2one(
        "payment.provider", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="provider_id.company_id", store=True)
    partner_id = fields.Many2one(
        "res.partner", string="Payer", required=True, index=True, ondelete="restrict"
    )
    livemode = fields.Boolean(string="Live Mode")
    customer_ref = fields.Char(string="Stripe Customer", required=True)

    _payer_uniq = models.UniqueIndex(
        "(provider_id, partner_id, livemode)", "A payer has one customer per mode."
    )

    @api.model
    def _get_ref(self, provider, partner):
        """Return the Stripe customer of a payer; make one at Stripe if there is none.

        The new customer is stored and committed at once, apart from the caller's
        transaction, which may yet be rolled back or repeated. The idempotency key is
        made of the payer, so two processes that ask at once get the same customer.

        :param payment.provider provider: provider of code ``stripe``
        :param res.partner partner: payer
        :return: ``cus_...``
        :rtype: str
        :raise StripeFailure: if Stripe did not answer with a customer
        """
        livemode = provider.state == "enabled"
        customers_sudo = self.sudo()  # sudo: payers may not read the table
        known = customers_sudo._find(provider.id, partner.id, livemode)
        if known:
            return known
        if self.env.context.get("therapy_stripe_preview"):
            return "cus_..."  # Nothing is made for a look at what would be sent.
        params, key = self._prepare_request(provider, partner, livemode)
        adapter = provider._therapy_stripe_get_adapter()
        customer = adapter.create_customer(params, key)
        vals = {
            "provider_id": provider.id,
            "partner_id": partner.id,
            "livemode": livemode,
            "customer_ref": customer["id"],
        }
        try:
            with mute_logger("odoo.sql_db"):
                run_in_fresh_cursor(
                    self.env,
                    lambda env: env[self._name].sudo().create(vals).id,  # sudo: above
                )
        except UniqueViolation:
            # Another process was first; by the key it has the same customer.
            _logger.info("Customer of payer %s was stored meanwhile", partner.id)
        return customer["id"]

    @api.model
    def _prepare_request(self, provider, partner, livemode):
        """Return what Stripe is told of a payer: two digests, no name (P1).

        :param payment.provider provider: provider of code ``stripe``
        :param res.partner partner: payer
        :param bool livemode: whether real money moves
        :return: parameters of the request, and its idempotency key
        :rtype: tuple[dict, str]
        """
        metadata = provider._therapy_stripe_get_metadata()
        scope = f"{metadata['db']}:{provider.id}:{partner.id}:{livemode}"
        digest = hashlib.sha256(scope.encode()).hexdigest()
        return {"metadata": {**metadata, "payer": digest[:32]}}, f"tc1:{digest}"

    @api.model
    def _find(self, provider_id, partner_id, livemode):
        """Return the stored customer of a payer, or "".

        :rtype: str
        """
        domain = [
            ("provider_id", "=", provider_id),
            ("partner_id", "=", partner_id),
            ("livemode", "=", livemode),
        ]
        return self.search(domain, limit=1).customer_ref or ""

    @api.model
    def _forget(self, provider, partner):
        """Forget a customer that Stripe does not know.

        :param payment.provider provider: provider of code ``stripe``
        :param res.partner partner: payer
        """
        domain = [
            ("provider_id", "=", provider.id),
            ("partner_id", "=", partner.id),
            ("livemode", "=", provider.state == "enabled"),
        ]
        run_in_fresh_cursor(
            self.env,
            lambda env: env[self._name].sudo().search(domain).unlink(),  # sudo: table
        )
        self.invalidate_model()
