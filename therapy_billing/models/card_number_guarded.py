"""The texts of Odoo's own models that refuse card numbers (P2), one small class each.

Models of ours name their texts in their own class.
"""

from odoo import api, models

from ..tools.card_numbers import has_card_number, mask_card_numbers

MIXIN = "therapy.card.number.mixin"


class MailMessage(models.Model):
    """What people write is refused, mail that comes in is masked.

    What code composes passes: it quotes references of banks and insurers, and a false
    alarm would undo what it reports.
    """

    _name = "mail.message"
    _inherit = ["mail.message", MIXIN]
    _therapy_guarded = ("body", "subject")

    @api.model_create_multi
    def create(self, vals_list):
        """Mask card numbers in mail that came in: nobody is there to be told."""
        for vals in vals_list:
            if vals.get("message_type") != "email":
                continue
            for name in self._therapy_guarded:
                if has_card_number(vals.get(name) or ""):
                    vals[name] = mask_card_numbers(vals[name])
        return super().create(vals_list)

    def _therapy_is_typed(self, vals):
        """Override of the mixin: comments are typed by people."""
        kinds = {vals.get("message_type"), *self.mapped("message_type")}
        return "comment" in kinds


class MailActivity(models.Model):
    _name = "mail.activity"
    _inherit = ["mail.activity", MIXIN]
    _therapy_guarded = ("summary", "note")

    def _therapy_is_typed(self, vals):
        """Override of the mixin: jobs and rules plan activities as superuser."""
        return not self.env.su


class CalendarEvent(models.Model):
    _name = "calendar.event"
    _inherit = ["calendar.event", MIXIN]
    _therapy_guarded = ("name", "description", "location")


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", MIXIN]
    _therapy_guarded = (
        "name",
        "therapy_first_name",
        "therapy_last_name",
        "function",
        "street",
        "street2",
        "city",
        "comment",
    )


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", MIXIN]
    _therapy_guarded = ("narration",)


class AccountPayment(models.Model):
    _name = "account.payment"
    _inherit = ["account.payment", MIXIN]
    _therapy_guarded = ("therapy_note",)


class PaymentToken(models.Model):
    _name = "payment.token"
    _inherit = ["payment.token", MIXIN]
    _therapy_guarded = ("nickname", "payment_details")
