from odoo import models


class AccountMove(models.Model):
    """What of a bill must not leave the practice (P1)."""

    _inherit = "account.move"

    def _therapy_get_private_words(self) -> list[str]:
        """Return the names and codes that must not be in anything that leaves (P1).

        Note: self.ensure_one()

        :return: patient, rendering providers, services and their codes
        :rtype: list[str]
        """
        self.ensure_one()
        # sudo: the words are looked for and never shown to anybody else
        move = self.sudo()  # sudo: see line above
        lines = move.session_share_ids.session_line_id
        products = lines.product_id | move.invoice_line_ids.product_id
        people = move.patient_id | lines.session_id.provider_id
        words = [*people.mapped("name"), *products.mapped("name")]
        words += [*products.mapped("default_code"), *products.mapped("therapy_code")]
        return list(dict.fromkeys(filter(None, words)))
