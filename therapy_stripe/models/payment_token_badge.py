from odoo import models


class PaymentToken(models.Model):
    _inherit = "payment.token"

    def _therapy_get_badge(self) -> tuple[str, str]:
        """Override of `therapy_billing` to tell what Stripe told of the card."""
        self.ensure_one()
        if self.provider_code != "stripe":
            return super()._therapy_get_badge()
        if self.status in ("revoked", "verifying"):
            return "none", self.env._("no card")
        if self.status in ("declined", "needs_action"):
            return "declined", self.env._("declined")
        if self.status in ("expired", "expiring"):
            month, year = f"{self.exp_month:02d}", f"{self.exp_year % 100:02d}"
            return "expires", self.env._(
                "expires %(month)s/%(year)s", month=month, year=year
            )
        return "ok", self.env._("OK")

    def _therapy_get_payer_reason(self) -> str:
        """Return why it was declined last, in the reader's language.

        Note: self.ensure_one()

        :return: a sentence, maybe empty
        :rtype: str
        """
        self.ensure_one()
        # sudo: payers read their own cards' results
        Transaction_sudo = self.env["payment.transaction"].sudo()  # sudo: see above
        last_sudo = Transaction_sudo.search(
            [("token_id", "=", self.id), ("state", "=", "error")],
            order="last_state_change desc, id desc",
            limit=1,
        )
        return last_sudo._therapy_get_payer_reason() or self.last_result_text or ""
