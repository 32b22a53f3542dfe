from odoo.http import request

from odoo.addons.account_payment.controllers import payment as account_payment
from odoo.addons.payment.controllers.portal import PaymentPortal as CorePaymentPortal

from ..tools.amounts import parse_amount, write_amount


class TherapyForm(account_payment.PaymentPortal):
    """Amounts as payers type them, and core's payment form for them."""

    def _therapy_check_amount(self, move_sudo, payer_sudo, typed):
        """Return the amount a payer typed, or why it cannot be paid.

        A first check that speaks plainly. What decides is made where transactions are
        created, under a lock.

        :param move_sudo: the bills, as sudoed `account.move`
        :param payer_sudo: who pays, as sudoed `res.partner`
        :param str|float typed: as typed
        :return: (amount or 0.0, reason or "")
        :rtype: tuple[float, str]
        """
        currency = move_sudo.currency_id
        offer = currency.round(
            sum(move._therapy_get_amount_to_offer(payer_sudo) for move in move_sudo)
        )
        return self._therapy_check_typed(currency, offer, typed, len(move_sudo) == 1)

    def _therapy_check_typed(self, currency, offer, typed, one_bill=False):
        """Return an amount as typed, or why it cannot be paid.

        :param currency: the `res.currency`
        :param float offer: the most that can be paid
        :param str|float typed: as typed
        :param bool one_bill: whether it is for just one bill
        :return: (amount or 0.0, reason or "")
        :rtype: tuple[float, str]
        """
        amount = self._therapy_read_amount(currency, typed)
        if amount is None:
            return 0.0, request.env._(
                "Type an amount like %(example)s.",
                example=self._therapy_write_amount(currency, min(offer, 25)),
            )
        if currency.compare_amounts(amount, 0) <= 0:
            return 0.0, request.env._("Type an amount above zero.")
        if currency.compare_amounts(amount, offer) > 0:
            most = currency.format(offer)
            if one_bill:
                return 0.0, request.env._(
                    "You can pay %(offer)s or less on this bill.", offer=most
                )
            return 0.0, request.env._("You can pay %(offer)s or less.", offer=most)
        return amount, ""

    def _therapy_read_amount(self, currency, typed):
        """Return an amount as the visitor's language writes it.

        :param currency: the `res.currency`
        :param str|float typed: as typed, or the number that the payment form sends
        :return: the amount, None if it is not clearly one
        :rtype: float | None
        """
        symbol, decimals = currency.symbol, currency.decimal_places
        if not isinstance(typed, str):
            # Numbers of scripts: 120.0 is an amount of a currency without cents too.
            return parse_amount(str(typed or "").removesuffix(".0"), symbol, decimals)
        lang = request.env["res.lang"]._get_data(code=request.env.lang)
        return parse_amount(
            *(typed, symbol, decimals),
            *(lang.decimal_point or ".", lang.thousands_sep or ""),
        )

    def _therapy_write_amount(self, currency, amount):
        """Return an amount as a field takes it in the visitor's language.

        :param currency: the `res.currency`
        :param float amount: the amount
        :rtype: str
        """
        lang = request.env["res.lang"]._get_data(code=request.env.lang)
        return write_amount(amount, currency.decimal_places, lang.decimal_point or ".")

    def _therapy_get_form_values(self, move_sudo, payer_sudo, amount, **values):
        """Return what core's payment form needs for one bill.

        :param move_sudo: the bill, as sudoed `account.move`
        :param payer_sudo: on whose behalf providers are chosen, sudoed `res.partner`
        :param float amount: what is paid now
        :param dict values: routes and access token; may replace any value
        :return: rendering values
        :rtype: dict
        """
        report = {}
        company = values.get("company") or move_sudo.company_id
        currency = values.get("currency") or move_sudo.currency_id
        Provider_sudo = request.env["payment.provider"].sudo()  # sudo: for visitors
        providers_sudo = Provider_sudo._get_compatible_providers(
            company.id,
            payer_sudo.id,
            amount,
            currency_id=currency.id,
            report=report,
        )
        Method_sudo = request.env["payment.method"].sudo()  # sudo: reads providers
        methods_sudo = Method_sudo._get_compatible_payment_methods(
            providers_sudo.ids, payer_sudo.id, currency_id=currency.id, report=report
        )
        return {
            "move": move_sudo,
            "res_company": company,
            "amount": amount,
            "currency": currency,
            "partner_id": payer_sudo.id,
            "providers_sudo": providers_sudo,
            "payment_methods_sudo": methods_sudo,
            "tokens_sudo": request.env["payment.token"],
            "availability_report": report,
            "show_tokenize_input_mapping": dict.fromkeys(providers_sudo.ids, False),
            "company_mismatch": not CorePaymentPortal._can_partner_pay_in_company(
                payer_sudo, company
            ),
            "expected_company": company,
            "submit_button_label": request.env._(
                "Pay %(amount)s", amount=currency.format(amount)
            ),
            **values,
        }
