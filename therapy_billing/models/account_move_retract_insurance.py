from odoo import models


class AccountMove(models.Model):
    """Taking back bills whose sessions an insurer answers (M6)."""

    _inherit = "account.move"

    def _therapy_retract(self) -> dict:
        """Override to free what waited for an insurer with what was taken back.

        :return: reasons in words by bill that was refused
        :rtype: dict
        """
        sessions = self.session_share_ids.session_id
        refused = super()._therapy_retract()
        sessions._release_awaited_shares()
        return refused

    def _therapy_get_retract_problem(self) -> str:
        """Override to keep the entries of a remittance together.

        Note: self.ensure_one()

        :return: the reason in words, empty if the bill can be taken back
        :rtype: str
        """
        if self.therapy_remittance_id.state == "posted":
            return self._therapy_get_remittance_refusal()
        return super()._therapy_get_retract_problem()
