from odoo import models


class PaymentToken(models.Model):
    """How a saved card is, in a word, for whoever looks at a patient or a session."""

    _inherit = "payment.token"

    def _therapy_get_badge(self) -> tuple[str, str]:
        """Say in few words whether a card can be charged.

        For a module that knows more of its cards, it must override this method.

        Note: self.ensure_one(); in sudo mode

        :return: (ok, expires, declined or none; words)
        :rtype: tuple[str, str]
        """
        self.ensure_one()
        if not self.active:
            return "none", self.env._("no card")
        if self._therapy_was_declined():
            return "declined", self.env._("declined")
        return "ok", self.env._("OK")

    def _therapy_was_declined(self) -> bool:
        """Tell whether the latest try to charge failed.

        Note: self.ensure_one(); in sudo mode

        :return: whether it did
        :rtype: bool
        """
        self.ensure_one()
        latest = self.env["payment.transaction"].search(
            [
                ("token_id", "=", self.id),
                ("operation", "not in", ("validation", "refund")),
                ("state", "in", ("done", "pending", "authorized", "error")),
            ],
            order="id desc",
            limit=1,
        )
        return latest.state == "error"
