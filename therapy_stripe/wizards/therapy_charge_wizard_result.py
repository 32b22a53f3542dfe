from odoo import models


class TherapyChargeWizard(models.TransientModel):
    """What a charge came to, in plain words."""

    _inherit = "therapy.charge.wizard"

    def _get_result(self, tx_sudo) -> str:
        """Return the word for what became of a try.

        :param payment.transaction tx_sudo: sudoed transaction
        :return: done, pending, declined, error or unknown
        :rtype: str
        """
        words = {
            "done": "done",
            "authorized": "pending",
            "cancel": "declined",
            "error": "declined",
        }
        if tx_sudo.therapy_stripe_result == "error":
            return "error"
        return words.get(tx_sudo.state) or tx_sudo.therapy_stripe_result or "unknown"

    def _prepare_result_vals(self, tx_sudo):
        """Return the result of a transaction in plain words.

        :param payment.transaction tx_sudo: sudoed transaction, maybe empty when
            credits paid all
        :return: values of the wizard
        :rtype: dict
        """
        if not tx_sudo:
            return {
                "result": "done",
                "message": self.env._("Paid from credit; no card was charged."),
            }
        result = self._get_result(tx_sudo)
        return {
            "transaction_id": tx_sudo.id,
            "result": result,
            "message": self._get_result_message(tx_sudo, result),
        }

    def _get_result_message(self, tx_sudo, result):
        """Return the sentence shown after a charge.

        :rtype: str
        """
        amount = tx_sudo.currency_id.format(tx_sudo.amount)
        card = tx_sudo.token_id.display_name
        if result != "done":
            return tx_sudo.state_message or self.env._(
                "%(amount)s on %(card)s: the bank has not decided yet.",
                amount=amount,
                card=card,
            )
        self.move_ids.invalidate_recordset(["amount_residual"])
        left = sum(self.move_ids.mapped("amount_residual"))
        if not self.currency_id.is_zero(left):
            return self.env._(
                "%(amount)s was charged to %(card)s. %(left)s is left to pay.",
                amount=amount,
                card=card,
                left=self.currency_id.format(left),
            )
        if len(self.move_ids) > 1:
            return self.env._(
                "%(amount)s was charged to %(card)s. %(count)s bills are paid.",
                amount=amount,
                card=card,
                count=len(self.move_ids),
            )
        return self.env._(
            "%(amount)s was charged to %(card)s. The bill is paid.",
            amount=amount,
            card=card,
        )

    def _summarize(self):
        """Write what the charges of several people came to."""
        results = self.line_ids.mapped("result")
        for word in ("unknown", "pending", "error", "declined"):
            if word in results:
                result = word
                break
        else:
            result = "done"
        self.move_ids.invalidate_recordset(["amount_residual"])
        left = sum(self.move_ids.mapped("amount_residual"))
        done = self.line_ids.filtered(lambda line: line.result == "done")
        message = self.env._(
            "%(done)s of %(all)s people were charged; %(left)s is left to pay.",
            done=len(done),
            all=len(self.line_ids),
            left=self.currency_id.format(left),
        )
        self.write({"result": result, "message": message})
