from odoo import models

from ..tools import clock


class PaymentTransaction(models.Model):
    """A transaction that saves a card or bank account: what is kept, and why."""

    _inherit = "payment.transaction"

    def _extract_token_values(self, payment_data):
        """Override of `payment_stripe` to read the objects of our API version.

        :param dict payment_data: intent and payment method
        :return: what core keeps of a saved payment method
        :rtype: dict
        """
        if self.provider_code != "stripe":
            return super()._extract_token_values(payment_data)
        method = payment_data.get("payment_method")
        if not isinstance(method, dict):
            return {}
        intent = payment_data.get("setup_intent") or payment_data["payment_intent"]
        data = method.get(method["type"]) or {}
        return {
            "payment_details": data.get("last4"),
            "provider_ref": intent["customer"],
            "stripe_payment_method": method["id"],
            "stripe_mandate": self._therapy_stripe_get_mandate(intent),
        }

    def _therapy_stripe_get_mandate(self, intent):
        """Return the mandate that an intent made, if any.

        :param dict intent: PaymentIntent or SetupIntent
        :return: ``mandate_...``
        :rtype: str | None
        """
        if isinstance(intent.get("mandate"), str):
            return intent["mandate"]
        charge = intent.get("latest_charge")
        if not isinstance(charge, dict):
            return None
        details = charge.get("payment_method_details") or {}
        return (details.get(details.get("type")) or {}).get("mandate")

    def _tokenize(self, payment_data):
        """Override of `payment` to keep brand, expiry and consent, and tell people."""
        if self.provider_code != "stripe":
            return super()._tokenize(payment_data)
        before = self.token_id
        super()._tokenize(payment_data)
        token = self.token_id
        if token != before:
            token.write(self._therapy_stripe_prepare_token_vals(payment_data))
            token._therapy_on_added()
        return None

    def _therapy_stripe_prepare_token_vals(self, payment_data):
        """Return what is kept of a saved card beside what core keeps.

        :param dict payment_data: intent and payment method
        :return: values of a token
        :rtype: dict
        """
        tokens = self.env["payment.token"]
        return {
            **tokens._therapy_stripe_prepare_card_vals(payment_data["payment_method"]),
            "partner_id": self._therapy_stripe_get_payer().id,
            "consent_note": self.therapy_consent_note,
            "consent_channel": self.therapy_consent_channel or "portal",
            "consent_user_id": self.therapy_consent_user_id.id,
            "consent_date": clock.now(),
        }

    # === WHAT A CHARGE SAYS OF A CARD === #

    def _set_done(self, *args, **kwargs):
        """Override of `payment` to note on the card that it works."""
        done = super()._set_done(*args, **kwargs)
        done._therapy_stripe_note_result("done")
        return done

    def _set_error(self, *args, **kwargs):
        """Override of `payment` to note on the card that it was declined, and why.

        What has nothing to do with the card, as wrong settings, says nothing of it.
        """
        failed = super()._set_error(*args, **kwargs)
        declined = failed.filtered(
            lambda tx: (
                tx.therapy_stripe_result == "declined" or tx.therapy_stripe_decline_code
            )
        )
        declined._therapy_stripe_note_result("declined")
        return failed

    def _therapy_stripe_note_result(self, result):
        """Note on the saved cards of charges how these ended.

        :param str result: done or declined
        """
        for tx in self:
            token_sudo = tx.token_id.sudo()  # sudo: a line of the charge's own record
            if tx.provider_code != "stripe" or tx.operation in ("refund", "validation"):
                continue
            asks = tx.therapy_stripe_decline_code == "authentication_required"
            token_sudo.write(
                {
                    "last_result": "needs_action" if asks else result,
                    "last_result_text": tx.state_message if result != "done" else False,
                    "last_result_at": clock.now(),
                }
            )
