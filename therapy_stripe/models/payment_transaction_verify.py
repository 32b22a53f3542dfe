from odoo import models


class PaymentTransaction(models.Model):
    """Saving a bank account: its holder proves it with two small deposits."""

    _inherit = "payment.transaction"

    def _stripe_prepare_setup_intent_payload(self):
        """Override of ours: a bank account is proven at once or by deposits."""
        payload = super()._stripe_prepare_setup_intent_payload()
        if self._therapy_stripe_get_method_type() == "us_bank_account":
            payload["payment_method_options"] = {
                "us_bank_account": {"verification_method": "automatic"}
            }
        return payload

    def _therapy_stripe_prepare_charge(self):
        """Override of ours to debit a bank account under its mandate."""
        params = super()._therapy_stripe_prepare_charge()
        token_sudo = self.token_id.sudo()  # sudo: an id at Stripe
        if token_sudo.method_kind == "us_bank_account" and token_sudo.stripe_mandate:
            params["mandate"] = token_sudo.stripe_mandate
        return params

    def _therapy_stripe_on_requires_action(self, intent):
        """Override of ours: a bank account waits for its holder, for days."""
        action = (intent.get("next_action") or {}).get("type")
        if action != "verify_with_microdeposits":
            return super()._therapy_stripe_on_requires_action(intent)
        if self.state == "draft":
            self._set_pending(
                state_message=self.env._(
                    "Two small deposits are on their way to the bank account. They "
                    "prove that it is the payer's: type in what the statement shows."
                )
            )
        method = intent.get("payment_method")
        if (
            self.operation == "validation"
            and self.tokenize
            and isinstance(method, dict)
        ):
            self._tokenize({"setup_intent": intent, "payment_method": method})
            self.token_id.is_verified = False
            self.token_id._therapy_log(self.env._("waits for its two deposits"))
        return None

    def _therapy_stripe_on_succeeded(self, intent):
        """Override of ours: the bank account that waited can be debited now."""
        result = super()._therapy_stripe_on_succeeded(intent)
        token = self.token_id
        if self.operation == "validation" and token and not token.is_verified:
            token.write(
                {
                    "is_verified": True,
                    "stripe_mandate": self._therapy_stripe_get_mandate(intent),
                }
            )
            token._therapy_on_added()
        return result

    def _therapy_stripe_on_declined(self, intent):
        """Override of ours: a bank account that was not proven is given up."""
        result = super()._therapy_stripe_on_declined(intent)
        self._therapy_stripe_give_bank_up()
        return result

    def _therapy_stripe_on_canceled(self, intent):
        """Override of ours: a bank account that was not proven is given up."""
        result = super()._therapy_stripe_on_canceled(intent)
        self._therapy_stripe_give_bank_up()
        return result

    def _therapy_stripe_give_bank_up(self):
        """Remove the bank account that this transaction could not prove."""
        token = self.token_id
        if self.operation == "validation" and token.active and not token.is_verified:
            token.with_context(therapy_stripe_keep=True).write(
                {"is_revoked": True, "active": False}
            )
            token._therapy_log(self.env._("could not be verified and was removed"))
            token.partner_id._therapy_tell_biller(
                self.env._("Bank account not verified: %s", token.display_name),
                self.env._("The payer has to add it again."),
            )
