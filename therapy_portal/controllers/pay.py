from datetime import timedelta

from werkzeug.exceptions import Forbidden

from odoo import fields
from odoo.http import STORED_SESSION_BYTES, request, route
from odoo.tools import consteq
from odoo.tools.misc import hmac

from odoo.addons.therapy_billing.tools.clock import now

from ..const import GRANT_MINUTES
from .payment import GRANT_KEY, PaymentPortal

# Every page here is about money and reached with a secret: no copy in a cache, no
# address handed on, no frame around it.
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}

PUBLIC_PAGE = {"type": "http", "auth": "public", "website": True, "sitemap": False}


class TherapyPay(PaymentPortal):
    """The public payment pages: bill number and code, amount, card, confirmation.

    They show practice, number, dates and amounts only (P1). The secret is typed and
    posted, never in an address. A right number and code open the pages of that bill
    for half an hour in this browser.
    """

    # === LOOK UP === #

    @route("/pay", methods=["GET"], **PUBLIC_PAGE)
    def therapy_pay(self, bill="", **kwargs):
        """Show the form for bill number and access code.

        :param str bill: bill number to fill in
        :return: the page
        """
        notice = request.session.pop("therapy_pay_notice", "")
        return self._therapy_render_lookup(number=bill[:64], notice=notice)

    @route("/pay", methods=["POST"], **PUBLIC_PAGE)
    def therapy_pay_open(self, bill_number="", access_code="", **kwargs):
        """Open the bill, or answer every failure with the same words (P3).

        :param str bill_number: as typed
        :param str access_code: as typed
        :return: redirection to the bill, or the form again
        """
        request.session.pop(GRANT_KEY, None)
        # No database takes a NUL, and it must not get another answer.
        number, code = (
            text.replace("\0", "").strip() for text in (bill_number, access_code)
        )
        # Odoo takes the address from the proxy's header in proxy mode only.
        address = request.httprequest.remote_addr
        Attempt = request.env["therapy.access.attempt"].sudo()  # sudo: for visitors
        move_id = Attempt._open_bill(number, code, address)
        if not move_id:
            return self._therapy_render_lookup(number=number[:64], failed=True)
        Move_sudo = request.env["account.move"].sudo()  # sudo: number and code fit
        move_sudo = Move_sudo.browse(move_id)
        move_sudo.fetch(["access_code"])  # The page that follows reads the rest.
        self._therapy_grant(move_sudo)
        return request.redirect("/pay/bill", code=303, local=True)

    # === AMOUNT === #

    @route("/pay/bill", methods=["GET"], **PUBLIC_PAGE)
    def therapy_pay_bill(self, **kwargs):
        """Show what is due and ask how much to pay.

        :return: the page, or back to the form when no bill is open in this browser
        """
        move_sudo = self._therapy_get_granted_bill()
        if not move_sudo:
            return self._therapy_ask_again()
        return self._therapy_render_amount(move_sudo)

    # === PAYMENT === #

    @route("/pay/card", methods=["GET"], **PUBLIC_PAGE)
    def therapy_pay_card(self, amount="", **kwargs):
        """Show core's payment form for an amount, without saved cards.

        :param str amount: as typed
        :return: the page, or the amount again with the reason
        """
        move_sudo = self._therapy_get_granted_bill()
        if not move_sudo:
            return self._therapy_ask_again()
        payer_sudo = self._therapy_get_guest(move_sudo)
        value, reason = self._therapy_check_amount(move_sudo, payer_sudo, amount)
        if reason or not move_sudo._therapy_online_payment_enabled():
            return self._therapy_render_amount(move_sudo, typed=amount, error=reason)
        values = self._therapy_get_form_values(
            move_sudo,
            payer_sudo,
            value,
            transaction_route="/pay/transaction",
            landing_route="/pay/done",
            access_token=self._therapy_sign_grant(move_sudo),
            back_url="/pay/bill",
            # Providers fill in what they know about this partner, and a visitor must
            # not read it (P1). The transaction is made for the bill's payer.
            partner_id=request.env.ref("base.public_partner").id,
            allow_token_selection=False,
        )
        return self._therapy_render("therapy_portal.pay_card", values)

    @route("/pay/transaction", type="jsonrpc", auth="public")
    def therapy_pay_transaction(self, access_token=None, **kwargs):
        """Start the payment of the bill that is open in this browser.

        Whoever pays here is a guest, logged in or not: no saved card is used or made,
        and the payment is booked on the bill's payer.

        :param str access_token: signature that came with the payment form
        :param dict kwargs: what the payment form sends
        :return: processing values of the transaction
        :rtype: dict
        :raise Forbidden: if no bill is open in this browser or the signature is wrong
        """
        move_sudo = self._therapy_get_granted_bill()
        if not move_sudo or not consteq(
            access_token or "", self._therapy_sign_grant(move_sudo)
        ):
            raise Forbidden()
        self._therapy_refuse_saved_cards(
            kwargs.get("flow"),
            kwargs.get("token_id"),
            kwargs.get("tokenization_requested"),
        )
        return self._therapy_start_transaction(
            move_sudo,
            self._therapy_get_guest(move_sudo),
            "/pay/done",
            kwargs,
            therapy_pay_link_id=self._therapy_get_granted_link().id,
        )

    # === CONFIRMATION === #

    @route("/pay/done", methods=["GET"], **PUBLIC_PAGE)
    def therapy_pay_done(self, **kwargs):
        """Say what became of the payment that this browser started.

        :return: the page
        """
        tx_sudo = self._therapy_get_own_transaction()
        move_sudo = tx_sudo.invoice_ids
        if len(move_sudo) != 1:
            # What pays several bills, or none, was started after login.
            page = "/my/therapy/done" if tx_sudo else "/pay"
            return request.redirect(page, local=True)
        granted = self._therapy_get_granted_bill() == move_sudo
        return self._therapy_render(
            "therapy_portal.pay_done",
            {
                "tx": tx_sudo,
                "move": move_sudo,
                "res_company": move_sudo.company_id,
                "left": move_sudo._therapy_get_payable_amount(),
                "again_url": "/pay/bill" if granted else "/pay",
                # A link is good for one payment: the rest needs a new one.
                "ask_again": bool(tx_sudo.therapy_pay_link_id) and not granted,
                "home_url": False,
            },
        )

    # === HELPERS === #

    def _therapy_render(self, template, values):
        """Render a page with the headers of the public payment pages.

        :param str template: XML id
        :param dict values: rendering values
        :return: response
        """
        response = request.render(template, values)
        response.headers.update(PAGE_HEADERS)
        return response

    def _therapy_render_lookup(self, number="", failed=False, notice=""):
        """Render the form for number and code; the code is never filled in again.

        :param str number: bill number to fill in
        :param bool failed: whether to show the one answer for failures
        :param str notice: a hint to show above the form
        :return: response
        """
        values = {"bill_number": number, "failed": failed, "notice": notice}
        return self._therapy_render("therapy_portal.pay_lookup", values)

    def _therapy_render_amount(self, move_sudo, typed="", error=""):
        """Render what is due and the question how much to pay.

        :param move_sudo: the bill, as sudoed `account.move`
        :param str typed: amount to keep in the field
        :param str error: why it was refused
        :return: response
        """
        request.env["therapy.access.log"]._therapy_log(move_sudo, "link")
        return self._therapy_render(
            "therapy_portal.pay_bill",
            {
                "move": move_sudo,
                "res_company": move_sudo.company_id,
                "offer": move_sudo._therapy_get_amount_to_offer(
                    self._therapy_get_guest(move_sudo)
                ),
                "link": self._therapy_get_granted_link(),
                "typed": typed[:20],
                "error": error,
                "switched_on": move_sudo._therapy_online_payment_enabled(),
                "action_url": "/pay/card",
            },
        )

    def _therapy_ask_again(self):
        """Send a visitor whose time is over back to the form, or to a new link.

        :return: redirection
        """
        grant = request.session.pop(GRANT_KEY, None)
        if grant and grant.get("link_id"):
            return request.redirect("/pay/expired", code=303, local=True)
        if grant:
            request.session["therapy_pay_notice"] = request.env._(
                "For your safety the page was closed. "
                "Please type number and code again."
            )
        return request.redirect("/pay", code=303, local=True)

    def _therapy_grant(self, move_sudo, link_sudo=None):
        """Open a bill's payment pages in this browser.

        :param move_sudo: the bill, as sudoed `account.move`
        :param link_sudo: the link that opened it, if one did
        :return: None
        """
        until = now() + timedelta(minutes=GRANT_MINUTES)
        request.session[GRANT_KEY] = {
            "move_id": move_sudo.id,
            "link_id": link_sudo.id if link_sudo else False,
            "until": fields.Datetime.to_string(until),
            "stamp": self._therapy_get_stamp(move_sudo, link_sudo),
        }

    def _therapy_get_granted_bill(self):
        """Return the bill that is open in this browser, if it still is.

        A grant ends after its time, when the bill's code changes or dies, and at the
        second its link ends.

        :return: sudoed `account.move`, possibly empty
        :rtype: recordset of `account.move`
        """
        # sudo: visitors may see no bill; the grant is kept on the server
        Move = request.env["account.move"].sudo()  # sudo: see line above
        grant = request.session.get(GRANT_KEY) or {}
        if not grant or fields.Datetime.to_datetime(grant["until"]) < now():
            return Move.browse()
        move_sudo = Move.browse(grant["move_id"]).exists()
        link_sudo = self._therapy_get_granted_link()
        if not move_sudo or not move_sudo._therapy_can_be_shared():
            return Move.browse()
        if grant.get("link_id") and not link_sudo._is_open():
            return Move.browse()
        stamp = self._therapy_get_stamp(move_sudo, link_sudo)
        return move_sudo if consteq(grant["stamp"], stamp) else Move.browse()

    def _therapy_get_granted_link(self):
        """Return the link that opened the bill in this browser, of whatever state.

        :return: sudoed `therapy.pay.link`, empty if number and code did
        :rtype: recordset of `therapy.pay.link`
        """
        # sudo: the id comes from the visitor's own session, kept on the server
        Link_sudo = request.env["therapy.pay.link"].sudo()  # sudo: see line above
        grant = request.session.get(GRANT_KEY) or {}
        return Link_sudo.browse(grant.get("link_id") or []).exists()

    def _therapy_get_guest(self, move_sudo):
        """Return on whose behalf a visitor pays: who got the link, else the payer.

        :param move_sudo: the bill, as sudoed `account.move`
        :return: sudoed `res.partner`
        :rtype: recordset of `res.partner`
        """
        return self._therapy_get_granted_link().partner_id or move_sudo.partner_id

    def _therapy_get_stamp(self, move_sudo, link_sudo=None):
        """Return a hash that changes with the bill's access code, or with the link.

        :param move_sudo: the bill, as sudoed `account.move`
        :param link_sudo: the link that opened it, if one did
        :return: hexadecimal hash
        :rtype: str
        """
        secret = link_sudo.token_hash if link_sudo else move_sudo.access_code
        message = (move_sudo.id, link_sudo.id if link_sudo else 0, secret or "")
        # sudo: the database secret is the key of the hash
        return hmac(request.env(su=True), "therapy_pay_grant", message)  # su: see above

    def _therapy_sign_grant(self, move_sudo):
        """Return the token that ties the payment form to this browser's open bill.

        :param move_sudo: the bill, as sudoed `account.move`
        :return: hexadecimal hash
        :rtype: str
        """
        # The rest of the session's id changes from time to time.
        message = (move_sudo.id, request.session.sid[:STORED_SESSION_BYTES])
        # sudo: the database secret is the key of the hash
        return hmac(request.env(su=True), "therapy_pay_form", message)  # su: see above
