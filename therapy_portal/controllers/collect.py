import re

from werkzeug.exceptions import NotFound

from odoo.exceptions import ValidationError
from odoo.fields import Command, Domain
from odoo.http import request, route

from .portal import PortalAccount

#: Bills that are paid at once.
MANY = 50

PAGE = {"type": "http", "auth": "user", "methods": ["GET"], "website": True}


class TherapyCollect(PortalAccount):
    """Paying several bills at once, and paying ahead."""

    # === SEVERAL BILLS === #

    @route("/my/therapy/pay", **PAGE)
    def therapy_pay_many(self, amount="", practice="", currency="", **kwargs):
        """Show the open bills to choose from, and the question how much to pay.

        Without a choice all are chosen.

        :param str amount: as typed
        :param str practice: id of the practice, for whoever has bills of several
        :param str currency: id of the currency, in the same way
        :param dict kwargs: `bill`, the chosen ones, once per bill
        :return: the page
        """
        chosen = self._therapy_get_chosen(
            request.httprequest.args.getlist("bill"), practice, currency
        )
        return self._therapy_render_many(chosen, typed=amount)

    @route("/my/therapy/pay/card", **PAGE)
    def therapy_pay_many_card(self, amount="", **kwargs):
        """Show the payment form for the chosen bills.

        :param str amount: as typed; empty for all of the chosen bills
        :param dict kwargs: `bill`, the chosen ones, once per bill
        :return: the page, or the choice again with the reason
        """
        asked = request.httprequest.args.getlist("bill")
        chosen = self._therapy_get_chosen(asked) if asked else False
        if not chosen:
            return self._therapy_render_many(
                chosen, error=request.env._("Choose a bill first.")
            )
        payer_sudo = request.env.user.partner_id
        every = sum(self._therapy_get_offers(chosen).values())
        value, reason = self._therapy_check_amount(
            chosen, payer_sudo, amount or chosen.currency_id.round(every)
        )
        if reason or not chosen._therapy_online_payment_enabled():
            return self._therapy_render_many(chosen, typed=amount, error=reason)
        key = "-".join(map(str, chosen.ids))
        back = "&".join(f"bill={bill.id}" for bill in chosen)
        return self._therapy_render_form(
            chosen,
            payer_sudo,
            value,
            page_name="therapy_pay_many",
            transaction_route=f"/my/therapy/pay/{key}/transaction",
            back_url=f"/my/therapy/pay?{back}",
        )

    @route("/my/therapy/pay/<string:key>/transaction", type="jsonrpc", auth="user")
    def therapy_pay_many_transaction(self, key, access_token=None, **kwargs):
        """Start the payment of several own bills; what is due first is paid first.

        :param str key: ids of the bills with dashes between
        :param str access_token: not used, the login counts
        :param dict kwargs: what the payment form sends
        :return: processing values of the transaction
        :rtype: dict
        :raise NotFound: if one of the bills is not this payer's open bill
        :raise ValidationError: if the amount cannot be paid
        """
        if not re.fullmatch(r"[0-9]{1,9}(-[0-9]{1,9}){0,49}", key):
            raise NotFound()
        asked = key.split("-")
        chosen = self._therapy_get_chosen(asked)
        if {str(bill.id) for bill in chosen} != set(asked):
            raise NotFound()
        return self._therapy_start_transaction(
            chosen, request.env.user.partner_id, "/my/therapy/done", kwargs
        )

    def _therapy_get_chosen(self, asked, practice="", currency=""):
        """Return the open bills that were chosen, of one practice and currency.

        :param list asked: ids as texts; all open bills if empty
        :param str practice: id of the practice as text; empty: of the first bill
        :param str currency: id of the currency as text; empty: of the first bill
        :return: the bills in sudo mode, the one due first before the others
        :rtype: recordset of `account.move`
        """
        partner = request.env.user.partner_id
        domain = partner._therapy_get_portal_open_domain()
        if asked:
            numbers = [
                int(text) for text in asked[:MANY] if re.fullmatch("[0-9]{1,9}", text)
            ]
            domain &= Domain("id", "in", numbers)
        for field, text in (("company_id", practice), ("currency_id", currency)):
            if re.fullmatch("[0-9]{1,9}", text):
                domain &= Domain(field, "=", int(text))
        Move_sudo = request.env["account.move"].sudo()  # sudo: own by the domain
        bills = Move_sudo.search(domain, order="invoice_date_due, id", limit=MANY)
        first = bills[:1]
        return bills.filtered(
            lambda bill: (
                bill.company_id == first.company_id
                and bill.currency_id == first.currency_id
            )
        )

    def _therapy_get_offers(self, bills):
        """Return what may be paid now of each bill.

        :param bills: own bills in sudo mode
        :return: amounts by bill
        :rtype: dict
        """
        payer = request.env.user.partner_id
        return {bill: bill._therapy_get_amount_to_offer(payer) for bill in bills}

    def _therapy_render_many(self, chosen, typed="", error=""):
        """Render the choice of bills.

        :param chosen: the chosen bills; False for none
        :param str typed: amount to keep in the field
        :param str error: why it was refused
        :return: response
        """
        like = chosen[:1] if chosen else request.env["account.move"]
        every = self._therapy_get_chosen(
            [], str(like.company_id.id or ""), str(like.currency_id.id or "")
        )
        chosen = chosen if chosen is not False else every.browse()
        offers = self._therapy_get_offers(every)
        values = {
            **self._prepare_portal_layout_values(),
            "bills": every,
            "chosen": chosen,
            "offers": offers,
            "total": sum(offers.get(bill, 0.0) for bill in chosen),
            "currency": every.currency_id[:1] or request.env.company.currency_id,
            "typed": typed[:20],
            "error": error,
            "switched_on": request.env[
                "account.move"
            ]._therapy_online_payment_enabled(),
            "show_patient": len(every.patient_id) > 1,
            "page_name": "therapy_pay_many",
        }
        return request.render("therapy_portal.portal_therapy_pay_many", values)

    # === PAYING AHEAD === #

    @route("/my/therapy/prepay", **PAGE)
    def therapy_prepay(self, amount="", **kwargs):
        """Ask how much to pay ahead.

        :param str amount: as typed
        :return: the page
        """
        return self._therapy_render_prepay(typed=amount)

    @route("/my/therapy/prepay/card", **PAGE)
    def therapy_prepay_card(self, amount="", **kwargs):
        """Show the payment form of a prepayment.

        :param str amount: as typed
        :return: the page, or the amount again with the reason
        """
        company = request.env.company
        currency = company.currency_id
        most = company.therapy_prepay_limit or 1_000_000
        value, reason = self._therapy_check_typed(currency, most, amount)
        if reason or not request.env["account.move"]._therapy_online_payment_enabled():
            return self._therapy_render_prepay(typed=amount, error=reason)
        nothing = request.env["account.move"].sudo()  # sudo: an empty record
        return self._therapy_render_form(
            nothing,
            request.env.user.partner_id,
            value,
            page_name="therapy_prepay",
            transaction_route="/my/therapy/prepay/transaction",
            back_url="/my/therapy/prepay?amount="
            + self._therapy_write_amount(currency, value),
            company=company,
            currency=currency,
        )

    @route("/my/therapy/prepay/transaction", type="jsonrpc", auth="user")
    def therapy_prepay_transaction(self, amount=None, access_token=None, **kwargs):
        """Start a prepayment.

        :param float amount: the amount of the payment form
        :param str access_token: not used, the login counts
        :param dict kwargs: what the payment form sends
        :return: processing values of the transaction
        :rtype: dict
        :raise ValidationError: if the amount cannot be paid
        """
        self._therapy_check_switched_on()
        self._validate_transaction_kwargs(kwargs)
        kwargs.pop("is_validation", None)
        company, partner = request.env.company, request.env.user.partner_id
        if not isinstance(amount, (int, float)) or isinstance(amount, bool):
            raise ValidationError(request.env._("Type an amount like 25.00."))
        kwargs.update(
            amount=amount,
            currency_id=company.currency_id.id,
            partner_id=partner.id,
            landing_route="/my/therapy/done",
        )
        tx_sudo = self._create_transaction(
            custom_create_values={
                "therapy_is_prepayment": True,
                "paid_by_id": partner.id,
                "invoice_ids": [Command.clear()],
            },
            **kwargs,
        )
        return tx_sudo._get_processing_values()

    def _therapy_render_prepay(self, typed="", error=""):
        """Render the question how much to pay ahead.

        :param str typed: amount to keep in the field
        :param str error: why it was refused
        :return: response
        """
        company = request.env.company
        values = {
            **self._prepare_portal_layout_values(),
            "currency": company.currency_id,
            "most": company.therapy_prepay_limit,
            "credit": request.env.user.partner_id._therapy_get_portal_credit(company),
            "typed": typed[:20],
            "error": error,
            "switched_on": request.env[
                "account.move"
            ]._therapy_online_payment_enabled(),
            "page_name": "therapy_prepay",
        }
        return request.render("therapy_portal.portal_therapy_prepay", values)
