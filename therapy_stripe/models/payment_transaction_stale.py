from odoo import fields, models
from odoo.exceptions import LockError, ValidationError

from ..outcome import StripeFailure


class PaymentTransaction(models.Model):
    """Closes intents that wait for a payer, before anybody pays in another way (M3)."""

    _inherit = "payment.transaction"

    therapy_stripe_open_intent = fields.Boolean(
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The charge failed, but its intent could not be cancelled yet.",
    )

    def _therapy_stripe_record(self, outcome):
        """Override to remember an intent that is still open at Stripe."""
        result = super()._therapy_stripe_record(outcome)
        if outcome.needs_payer and outcome.intent.get("status") != "canceled":
            self.sudo().therapy_stripe_open_intent = True  # sudo: as all results
        return result

    def _therapy_stripe_freeze(self):
        """Override to close earlier intents for the same bills first."""
        self._therapy_stripe_close_stale()
        return super()._therapy_stripe_freeze()

    def _therapy_stripe_send_intent(self, suffix=""):
        """Override to close earlier intents for the same bills first."""
        self._therapy_stripe_close_stale()
        return super()._therapy_stripe_send_intent(suffix)

    def _therapy_stripe_close_stale(self):
        """Cancel the open intents of earlier tries for the bills of this one.

        Note: self.ensure_one()

        :raise ValidationError: if one cannot be closed: two could succeed
        """
        self.ensure_one()
        bills = self.therapy_allocation_ids.move_id
        # sudo: earlier tries may be another payer's.
        stale_sudo = self.sudo().search(  # sudo: see the line above
            [
                ("therapy_stripe_open_intent", "=", True),
                ("therapy_allocation_ids.move_id", "in", bills.ids),
            ]
        )
        for tx_sudo in stale_sudo:
            try:
                intent = tx_sudo._therapy_stripe_cancel_intent()
                tx_sudo._therapy_stripe_apply(intent)
            except (StripeFailure, LockError) as reason:
                raise ValidationError(
                    self.env._(
                        "An earlier try to pay this bill could not be closed at the "
                        "processor. Please try again in a few minutes."
                    )
                ) from reason
            tx_sudo.therapy_stripe_open_intent = False
            if tx_sudo.state == "done":
                raise ValidationError(self.env._("This bill was paid meanwhile."))
