from werkzeug.exceptions import NotFound

from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.account_payment.controllers import portal as account_payment

from .pay import TherapyPay


class PortalAccount(account_payment.PortalAccount, TherapyPay):
    """What a payer sees after login, and core's bill pages under our rules."""

    # === HOME === #

    @route()
    def home(self, **kw):
        """Override of `portal` to show what is due on top of the home page."""
        response = super().home(**kw)
        response.qcontext.update(self._therapy_get_family_values())
        return response

    @route("/my/therapy", type="http", auth="user", methods=["GET"], website=True)
    def therapy_home(self, **kwargs):
        """Show the family view: patients, what is due, all bills.

        :return: the page
        """
        values = self._prepare_portal_layout_values()
        values.update(self._therapy_get_family_values(), page_name="therapy")
        partner = request.env.user.partner_id
        values.update(
            attention=partner._therapy_get_portal_attention(values["family"]),
            links=partner._therapy_get_portal_links(),
            family_pending=partner._therapy_get_portal_pending(),
        )
        return request.render("therapy_portal.portal_therapy", values)

    # === ONE BILL === #

    @route(
        "/my/therapy/bill/<int:move_id>",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def therapy_bill(self, move_id, **kwargs):
        """Show a bill, why it asks for its amount, and the question how much to pay.

        :param int move_id: the bill
        :return: the page
        :raise NotFound: if there is no such bill or it is not this payer's
        """
        return self._therapy_render_bill(self._therapy_get_own_bill(move_id))

    @route(
        "/my/therapy/bill/<int:move_id>/pay",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def therapy_bill_pay(self, move_id, amount="", **kwargs):
        """Show the payment form with the payer's saved cards.

        :param int move_id: the bill
        :param str amount: as typed
        :return: the page, or the bill again with the reason
        :raise NotFound: if there is no such bill or it is not this payer's
        """
        move_sudo = self._therapy_get_own_bill(move_id)
        payer_sudo = request.env.user.partner_id
        value, reason = self._therapy_check_amount(move_sudo, payer_sudo, amount)
        if reason or not move_sudo._therapy_online_payment_enabled():
            return self._therapy_render_bill(move_sudo, typed=amount, error=reason)
        url = f"/my/therapy/bill/{move_id}"
        return self._therapy_render_form(
            move_sudo,
            payer_sudo,
            value,
            page_name="therapy_bill",
            transaction_route=f"{url}/transaction",
            back_url=url,
        )

    @route("/my/therapy/bill/<int:move_id>/transaction", type="jsonrpc", auth="user")
    def therapy_bill_transaction(self, move_id, access_token=None, **kwargs):
        """Start the payment of an own bill.

        :param int move_id: the bill
        :param str access_token: not used, the login counts
        :param dict kwargs: what the payment form sends
        :return: processing values of the transaction
        :rtype: dict
        :raise NotFound: if there is no such bill or it is not this payer's
        """
        return self._therapy_start_transaction(
            self._therapy_get_own_bill(move_id),
            request.env.user.partner_id,
            "/my/therapy/done",
            kwargs,
        )

    @route("/my/therapy/done", type="http", auth="user", methods=["GET"], website=True)
    def therapy_done(self, **kwargs):
        """Say what became of the payment that this payer started.

        :return: the page
        """
        tx_sudo = self._therapy_get_own_transaction()
        moves_sudo, partner = tx_sudo.invoice_ids, request.env.user.partner_id
        prepaid = tx_sudo.therapy_is_prepayment
        owner = tx_sudo.paid_by_id if prepaid else moves_sudo.partner_id
        if not tx_sudo or owner != partner:
            return request.redirect("/my/therapy", local=True)
        again = (
            f"/my/therapy/bill/{moves_sudo.id}"
            if len(moves_sudo) == 1
            else ("/my/therapy/prepay" if prepaid else "/my/therapy/pay")
        )
        values = {
            **self._prepare_portal_layout_values(),
            "tx": tx_sudo,
            "move": moves_sudo,
            "left": sum(move._therapy_get_payable_amount() for move in moves_sudo),
            "again_url": again,
            "home_url": "/my/therapy",
            "page_name": "therapy",
        }
        return request.render("therapy_portal.portal_therapy_done", values)

    # === CORE'S PAGES === #

    @route()
    def portal_my_invoice_detail(
        self, invoice_id, access_token=None, report_type=None, download=False, **kw
    ):
        """Override of `account`: patients' bills open on our pages.

        With a link only, the page shows what /pay shows (P1). The payer gets the page
        that explains the bill. Documents stay core's route; they are neutral.
        """
        try:
            move_sudo = self._document_check_access(
                "account.move", invoice_id, access_token
            )
        except (AccessError, MissingError):
            return request.redirect("/my")
        if not move_sudo._therapy_is_private() or request.env.user._is_internal():
            return super().portal_my_invoice_detail(
                invoice_id,
                access_token=access_token,
                report_type=report_type,
                download=download,
                **kw,
            )
        if move_sudo._therapy_is_for_insurer():
            return request.redirect("/my")
        own = request.env.user.partner_id == move_sudo.partner_id
        if report_type or (own and not move_sudo.is_therapy_bill):
            return super().portal_my_invoice_detail(
                invoice_id,
                access_token=access_token,
                report_type=report_type,
                download=download,
                **kw,
            )
        if own:
            return request.redirect(f"/my/therapy/bill/{move_sudo.id}")
        if not move_sudo._therapy_can_be_shared():
            return self._therapy_render("therapy_portal.pay_closed", {})
        self._therapy_grant(move_sudo)
        return request.redirect("/pay/bill")

    def _get_common_page_view_values(self, invoices_data, access_token=None, **kwargs):
        """Override of `account_payment`: visitors cannot save a card (P4)."""
        values = super()._get_common_page_view_values(
            invoices_data, access_token=access_token, **kwargs
        )
        if request.env.user._is_public():
            values["tokens_sudo"] = request.env["payment.token"]
            values["show_tokenize_input_mapping"] = dict.fromkeys(
                values["providers_sudo"].ids, False
            )
        return values

    def _overdue_invoices_get_page_view_values(self, overdue_invoices, **kwargs):
        """Override of `account_payment`: ask for what is left, not for the totals.

        Core asks for the sum of the bills' totals, whatever was paid on them.
        """
        # sudo: what others reserved counts and is not shown
        payable = {
            move: move.sudo()._therapy_get_payable_amount()  # sudo: see line above
            for move in overdue_invoices
            if not move.partner_id.is_insurer
        }
        open_moves = overdue_invoices.filtered(payable.get)
        values = super()._overdue_invoices_get_page_view_values(open_moves, **kwargs)
        if "payment" in values:
            total = sum(payable[move] for move in open_moves)
            values["amount"] = open_moves.currency_id.round(total)
            values["payment"]["amount"] = values["amount"]
        return values

    # === HELPERS === #

    def _therapy_get_family_values(self):
        """Return the family view of the user: patients, bills, sums.

        :return: rendering values
        :rtype: dict
        """
        partner = request.env.user.partner_id
        family = partner._therapy_get_portal_family()
        return {
            "family": family,
            "family_totals": partner._therapy_get_portal_totals(family),
            "family_credits": partner._therapy_get_portal_credits(),
            "currency": request.env.company.currency_id,
        }

    def _therapy_get_own_bill(self, move_id):
        """Return a bill of the user who is logged in.

        :param int move_id: the bill
        :return: sudoed `account.move`
        :raise NotFound: if there is no such bill or it is somebody else's
        """
        domain = request.env.user.partner_id._therapy_get_portal_bills_domain()
        # sudo: the bill holds private parts; the domain holds whose it is
        Move = request.env["account.move"].sudo()  # sudo: see line above
        move_sudo = Move.search(Domain("id", "=", move_id) & domain, limit=1)
        if not move_sudo:
            raise NotFound()
        return move_sudo

    def _therapy_render_bill(self, move_sudo, typed="", error=""):
        """Render the page of a bill for its payer.

        :param move_sudo: the bill, as sudoed `account.move`
        :param str typed: amount to keep in the field
        :param str error: why it was refused
        :return: response
        """
        payer_sudo = request.env.user.partner_id
        request.env["therapy.access.log"]._therapy_log(move_sudo, "portal")
        values = {
            **self._prepare_portal_layout_values(),
            "move": move_sudo,
            "explained": move_sudo._therapy_explain(),
            "payments": move_sudo._therapy_get_portal_payments(),
            "offer": move_sudo._therapy_get_amount_to_offer(payer_sudo)
            if move_sudo._therapy_can_be_shared()
            else 0.0,
            "typed": typed[:20],
            "error": error,
            "switched_on": move_sudo._therapy_online_payment_enabled(),
            "action_url": f"/my/therapy/bill/{move_sudo.id}/pay",
            "page_name": "therapy_bill",
        }
        return request.render("therapy_portal.portal_therapy_bill", values)

    def _therapy_render_form(self, bills, payer_sudo, amount, **values):
        """Render core's payment form with the payer's saved cards.

        :param bills: what is paid, in sudo mode; none for a prepayment
        :param payer_sudo: the payer
        :param float amount: what is paid now
        :param dict values: page's name and routes; may replace any value of the form
        :return: response
        """
        values = self._therapy_get_form_values(
            bills,
            payer_sudo,
            amount,
            landing_route="/my/therapy/done",
            access_token=False,  # The login is what counts.
            **values,
        )
        providers_sudo = values["providers_sudo"]
        Token = request.env["payment.token"].sudo()  # sudo: reads fields of providers
        values.update(
            self._prepare_portal_layout_values(),
            page_name=values["page_name"],
            tokens_sudo=Token._get_available_tokens(providers_sudo.ids, payer_sudo.id),
            show_tokenize_input_mapping=self._compute_show_tokenize_input_mapping(
                providers_sudo
            ),
        )
        return request.render("therapy_portal.portal_therapy_pay", values)
