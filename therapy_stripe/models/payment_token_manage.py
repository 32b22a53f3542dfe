from odoo import models
from odoo.exceptions import AccessError, UserError

from ..calls import one_time_key


class PaymentToken(models.Model):
    """Managing what is saved: default, backup, changes, removal."""

    _inherit = "payment.token"

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `payment`: what was removed at Stripe does not come back.

        :raise UserError: if a removed card is to be used again
        """
        if vals.get("active") and self.filtered("is_revoked"):
            raise UserError(
                self.env._("This card was removed at Stripe and cannot come back.")
            )
        return super().write(vals)

    def _handle_archiving(self):
        """Override of `payment`: archiving removes the card at Stripe too.

        Not when a whole provider or payment method is switched off: nobody removed
        a card then. The default is passed on.

        :raise UserError: if something still needs the card, or Stripe did not answer
        """
        result = super()._handle_archiving()
        if not self.env.context.get("therapy_stripe_keep"):
            for token in self.filtered("stripe_payment_method"):
                if token.provider_code == "stripe":
                    token._therapy_check_removable()
                    token._therapy_stripe_detach()
                    token._therapy_log(self.env._("was removed"))
        for token in self.filtered(lambda card: card.is_default or card.is_backup):
            siblings = token._therapy_get_siblings()
            if token.is_default:
                heir = siblings.filtered("is_backup") or siblings.sorted("id")[-1:]
                token.write({"is_default": False, "is_backup": False})
                token.flush_recordset()
                heir.write({"is_default": True, "is_backup": False})
            else:
                token.is_backup = False
        return result

    # === ACTION METHODS === #

    def action_therapy_set_default(self):
        """Make this the card that is charged when nobody chooses another.

        Note: self.ensure_one()

        :raise AccessError: if the user is no biller
        """
        self._therapy_check_manager()
        self.sudo()._therapy_set_role("is_default")  # sudo: billers only read tokens

    def action_therapy_set_backup(self):
        """Make this the card that is proposed when the default one was declined.

        Note: self.ensure_one()

        :raise AccessError: if the user is no biller
        """
        self._therapy_check_manager()
        self.sudo()._therapy_set_role("is_backup")  # sudo: billers only read tokens

    def action_therapy_edit(self):
        """Open the dialog that changes a card.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self._therapy_check_manager()
        return self._therapy_get_dialog("therapy.card.edit", self.env._("Change"))

    def action_therapy_remove(self):
        """Open the dialog that removes a card.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self._therapy_check_manager()
        return self._therapy_get_dialog("therapy.card.remove", self.env._("Remove"))

    def _therapy_get_dialog(self, model, word):
        """Return the action of a dialog about this card.

        :param str model: name of a wizard with `token_id`
        :param str word: what it does
        :rtype: dict
        """
        return {
            "type": "ir.actions.act_window",
            "name": f"{word}: {self.display_name}",
            "res_model": model,
            "res_id": self.env[model].create({"token_id": self.id}).id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def _therapy_check_manager(self):
        """Refuse whoever may not manage saved cards.

        Note: self.ensure_one()

        :raise AccessError: if the user is no biller or may not see the card
        """
        self.ensure_one()
        if not self.env.user.has_group("therapy_billing.group_biller"):
            raise AccessError(self.env._("Only billers can change cards on file."))
        self.check_access("read")

    # === BUSINESS METHODS === #

    def _therapy_set_role(self, role):
        """Make this card the payer's default or backup; the other one loses the role.

        A card has one role: the default becomes the backup when they change places.

        Note: self.ensure_one()

        :param str role: ``is_default`` or ``is_backup``
        """
        self.ensure_one()
        if self[role]:
            return
        other_role = "is_backup" if role == "is_default" else "is_default"
        holder = self._therapy_get_siblings().filtered(role)
        swap = self[other_role]
        if role == "is_backup" and swap and not holder:
            raise UserError(
                self.env._("This is the default card. Make another one the default.")
            )
        (self | holder).write({"is_default": False, "is_backup": False})
        self.flush_model(["is_default", "is_backup"])
        self[role] = True
        if swap:
            holder[other_role] = True
        self._therapy_log(
            self.env._("is the default now")
            if role == "is_default"
            else self.env._("is the backup now")
        )

    def _therapy_update(self, vals, month=None, year=None, address=None):
        """Change what can be changed; another number is another card.

        Note: self.ensure_one()

        :param dict vals: values that only Odoo keeps
        :param int month: new month of expiry, None keeps it
        :param int year: new year of expiry, four digits
        :param dict address: ``postal_code`` and ``country`` of the card's bill
        :raise UserError: if Stripe refused or could not be reached
        """
        self.ensure_one()
        params = {}
        if month and year and self.method_kind == "card":
            params["card"] = {"exp_month": month, "exp_year": year}
        if address:
            params["billing_details"] = {"address": address}
        if params:
            method = self._therapy_stripe_call(
                lambda adapter: adapter.update_payment_method(
                    self.stripe_payment_method, params, one_time_key("method")
                )
            )
            vals = {
                **vals,
                **self._therapy_stripe_prepare_card_vals(method),
                "expiry_told": 0,
            }
            if month and self.last_result_text:
                vals.update(last_result=False, last_result_text=False)
        self.write(vals)
        self._therapy_log(self.env._("was changed"))

    def _therapy_remove(self, other=None):
        """Remove the card here and at Stripe; what used it goes on with another one.

        Note: self.ensure_one()

        :param payment.token other: card of the same payer that takes over
        :raise UserError: if something still needs the card, or Stripe did not answer
        """
        self.ensure_one()
        if other:
            if other.partner_id != self.partner_id or other == self:
                raise UserError(self.env._("Choose another card of the same payer."))
            if not other._therapy_is_usable():
                raise UserError(
                    self.env._("The card that takes over cannot be charged.")
                )
            self._therapy_replace_uses(other)
        self.active = False

    def _therapy_check_removable(self):
        """Refuse to remove what something needs.

        :raise UserError: naming what needs it
        """
        for token in self:
            uses = token._get_uses()
            if uses:
                raise UserError(
                    self.env._(
                        "%(card)s cannot be removed yet. %(uses)s",
                        card=token.display_name,
                        uses=" ".join(use["text"] for use in uses),
                    )
                )

    def _therapy_is_usable(self):
        """Tell whether the card can be proposed for a charge.

        Note: self.ensure_one()

        :rtype: bool
        """
        self.ensure_one()
        return self.status in ("active", "expiring")

    def _get_available_tokens(
        self, providers_ids, partner_id, is_validation=False, **kwargs
    ):
        """Override of `payment`: offer only what can be charged.

        The page of saved cards lists all of them, with their status.
        """
        tokens = super()._get_available_tokens(
            providers_ids, partner_id, is_validation=is_validation, **kwargs
        )
        if is_validation:
            return tokens
        return tokens.filtered(
            lambda token: (
                token.provider_code != "stripe"
                or token.status not in ("expired", "verifying", "revoked")
            )
        )
