from odoo import api, models
from odoo.exceptions import ValidationError

from ..tools import cursor
from ..tools.card_numbers import has_card_number


class CardNumberMixin(models.AbstractModel):
    """Refuses card numbers in what people type (P2); stores and logs nothing of them.

    Texts that hold references are left out on purpose: numbers of checks, trace
    numbers of insurers and banks, member and claim numbers may look like a card.
    """

    _name = "therapy.card.number.mixin"
    _description = "Texts Without Card Numbers"

    # Names of the fields that are looked at.
    _therapy_guarded = ()

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse card numbers in the guarded texts.

        :raise ValidationError: in plain words, without the number
        """
        for vals in vals_list:
            self._therapy_guard(vals)
        return super().create(vals_list)

    def write(self, vals):
        """Refuse card numbers in the guarded texts.

        :raise ValidationError: in plain words, without the number
        """
        self._therapy_guard(vals)
        return super().write(vals)

    def _therapy_is_typed(self, vals):
        """Tell whether a person typed the guarded texts; what code writes passes.

        :param dict vals: values to be written
        :rtype: bool
        """
        return True

    def _therapy_guard(self, vals):
        """Refuse values that hold a card number, and count the refusal.

        :param dict vals: values to be written
        :raise ValidationError: in plain words, without the number
        """
        for name in self._therapy_guarded:
            text = vals.get(name)
            if (
                isinstance(text, str)
                and has_card_number(text)
                and self._therapy_is_typed(vals)
            ):
                self._therapy_refuse_card_number(name)

    @api.model
    def _therapy_refuse_card_number(self, name):
        """Count a refusal, apart from what is rolled back, and refuse.

        :param str name: field
        :raise ValidationError: always
        """
        vals = {
            "model_name": self._name,
            "field_name": name,
            "user_name": self.env.user.name,
        }

        def count(env):
            refusals_sudo = env["therapy.card.refusal"].sudo()  # sudo: whoever typed
            refusals_sudo.create(vals)

        cursor.run_in_fresh_cursor(self.env, count)
        raise ValidationError(
            self.env._(
                "This looks like a card number. Card numbers must not be kept in Odoo, "
                "not even for a moment: remove it. To save a card, use the payer's "
                "cards on file, where it goes straight to the card processor."
            )
        )
