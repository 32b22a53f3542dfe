from odoo import models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _therapy_stripe_warn(self, warning):
        """Ask a person whether a payment should be given back before it is disputed.

        Once for each warning; it ends when Stripe says that there is nothing to do.

        Note: self.ensure_one()

        :param dict warning: Stripe's early fraud warning
        """
        self.ensure_one()
        target = self.payment_id or self.therapy_allocation_ids.move_id[:1]
        if not target:
            return
        summary = self.env._("The bank suspects fraud: give the payment back?")
        known = target.activity_ids.filtered(lambda a: a.summary == summary)
        if not warning.get("actionable"):
            known.unlink()
        elif not known:
            target.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=self.env._(
                    "%(kind)s. A refund now costs less than a dispute later.",
                    kind=(warning.get("fraud_type") or "").replace("_", " "),
                ),
                user_id=(self.company_id._therapy_get_desk_user() or self.env.user).id,
            )
