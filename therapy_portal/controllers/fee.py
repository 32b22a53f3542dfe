from datetime import datetime, timedelta

from odoo.exceptions import ValidationError
from odoo.http import request, route

from odoo.addons.therapy_billing.tools.clock import now

from .pay import TherapyPay

# Session key: the fee this visitor was shown last.
FEE_KEY = "therapy_pay_fee"
#: Minutes after which a fee is shown anew.
FEE_MINUTES = 15


class TherapyFee(TherapyPay):
    """The fee on a credit card: shown, accepted, and only then charged (M7).

    The browser sends the amount for the bills and never a fee. What was shown is kept
    in the visitor's session; the transaction takes it from there.
    """

    # === ROUTES === #

    @route("/pay/fee", type="jsonrpc", auth="public")
    def therapy_pay_fee(
        self,
        provider_id,
        amount,
        token_id=None,
        confirmation=None,
        transaction_route="",
        **kwargs,
    ):
        """Return the fee on what a payer is about to pay.

        :param int provider_id: the payment provider
        :param float amount: what is paid on the bills
        :param int token_id: saved card, of the user who asks
        :param str confirmation: what stands for a card typed now, at the provider
        :param str transaction_route: where the payment will be started
        :return: `fee` (0.0 without one), `total`, `text`, `label`
        :rtype: dict
        """
        request.session.pop(FEE_KEY, None)
        if request.env.user._is_public() and not self._therapy_get_granted_bill():
            return {"fee": 0.0}  # A stranger makes nobody ask the processor.
        provider_sudo = request.env["payment.provider"].sudo()  # sudo: for visitors
        provider_sudo = provider_sudo.browse(int(provider_id)).exists()
        card = self._therapy_get_fee_card(provider_sudo, token_id, confirmation)
        payer_sudo = self._therapy_get_fee_payer(transaction_route)
        currency = provider_sudo.company_id.currency_id
        fee = request.env["therapy.fee.rule"]._get_fee(
            float(amount or 0.0), currency, provider_sudo.company_id, payer_sudo, **card
        )
        if not fee.amount:
            return {"fee": 0.0}
        request.session[FEE_KEY] = {
            "token_id": token_id or False,
            "base": currency.round(float(amount)),
            "fee": fee.amount,
            "total": fee.total,
            "text": fee.text,
            "card": card,
            "at": now().isoformat(),
            "accepted": False,
        }
        return {
            "fee": fee.amount,
            "total": fee.total,
            "text": fee.text,
            "label": request.env._("Pay %(total)s", total=currency.format(fee.total)),
        }

    @route("/pay/fee/accept", type="jsonrpc", auth="public")
    def therapy_accept_fee(self, **kwargs):
        """Take note that the visitor accepts the fee shown last.

        :return: whether there was one
        :rtype: bool
        """
        shown = request.session.get(FEE_KEY)
        if shown:
            request.session[FEE_KEY] = {**shown, "accepted": True}
        return bool(shown)

    # === HELPERS === #

    def _therapy_get_fee_card(self, provider_sudo, token_id, confirmation):
        """Return the card that a payer is about to use.

        :param provider_sudo: sudoed `payment.provider`
        :param int token_id: saved card
        :param str confirmation: what stands for a card typed now
        :return: see `payment.token._therapy_get_fee_card`
        :rtype: dict
        """
        none = {"funding": "unknown", "is_benefit_card": False, "brand": ""}
        if token_id:
            Token_sudo = request.env["payment.token"].sudo()  # sudo: checked below
            token_sudo = Token_sudo.browse(int(token_id)).exists()
            if token_sudo.partner_id != request.env.user.partner_id:
                return none
            return token_sudo._therapy_get_fee_card()
        if confirmation and provider_sudo:
            return provider_sudo._therapy_read_card(str(confirmation)) or none
        return none

    def _therapy_get_fee_payer(self, transaction_route):
        """Return who will pay: the bill's payer on the public page, else the user.

        :param str transaction_route: where the payment will be started
        :return: sudoed `res.partner`
        """
        if (transaction_route or "").startswith("/pay/"):
            move_sudo = self._therapy_get_granted_bill()
            if move_sudo:
                return move_sudo.partner_id
        return request.env.user.partner_id.sudo()  # sudo: only the state is read

    def _create_transaction(
        self,
        *args,
        amount,
        flow,
        token_id=None,
        custom_create_values=None,
        **kwargs,
    ):
        """Override to add the fee that the payer was shown and accepted.

        Without that there is none: nobody pays a fee that was not agreed to.

        :raise ValidationError: if the fee that was accepted is for something else
        """
        values = custom_create_values or {}
        if amount and values.get("invoice_ids") and not kwargs.get("is_validation"):
            vals = self._therapy_take_fee(amount, token_id if flow == "token" else None)
            amount = vals.pop("amount", amount)
            values = {**values, **vals}
        return super()._create_transaction(
            *args,
            amount=amount,
            flow=flow,
            token_id=token_id,
            custom_create_values=values,
            **kwargs,
        )

    def _therapy_take_fee(self, amount, token_id) -> dict:
        """Return the values of the fee that was accepted for just this payment.

        Whether it is still allowed is checked where transactions are made.

        :param float amount: what is paid on the bills
        :param int token_id: saved card that is charged
        :return: values of a `payment.transaction`, empty without a fee
        :rtype: dict
        :raise ValidationError: if the fee was shown for something else
        """
        shown = request.session.pop(FEE_KEY, None)
        if not shown or not shown["accepted"]:
            return {}
        old = datetime.fromisoformat(shown["at"]) < now() - timedelta(
            minutes=FEE_MINUTES
        )
        other = (shown["token_id"] or None) != (token_id or None)
        if old or other or abs(shown["base"] - amount) >= 0.005:
            raise ValidationError(
                request.env._(
                    "The fee on this card has changed. Please look at the total again."
                )
            )
        return {
            "amount": shown["total"],
            "base_amount": shown["base"],
            "fee_amount": shown["fee"],
            "fee_text": shown["text"],
            "fee_funding": shown["card"]["funding"],
            "fee_brand": shown["card"]["brand"],
            "fee_accepted_at": now(),
            "fee_accepted_user_id": request.env.uid,
        }
