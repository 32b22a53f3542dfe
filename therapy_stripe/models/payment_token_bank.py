from odoo import models
from odoo.exceptions import LockError, UserError

from ..calls import one_time_key
from ..outcome import StripeFailure


class PaymentToken(models.Model):
    """A bank account: proving it, and what Stripe says of its mandate."""

    _inherit = "payment.token"

    def action_therapy_verify(self):
        """Open the dialog for the two small deposits.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self._therapy_check_manager()
        return self._therapy_get_dialog("therapy.bank.verify", self.env._("Verify"))

    def _therapy_verify(self, code="", amounts=()):
        """Prove a bank account with what its statement shows.

        Note: self.ensure_one()

        :param str code: six characters that begin with SM
        :param amounts: instead, the two deposits in cents
        :raise UserError: in words for the holder, if they are not right
        """
        self.ensure_one()
        code = (code or "").strip().upper()
        amounts = [amount for amount in amounts if amount]
        if not code and len(amounts) != 2:
            raise UserError(
                self.env._("Type the code that begins with SM, or both amounts.")
            )
        tx = self.env["payment.transaction"].search(
            [("token_id", "=", self.id), ("operation", "=", "validation")],
            order="id desc",
            limit=1,
        )
        if self.is_verified or not tx.provider_reference:
            raise UserError(self.env._("This bank account needs no verification."))
        params = {"descriptor_code": code} if code else {"amounts": amounts}
        try:
            adapter = self.provider_id._therapy_stripe_get_adapter()
            adapter.verify_setup_intent(
                tx.provider_reference, params, one_time_key("verify")
            )
        except StripeFailure as failure:
            raise UserError(self._therapy_explain_verification(failure)) from failure
        finally:
            self._therapy_read_verification(tx)

    def _therapy_read_verification(self, tx):
        """Read what became of the verification; the event about it comes anyway.

        :param payment.transaction tx: the transaction that saves the account
        """
        try:
            tx._therapy_stripe_refresh()
        except (StripeFailure, LockError):
            return

    def _therapy_explain_verification(self, failure):
        """Return why a bank account was not proven, for its holder.

        :param StripeFailure failure: what Stripe answered
        :rtype: str
        """
        if failure.result == "unknown":
            return self.env._("Stripe could not be reached. Try again later.")
        known = {
            "payment_method_microdeposit_verification_amounts_mismatch": self.env._(
                "These are not the amounts of the two deposits. Look at the statement "
                "again; after too many tries the account has to be added anew."
            ),
            "payment_method_microdeposit_verification_descriptor_code_mismatch": (
                self.env._(
                    "This is not the code of the deposit. Look at the statement again; "
                    "after too many tries the account has to be added anew."
                )
            ),
            "payment_method_microdeposit_verification_attempts_exceeded": self.env._(
                "Too many tries. Add the bank account again."
            ),
            "payment_method_microdeposit_verification_timeout": self.env._(
                "The time for the verification is over. Add the bank account again."
            ),
        }
        return known.get(failure.code) or failure.message

    def _therapy_on_mandate(self, status):
        """Take in that a mandate ended: the account may no longer be debited.

        :param str status: active, inactive or pending
        """
        for token in self.filtered("active"):
            if status == "inactive":
                token.with_context(therapy_stripe_keep=True).write(
                    {"is_revoked": True, "active": False}
                )
                token._therapy_log(self.env._("may no longer be debited"))
                token.partner_id._therapy_tell_biller(
                    self.env._("Mandate ended: %s", token.display_name),
                    self.env._("The bank account may no longer be debited."),
                )
