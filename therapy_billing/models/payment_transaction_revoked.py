from odoo import api, models
from odoo.exceptions import ValidationError


class PaymentTransaction(models.Model):
    """A payer's word ends charges at once (F41)."""

    _inherit = "payment.transaction"

    @api.model
    def _therapy_check_not_revoked(self, token_id, bills):
        """Refuse to charge a card whose payer has withdrawn the authorization.

        Cards that were never signed for have their consent on the card itself.

        :param int token_id: id of the `payment.token`, if any
        :param bills: the bills that would be paid
        :raise ValidationError: in plain words
        """
        if not token_id:
            return
        # sudo: whoever charges need not see who signed what
        Authorization_sudo = self.env["therapy.card.authorization"].sudo()  # sudo: ^
        records = Authorization_sudo.search(
            [
                ("token_id", "=", token_id),
                ("signed_at", "!=", False),
                ("state", "in", ("signed", "revoked")),
            ]
        )
        patients = [bill.patient_id for bill in bills]
        if any(records._therapy_is_withdrawn_for(patient) for patient in patients):
            raise ValidationError(
                self.env._(
                    "The payer has withdrawn the authorization of this card. Ask for a "
                    "new one, or send a payment link."
                )
            )
