from odoo.http import request, route

from .pay import PAGE_HEADERS, PUBLIC_PAGE, TherapyPay
from .payment import GRANT_KEY

# Session key: the link a visitor opened last, to ask for a new one.
ASK_KEY = "therapy_pay_ask"
# Session key: the address for receipts whose link a visitor opened.
RECEIPT_KEY = "therapy_receipt"


class TherapyPayLink(TherapyPay):
    """One-time links: they open the payment pages of one bill without a code (P4).

    The token is in the address of the first request only. The answer leads away from
    it, so no page, script, picture or further address ever has it. Opening a link uses
    nothing up: scanners of mail open links too.
    """

    # No languages: they would put the token into another address.
    @route("/pay/<string:token>", methods=["GET"], multilang=False, **PUBLIC_PAGE)
    def therapy_pay_link(self, token, **kwargs):
        """Open the payment pages of a link's bill.

        :param str token: the secret of the link
        :return: redirection to the amount, or to the one page for all that is over
        """
        request.session.pop(GRANT_KEY, None)
        request.session.pop(ASK_KEY, None)
        # Odoo takes the address from the proxy's header in proxy mode only.
        address = request.httprequest.remote_addr
        Attempt = request.env["therapy.access.attempt"]
        link_id = Attempt._open_link(token, address)
        # sudo: who holds the token may use the link
        Link_sudo = request.env["therapy.pay.link"].sudo()  # sudo: see line above
        link_sudo = Link_sudo.browse(link_id or [])
        if link_sudo:
            request.session[ASK_KEY] = link_sudo.id
        if not link_sudo._is_open() or not link_sudo.move_id._therapy_can_be_shared():
            return self._therapy_lead_away("/pay/expired")
        self._therapy_grant(link_sudo.move_id, link_sudo)
        return self._therapy_lead_away("/pay/bill")

    @route("/pay/expired", methods=["GET"], **PUBLIC_PAGE)
    def therapy_pay_expired(self, **kwargs):
        """Say that a link is over, the same for all that open nothing.

        :return: the page
        """
        return self._therapy_render("therapy_portal.pay_expired", {})

    @route("/pay/ask", methods=["POST"], **PUBLIC_PAGE)
    def therapy_pay_ask(self, **kwargs):
        """Pass on that a new link is wanted; the answer tells nothing.

        :return: redirection
        """
        # sudo: the id comes from the visitor's own session, kept on the server
        Link_sudo = request.env["therapy.pay.link"].sudo()  # sudo: see line above
        Link_sudo.browse(request.session.get(ASK_KEY) or []).exists()._ask_for_new()
        return request.redirect("/pay/asked", code=303, local=True)

    @route("/pay/asked", methods=["GET"], **PUBLIC_PAGE)
    def therapy_pay_asked(self, **kwargs):
        """Say that the wish was passed on, whether there was one or not.

        :return: the page
        """
        return self._therapy_render("therapy_portal.pay_asked", {})

    # === RECEIPTS === #

    @route(
        "/pay/receipts/<string:token>", methods=["GET"], multilang=False, **PUBLIC_PAGE
    )
    def therapy_receipt_link(self, token, **kwargs):
        """Lead to the page that asks whether receipts may come; changes nothing.

        :param str token: the secret of the link
        :return: redirection
        """
        address_sudo = request.env["therapy.receipt.address"]._find(token)
        request.session[RECEIPT_KEY] = address_sudo.id
        return self._therapy_lead_away("/pay/receipts")

    @route("/pay/receipts", methods=["GET", "POST"], **PUBLIC_PAGE)
    def therapy_receipts(self, **kwargs):
        """Ask for the confirmation of an address, and take it.

        :return: the page
        """
        # sudo: the id comes from the visitor's own session, kept on the server
        Address_sudo = request.env["therapy.receipt.address"].sudo()  # sudo: see above
        address_sudo = Address_sudo.browse(request.session.get(RECEIPT_KEY) or [])
        address_sudo = address_sudo.exists()
        done = address_sudo and request.httprequest.method == "POST"
        if done:
            address_sudo._confirm()
            request.session.pop(RECEIPT_KEY, None)
        return self._therapy_render(
            "therapy_portal.receipt_confirm",
            {
                "address": address_sudo,
                "done": done,
                "res_company": address_sudo.company_id or request.env.company,
            },
        )

    def _therapy_lead_away(self, path):
        """Redirect without handing the present address on.

        :param str path: where to
        :return: redirection
        """
        response = request.redirect(path, code=303, local=True)
        response.headers.update(PAGE_HEADERS)
        return response
