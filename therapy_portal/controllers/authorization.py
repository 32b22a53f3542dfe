import base64

from werkzeug.exceptions import NotFound

from odoo.exceptions import UserError
from odoo.http import content_disposition, request, route

from odoo.addons.payment import utils as payment_utils

from .portal import PortalAccount

URL = "/my/therapy/authorization"
PAGE = {"type": "http", "auth": "user", "website": True}


class TherapyAuthorization(PortalAccount):
    """Card authorizations of the payer who is logged in: read, sign, revoke.

    A card and a signature make one, or nothing does. The card is saved by core's own
    flow, of whatever provider; nothing may be charged before the signature.
    """

    @route(URL, methods=["GET"], **PAGE)
    def therapy_authorizations(self, **kwargs):
        """Show what was asked for, what is signed and what has ended.

        :return: the page
        """
        Authorization_sudo = request.env["therapy.card.authorization"].sudo()  # sudo: v
        # sudo: payers have no rights; the domain holds whose they are
        records_sudo = Authorization_sudo.search(
            [("partner_id", "=", request.env.user.partner_id.id)], order="id desc"
        )
        values = {
            **self._prepare_portal_layout_values(),
            "waiting": records_sudo.filtered(lambda r: r.state == "requested"),
            "signed": records_sudo.filtered(lambda r: r.state == "signed"),
            "ended": records_sudo.filtered(
                lambda r: r.signed_at and r.state in ("revoked", "replaced")
            ),
            "page_name": "therapy_authorization",
        }
        return self._therapy_render("therapy_portal.portal_authorizations", values)

    @route(f"{URL}/<int:record_id>", methods=["GET"], **PAGE)
    def therapy_authorization(self, record_id, card="", **kwargs):
        """Show the words, and the steps to sign them: card, then signature.

        :param int record_id: the authorization
        :param str card: id of the chosen card, "new" for the form to save one
        :return: the page
        :raise NotFound: if there is none or it is another payer's
        """
        record_sudo = self._therapy_get_authorization(record_id)
        tokens_sudo = self._therapy_get_own_cards(record_sudo)
        chosen = tokens_sudo.filtered(lambda token: str(token.id) == card)
        saving = card == "new" or not tokens_sudo
        values = {
            **self._prepare_portal_layout_values(),
            "record": record_sudo,
            "authorization": record_sudo,
            "res_company": record_sudo.company_id,
            "cards": tokens_sudo,
            "chosen": chosen,
            "saving": saving and not chosen and record_sudo.state == "requested",
            "required": request.env.user.partner_id._therapy_is_card_required(
                record_sudo.company_id
            ),
            "page_name": "therapy_authorization",
        }
        if values["saving"]:
            values.update(self._therapy_get_card_form_values(record_sudo))
        return self._therapy_render("therapy_portal.portal_authorization", values)

    @route(
        f"{URL}/<int:record_id>/sign/<int:token_id>",
        type="jsonrpc",
        auth="user",
        website=True,
    )
    def therapy_authorization_sign(self, record_id, token_id, name="", signature=""):
        """Sign with the chosen card; core's signature form calls it.

        :param int record_id: the authorization
        :param int token_id: the card
        :param str name: name of who signs
        :param str signature: image, base64
        :return: what the signature form does next
        :rtype: dict
        :raise NotFound: if there is none or it is another payer's
        """
        record_sudo = self._therapy_get_authorization(record_id)
        token_sudo = self._therapy_get_own_cards(record_sudo).filtered(
            lambda token: token.id == token_id
        )
        try:
            record_sudo._therapy_sign(
                signature, name, token_sudo, "portal", request.httprequest.remote_addr
            )
        except UserError as error:
            request.env.cr.rollback()
            return {"error": str(error)}
        return {"force_refresh": True, "redirect_url": f"{URL}/{record_id}"}

    @route(f"{URL}/<int:record_id>/revoke", methods=["POST"], **PAGE)
    def therapy_authorization_revoke(self, record_id, reason="", **kwargs):
        """Revoke at once: nothing is charged under it from now on.

        :param int record_id: the authorization
        :param str reason: why, if the payer says so
        :return: redirection to its page
        :raise NotFound: if there is none or it is another payer's
        """
        record_sudo = self._therapy_get_authorization(record_id)
        if record_sudo.state in ("requested", "signed"):
            record_sudo._therapy_revoke(reason[:200])
            record_sudo._therapy_tell_revoked()
        return request.redirect(f"{URL}/{record_id}", code=303, local=True)

    @route(f"{URL}/<int:record_id>/pdf", methods=["GET"], **PAGE)
    def therapy_authorization_pdf(self, record_id, **kwargs):
        """Hand out the signed PDF, as it was signed.

        :param int record_id: the authorization
        :return: the file
        :raise NotFound: if there is none, it is another payer's, or it is not signed
        """
        record_sudo = self._therapy_get_authorization(record_id)
        if not record_sudo.document or not record_sudo._therapy_document_is_intact():
            raise NotFound()
        content = base64.b64decode(record_sudo.document)
        headers = [
            ("Content-Type", "application/pdf"),
            ("Content-Length", len(content)),
            ("Content-Disposition", content_disposition(record_sudo.document_name)),
            ("Cache-Control", "no-store"),
        ]
        return request.make_response(content, headers)

    # === HELPERS === #

    def _therapy_get_authorization(self, record_id):
        """Return an authorization of the payer who is logged in.

        :param int record_id: the authorization
        :return: sudoed `therapy.card.authorization`
        :raise NotFound: if there is none or it is another payer's
        """
        # sudo: payers have no rights; the domain holds whose it is
        Authorization_sudo = request.env["therapy.card.authorization"].sudo()  # sudo: ^
        record_sudo = Authorization_sudo.search(
            [
                ("id", "=", record_id),
                ("partner_id", "=", request.env.user.partner_id.id),
            ]
        )
        if not record_sudo:
            raise NotFound()
        return record_sudo

    def _therapy_get_own_cards(self, record_sudo):
        """Return the cards the payer may sign with, the newest first.

        :param record_sudo: sudoed `therapy.card.authorization`
        :return: sudoed `payment.token`
        """
        partner = request.env.user.partner_id
        Token_sudo = request.env["payment.token"].sudo()  # sudo: reads providers
        tokens_sudo = Token_sudo._get_available_tokens(
            None, partner.id, is_validation=True
        )
        companies = record_sudo.company_id.parent_ids
        return tokens_sudo.filtered(
            lambda token: (
                token.active
                and token.partner_id == partner
                and token.company_id in companies
            )
        ).sorted("id", reverse=True)

    def _therapy_get_card_form_values(self, record_sudo):
        """Return what core's form to save a card needs; it leads back to the page.

        :param record_sudo: sudoed `therapy.card.authorization`
        :return: rendering values
        :rtype: dict
        """
        partner_sudo, report = request.env.user.partner_id, {}
        Provider_sudo = request.env["payment.provider"].sudo()  # sudo: for payers
        providers_sudo = Provider_sudo._get_compatible_providers(
            record_sudo.company_id.id,
            partner_sudo.id,
            0.0,
            force_tokenization=True,
            is_validation=True,
            report=report,
        )
        Method_sudo = request.env["payment.method"].sudo()  # sudo: reads providers
        methods_sudo = Method_sudo._get_compatible_payment_methods(
            providers_sudo.ids,
            partner_sudo.id,
            force_tokenization=True,
            report=report,
        )
        return {
            "mode": "validation",
            "allow_token_selection": False,
            "allow_token_deletion": False,
            "reference_prefix": payment_utils.singularize_reference_prefix(prefix="V"),
            "partner_id": partner_sudo.id,
            "providers_sudo": providers_sudo,
            "payment_methods_sudo": methods_sudo,
            "tokens_sudo": request.env["payment.token"],
            "availability_report": report,
            "transaction_route": "/payment/transaction",
            "landing_route": f"{URL}/{record_sudo.id}",
            "access_token": payment_utils.generate_access_token(
                partner_sudo.id, None, None
            ),
        }
