import re

from werkzeug.exceptions import NotFound

from odoo.exceptions import UserError
from odoo.http import request, route

from odoo.addons.payment.controllers.portal import PaymentPortal

NOTICE = "therapy_card_notice"
PAGE = "/my/payment_method"
# The deposits that prove a bank account are less than a dollar.
_CENTS = re.compile(r"^[0-9]{1,2}$")


class CardPortal(PaymentPortal):
    """A payer's own cards and bank accounts, and what to do with them."""

    @route()
    def payment_method(self, **kwargs):
        """Override of `payment` to list saved cards with their status."""
        response = super().payment_method(**kwargs)
        if not hasattr(response, "qcontext"):
            return response
        tokens_sudo = response.qcontext.get("tokens_sudo")
        if tokens_sudo is None:
            return response
        own = request.env.user.partner_id
        cards_sudo = tokens_sudo.filtered(
            lambda token: token.provider_code == "stripe" and token.partner_id == own
        )
        response.qcontext.update(
            tokens_sudo=tokens_sudo - cards_sudo,
            therapy_cards_sudo=cards_sudo.sorted(
                lambda card: (not card.is_default, not card.is_backup, -card.id)
            ),
            therapy_notice=request.session.pop(NOTICE, None),
        )
        return response

    @route(
        "/my/therapy/card/<int:token_id>/<string:what>",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def therapy_card(self, token_id, what, **form):
        """Do something with one of the payer's own cards, and show the list again.

        :param int token_id: the card
        :param str what: default, backup, name, remove or verify
        :param dict form: what the payer typed
        :return: redirection to the list
        :raise NotFound: if it is not this payer's card, or there is no such thing to do
        """
        tokens_sudo = request.env["payment.token"].sudo()  # sudo: own cards, see domain
        token_sudo = tokens_sudo.search(
            [
                ("id", "=", token_id),
                ("partner_id", "=", request.env.user.partner_id.id),
                ("provider_code", "=", "stripe"),
            ]
        )
        work = self._therapy_get_card_work().get(what)
        if not token_sudo or not work:
            raise NotFound
        try:
            request.session[NOTICE] = ("success", work(token_sudo, form))
        except UserError as error:
            request.session[NOTICE] = ("danger", str(error))
        return request.redirect(PAGE)

    def _therapy_get_card_work(self):
        """Return what a payer can do with a card.

        :return: function of (sudoed token, form) that returns a sentence, by name
        :rtype: dict
        """
        return {
            "default": self._therapy_make_default,
            "backup": self._therapy_make_backup,
            "name": self._therapy_name_card,
            "remove": self._therapy_remove_card,
            "verify": self._therapy_verify_bank,
        }

    def _therapy_make_default(self, token_sudo, form):
        token_sudo._therapy_set_role("is_default")
        return request.env._("%s is your default now.", token_sudo.display_name)

    def _therapy_make_backup(self, token_sudo, form):
        token_sudo._therapy_set_role("is_backup")
        return request.env._("%s is your backup now.", token_sudo.display_name)

    def _therapy_name_card(self, token_sudo, form):
        token_sudo.nickname = (form.get("nickname") or "").strip()[:40]
        return request.env._("Saved.")

    def _therapy_remove_card(self, token_sudo, form):
        name = token_sudo.display_name
        token_sudo._therapy_remove()
        return request.env._("%s was removed.", name)

    def _therapy_verify_bank(self, token_sudo, form):
        typed = [(form.get(name) or "").strip() for name in ("amount_1", "amount_2")]
        cents = [int(text) if _CENTS.match(text) else 0 for text in typed]
        token_sudo._therapy_verify((form.get("code") or "")[:40], cents)
        return request.env._("%s can be used now.", token_sudo.display_name)
