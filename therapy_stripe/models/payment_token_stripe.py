from odoo import models
from odoo.exceptions import UserError

from ..outcome import StripeFailure


class PaymentToken(models.Model):
    """What is asked of Stripe about a saved card, and what it says by itself."""

    _inherit = "payment.token"

    def _therapy_stripe_call(self, call):
        """Ask Stripe for something about this card.

        Note: self.ensure_one()

        :param callable call: gets the adapter
        :return: what it returned
        :raise UserError: in plain words, if Stripe refused or could not be reached
        """
        self.ensure_one()
        try:
            return call(self.provider_id._therapy_stripe_get_adapter())
        except StripeFailure as failure:
            if failure.result == "unknown":
                message = self.env._("Stripe could not be reached. Try again later.")
            else:
                message = self.env._("Stripe refused: %s", failure.message)
            raise UserError(message) from failure

    def _therapy_stripe_detach(self):
        """Remove the card at Stripe, for good.

        Note: self.ensure_one()

        :raise UserError: if Stripe could not be reached
        """
        self.ensure_one()

        def detach(adapter):
            try:
                return adapter.detach_payment_method(self.stripe_payment_method)
            except StripeFailure as failure:
                if failure.result == "unknown":
                    raise
                # Refused: it is gone already, or belongs to keys of another account.
                return {}

        self._therapy_stripe_call(detach)
        self.is_revoked = True

    def _therapy_stripe_refresh(self):
        """Read the card again at Stripe: networks replace cards by themselves.

        :raise StripeFailure: if Stripe could not be asked
        """
        for token in self:
            adapter = token.provider_id._therapy_stripe_get_adapter()
            method = adapter.retrieve_payment_method(token.stripe_payment_method)
            if method.get("customer") == token.provider_ref:
                token._therapy_take_in(method)
            elif token.is_verified:
                token.with_context(therapy_stripe_keep=True).write(
                    {"is_revoked": True, "active": False}
                )
                token._therapy_log(self.env._("was removed at Stripe"))

    def _therapy_take_in(self, method):
        """Take in what the bank changed of a card: number, expiry, brand.

        Note: self.ensure_one()

        :param dict method: PaymentMethod
        """
        self.ensure_one()
        vals = self._therapy_stripe_prepare_card_vals(method)
        changed = [name for name in vals if (vals[name] or False) != self[name]]
        if not changed:
            return
        self.write({**vals, "expiry_told": 0})
        if {"payment_details", "exp_month", "exp_year"} & {*changed}:
            # A new number or date: what was wrong with the old card says nothing.
            self.write({"last_result": False, "last_result_text": False})
            self._therapy_log(
                self.env._("was updated by the bank, expires %s", self.expiry)
            )
