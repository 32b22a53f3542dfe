from json import dumps

from odoo import api, fields, models


class TherapyStripePreview(models.TransientModel):
    """Exactly what is sent to Stripe for a payer, made by the code that sends it."""

    _name = "therapy.stripe.preview"
    _description = "What Leaves the Building"

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        domain="[('is_insurer', '=', False)]",
        default=lambda self: self._default_partner_id(),
    )
    amount = fields.Float(default=100.0)
    text = fields.Text(string="Sent to Stripe", compute="_compute_text")
    found = fields.Char(string="Personal Data Found", compute="_compute_text")

    @api.model
    def _default_partner_id(self):
        """Begin with a payer who has a card."""
        domain = [("stripe_payment_method", "!=", False)]
        return self.env["payment.token"].search(domain, limit=1).partner_id

    def _get_action(self):
        """Return the action that shows the preview.

        Note: self.ensure_one()

        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What Leaves the Building"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    @api.depends("partner_id", "amount", "provider_id")
    def _compute_text(self):
        """Write each request as it would be sent, and look for the payer in it."""
        for preview in self:
            if not preview.partner_id:
                preview.text = preview.found = False
                continue
            requests = preview._get_requests()
            preview.text = "\n\n".join(
                f"{title}\n{where}\n{dumps(params, indent=2)}"
                for title, where, params in requests
            )
            sent = dumps([params for _title, _where, params in requests]).lower()
            words = preview._get_personal_words()
            preview.found = ", ".join(word for word in words if word.lower() in sent)

    def _get_personal_words(self):
        """Return what must not be sent: names and addresses of payer and patients.

        :rtype: list[str]
        """
        payer_sudo = self.partner_id.sudo()  # sudo: compares, shows only what leaked
        patients_sudo = self.env["therapy.guarantor"].sudo()  # sudo: as above
        patients_sudo = patients_sudo.search([("partner_id", "=", payer_sudo.id)])
        words = []
        for person in payer_sudo | patients_sudo.patient_id:
            words += [person.name, person.email, person.phone, person.street]
        return [word for word in words if word and len(word) > 2]

    def _get_requests(self):
        """Return the requests that saving a card and paying make.

        :return: (what for, method and path, parameters)
        :rtype: list[tuple[str, str, dict]]
        """
        self.ensure_one()
        provider_sudo = self.provider_id.sudo()  # sudo: builds requests, sends none
        customers = provider_sudo.env["therapy.stripe.customer"]
        customer, _key = customers._prepare_request(
            provider_sudo, self.partner_id, provider_sudo.state == "enabled"
        )
        setup = self._get_transaction(provider_sudo, "validation", 0)
        present = self._get_transaction(provider_sudo, "online_direct", self.amount)
        saved = self._get_transaction(provider_sudo, "offline", self.amount)
        requests = [
            (
                self.env._("The payer, once"),
                "POST /v1/customers",
                customer,
            ),
            (
                self.env._("A card is saved"),
                "POST /v1/setup_intents",
                setup._stripe_prepare_setup_intent_payload(),
            ),
            (
                self.env._("A payer pays on the page"),
                "POST /v1/payment_intents",
                present._stripe_prepare_payment_intent_payload(),
            ),
            (
                self.env._("A saved card is charged"),
                "POST /v1/payment_intents",
                saved._therapy_stripe_prepare_charge(),
            ),
        ]
        return requests

    def _get_transaction(self, provider_sudo, operation, amount):
        """Return a transaction that is never stored, to build a request from.

        :param payment.provider provider_sudo: sudoed provider
        :param str operation: operation of the transaction
        :param float amount: amount
        :rtype: payment.transaction
        """
        env = provider_sudo.with_context(therapy_stripe_preview=True).env
        card = self.env.ref("payment.payment_method_card")
        token = self.partner_id.therapy_card_ids[:1]
        if not token:
            token = env["payment.token"].new(
                {
                    "provider_id": provider_sudo.id,
                    "partner_id": self.partner_id.id,
                    "payment_method_id": card.id,
                    "provider_ref": "cus_...",
                    "stripe_payment_method": "pm_...",
                    "active": True,
                    "is_verified": True,
                }
            )
        return env["payment.transaction"].new(
            {
                "provider_id": provider_sudo.id,
                "payment_method_id": card.id,
                "reference": "preview",
                "amount": amount,
                "currency_id": provider_sudo.company_id.currency_id.id,
                "partner_id": self.partner_id.id,
                "paid_by_id": self.partner_id.id,
                "operation": operation,
                "tokenize": True,
                "token_id": token,
            }
        )
