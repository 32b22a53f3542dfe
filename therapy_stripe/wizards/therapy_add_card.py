from odoo import fields, models
from odoo.exceptions import AccessError, LockError, UserError

from odoo.addons.payment import utils as payment_utils

from ..models.payment_token import CONSENT_CHANNELS
from ..outcome import StripeFailure


class TherapyAddCard(models.TransientModel):
    """One saving of a payer's card by staff.

    The card is typed into Stripe's own frame: its number never reaches Odoo. What is
    kept is who asked, what the payer agreed to and how.
    """

    _name = "therapy.add.card"
    _description = "Add a Card on File"
    _inherit = ["therapy.card.number.mixin"]
    # No field: what is typed into the dialog is an argument (P2).
    _therapy_guarded = ("note",)

    partner_id = fields.Many2one(
        "res.partner", string="Payer", required=True, readonly=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    transaction_id = fields.Many2one("payment.transaction", readonly=True)
    charge_wizard_id = fields.Many2one(
        "therapy.charge.wizard", readonly=True, help="Where the new card is chosen."
    )

    # === OPENING === #

    def _get_action(self, partner, charge_wizard=None):
        """Return the client action that opens the dialog for a payer.

        :param res.partner partner: payer
        :param therapy.charge.wizard charge_wizard: where to go back to, with the card
        :return: client action
        :rtype: dict
        :raise UserError: if the payer cannot have a card or Stripe is not set up
        """
        if partner.is_insurer:
            raise UserError(self.env._("Insurers do not pay by card."))
        vals = {"partner_id": partner.id}
        if charge_wizard:
            vals["charge_wizard_id"] = charge_wizard.id
            vals["company_id"] = charge_wizard.company_id.id
        wizard = self.create(vals)
        wizard._get_provider()
        return {
            "type": "ir.actions.client",
            "tag": "therapy_stripe.add_card",
            "name": self.env._("Add a card for %(payer)s", payer=partner.name),
            "params": {
                "add_card_id": wizard.id,
                "next": charge_wizard._get_action() if charge_wizard else False,
            },
        }

    def _get_provider(self):
        """Return the Stripe provider of the company.

        :return: sudoed provider
        :rtype: payment.provider
        :raise UserError: if there is none that works
        """
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("This is not one of your companies."))
        providers_sudo = self.env["payment.provider"].sudo()  # sudo: billers may not
        provider_sudo = providers_sudo.search(
            [
                ("code", "=", "stripe"),
                ("state", "in", ("enabled", "test")),
                ("company_id", "=", self.company_id.id),
            ],
            limit=1,
        )
        if not provider_sudo:
            raise UserError(
                self.env._(
                    "Stripe is not set up. Ask an administrator to enable the Stripe "
                    "payment provider."
                )
            )
        return provider_sudo

    def action_get_setup(self):
        """Return what the dialog needs before a card is typed.

        Note: self.ensure_one()

        :return: publishable key, address of stripe.js, currency, texts
        :rtype: dict
        """
        self.ensure_one()
        provider_sudo = self._get_provider()
        currency = provider_sudo._get_validation_currency()
        return {
            "publishable_key": provider_sudo._stripe_get_publishable_key(),
            "js_url": provider_sudo._therapy_stripe_get_js_url(),
            "currency": currency.name.lower(),
            "payer": self.partner_id.name,
            "test_mode": provider_sudo.state == "test",
            "postal_code": self.partner_id.zip or "",
            "country": self.partner_id.country_id.code or "",
            "kinds": self._get_kinds(provider_sudo),
            "channels": [
                {"value": value, "label": label}
                for value, label in CONSENT_CHANNELS
                if value != "portal"
            ],
            "consent": self.env._(
                "%(payer)s allows %(practice)s to keep this card or bank account and "
                "to charge it for amounts due on bills made out to them.",
                payer=self.partner_id.name,
                practice=self.company_id.name,
            ),
        }

    def _get_kinds(self, provider_sudo):
        """Return what can be saved: a card, and a bank account where it is switched on.

        :param payment.provider provider_sudo: sudoed provider
        :return: Stripe's words and their labels
        :rtype: list[dict]
        """
        kinds = [{"value": "card", "label": self.env._("Card")}]
        bank = self.env.ref("payment.payment_method_ach_direct_debit")
        bank = bank.sudo()  # sudo: billers may not read payment methods
        if bank.active and bank in provider_sudo.payment_method_ids:
            kinds.append(
                {"value": "us_bank_account", "label": self.env._("US bank account")}
            )
        return kinds

    # === SAVING === #

    def action_start(self, channel, note, kind="card"):
        """Create the SetupIntent for the card that was just typed.

        Note: self.ensure_one()

        :param str channel: how the payer gave consent
        :param str note: what the payer agreed to
        :param str kind: ``card`` or ``us_bank_account``
        :return: client secret for Stripe.js, and the address it may return to
        :rtype: dict
        :raise UserError: if consent is missing or holds a card number, or Stripe cannot
            be reached
        """
        self.ensure_one()
        self._therapy_guard({"note": note})
        channels = dict(CONSENT_CHANNELS)
        if channel not in channels or channel == "portal" or not (note or "").strip():
            raise UserError(
                self.env._("Write down how the payer agreed that the card is kept.")
            )
        provider_sudo = self._get_provider()
        if kind not in [row["value"] for row in self._get_kinds(provider_sudo)]:
            raise UserError(self.env._("This cannot be saved here."))
        tx_sudo = provider_sudo.env["payment.transaction"].create(
            self._prepare_transaction_vals(provider_sudo, channel, note.strip(), kind)
        )
        self.transaction_id = tx_sudo.id
        intent = tx_sudo._stripe_create_intent()
        if not intent:
            raise UserError(
                self.env._("Stripe could not be reached. The card was not saved.")
            )
        return {
            "client_secret": intent["client_secret"],
            "return_url": f"{provider_sudo.get_base_url()}/odoo",
        }

    def _prepare_transaction_vals(self, provider_sudo, channel, note, kind="card"):
        """Return the values of the validation transaction.

        :rtype: dict
        """
        method = self.env.ref(
            "payment.payment_method_ach_direct_debit"
            if kind == "us_bank_account"
            else "payment.payment_method_card"
        )
        prefix = payment_utils.singularize_reference_prefix(prefix="V")
        transactions = provider_sudo.env["payment.transaction"]
        return {
            "provider_id": provider_sudo.id,
            "payment_method_id": method.id,
            "reference": transactions._compute_reference("stripe", prefix=prefix),
            "amount": provider_sudo._get_validation_amount(),
            "currency_id": provider_sudo.with_context(validation_pm=method)
            ._get_validation_currency()
            .id,
            "partner_id": self.partner_id.id,
            "operation": "validation",
            "tokenize": True,
            "therapy_consent_note": note,
            "therapy_consent_channel": channel,
            "therapy_consent_user_id": self.env.user.id,
        }

    def action_finish(self):
        """Read the result at Stripe and keep the card.

        Note: self.ensure_one()

        :return: ``saved`` and a sentence for the user
        :rtype: dict
        """
        self.ensure_one()
        tx_sudo = self.transaction_id.sudo()  # sudo: billers may not process payments
        try:
            tx_sudo._therapy_stripe_refresh()
        except (StripeFailure, LockError):
            # The event about it is on its way and saves the card just the same.
            return {
                "saved": True,
                "message": self.env._("The card is being saved by Stripe."),
            }
        if tx_sudo.state == "pending" and tx_sudo.token_id:
            return {"saved": True, "message": tx_sudo.state_message}
        if tx_sudo.state != "done":
            return {
                "saved": False,
                "message": tx_sudo.state_message
                or self.env._("The card was not saved. Please try again."),
            }
        if self.charge_wizard_id:
            self.charge_wizard_id._take_card(tx_sudo.token_id.sudo(False))
        return {
            "saved": True,
            "message": self.env._(
                "%(card)s was saved.", card=tx_sudo.token_id.display_name
            ),
        }
