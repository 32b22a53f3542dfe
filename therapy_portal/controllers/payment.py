from collections import defaultdict

from werkzeug.exceptions import abort

from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.fields import Command
from odoo.http import request, route

from .form import TherapyForm

# Session keys: the bill a visitor opened, the transaction a visitor started.
GRANT_KEY = "therapy_pay_grant"
TX_KEY = "therapy_pay_tx"


class PaymentPortal(TherapyForm):
    """Core's payment routes under the rules of patients' bills, and what ours share."""

    # === ROUTES OF CORE === #

    @route()
    def invoice_transaction(self, invoice_id, access_token, **kwargs):
        """Override of `account_payment` to refuse what no payer may do.

        The amount is checked where transactions are made, for all routes (M3).

        :raise ValidationError: for an insurer's bill, or when payment is switched off
        """
        # First of all: whoever may not see a bill learns nothing of it, not even
        # whether there is one.
        refused = ValidationError(request.env._("The access token is invalid."))
        try:
            move_sudo = self._document_check_access(
                "account.move", invoice_id, access_token
            )
        except (AccessError, MissingError):
            raise refused from None
        if move_sudo._therapy_is_for_insurer():
            raise refused
        self._therapy_check_switched_on(move_sudo)
        kwargs.pop("is_validation", None)
        if move_sudo._therapy_is_private():
            own = move_sudo.partner_id == request.env.user.partner_id
            kwargs["landing_route"] = "/my/therapy/done" if own else "/pay/done"
        return super().invoice_transaction(invoice_id, access_token, **kwargs)

    @route()
    def overdue_invoices_transaction(self, payment_reference, **kwargs):
        """Override of `account_payment` to pay what is left of each bill, not more."""
        self._therapy_check_switched_on()
        kwargs.pop("is_validation", None)
        return super().overdue_invoices_transaction(payment_reference, **kwargs)

    def _get_extra_payment_form_values(
        self, invoice_id=None, access_token=None, **kwargs
    ):
        """Override of `account_payment`: a link offers what is left, not more."""
        values = super()._get_extra_payment_form_values(
            invoice_id=invoice_id, access_token=access_token, **kwargs
        )
        move_id = self._cast_as_int(invoice_id)
        if move_id:
            Move_sudo = request.env["account.move"].sudo()  # sudo: checked by super
            move_sudo = Move_sudo.browse(move_id)
            offer = move_sudo._therapy_get_amount_to_offer(move_sudo.partner_id)
            asked = values.get("amount", kwargs.get("amount") or 0.0)
            values["amount"] = min(asked, offer)
            if move_sudo._therapy_is_private():
                # Core's form of a bill that takes no payment offers nothing.
                self._therapy_check_form(move_sudo)
        if request.env.user._is_public():
            values["show_tokenize_input_mapping"] = defaultdict(bool)
        return values

    def _create_transaction(
        self, *args, flow, token_id=None, tokenization_requested=False, **kwargs
    ):
        """Override of `payment`: saved cards need a login and are one person's (P4).

        :raise ValidationError: if a visitor wants to use or save a card
        :raise AccessError: if the card belongs to somebody else
        """
        if request.env.user._is_public():
            self._therapy_refuse_saved_cards(flow, token_id, tokenization_requested)
        elif flow == "token":
            # Core lets a household share its cards.
            Token_sudo = request.env["payment.token"].sudo()  # sudo: as core reads it
            if (
                Token_sudo.browse(token_id).exists().partner_id
                != request.env.user.partner_id
            ):
                raise AccessError(
                    request.env._("You do not have access to this payment token.")
                )
        tx_sudo = super()._create_transaction(
            *args,
            flow=flow,
            token_id=token_id,
            tokenization_requested=tokenization_requested,
            **kwargs,
        )
        request.session[TX_KEY] = tx_sudo.id
        return tx_sudo

    # === SHARED BY OUR ROUTES === #

    def _therapy_check_form(self, move_sudo):
        """Answer with our page instead of core's form when nothing may be paid.

        :param move_sudo: the bill, as sudoed `account.move`
        :return: None
        :raise HTTPException: the page that says so
        """
        if not move_sudo._therapy_online_payment_enabled():
            page = request.render("therapy_portal.pay_off", {})
            page.flatten()
            abort(page)

    def _therapy_refuse_saved_cards(self, flow, token_id, tokenization_requested):
        """Refuse to use or save a card.

        :param str flow: payment flow asked for
        :param int|None token_id: saved card asked for
        :param bool tokenization_requested: whether the card is to be saved
        :return: None
        :raise ValidationError: if any of these asks for a saved card
        """
        if flow == "token" or token_id or tokenization_requested:
            raise ValidationError(
                request.env._(
                    "Log in to use or save a card. You can pay without saving it."
                )
            )

    def _therapy_check_switched_on(self, moves_sudo=None):
        """Refuse when no payment is taken online, on every route.

        :param moves_sudo: the bills, if known, as sudoed `account.move`
        :return: None
        :raise ValidationError: if one of the switches is off
        """
        moves_sudo = moves_sudo or request.env["account.move"]
        if not moves_sudo._therapy_online_payment_enabled():
            raise ValidationError(
                request.env._(
                    "Online payment is switched off. Please call the practice."
                )
            )

    def _therapy_start_transaction(
        self, move_sudo, payer_sudo, landing_route, kwargs, **create_values
    ):
        """Make the transaction of one bill and return what the form needs to go on.

        :param move_sudo: the bill, as sudoed `account.move`
        :param payer_sudo: who pays, as sudoed `res.partner`
        :param str landing_route: where the payer comes back to, whatever was asked
        :param dict kwargs: what the payment form sent
        :param dict create_values: more values of the transaction
        :return: processing values of the transaction
        :rtype: dict
        :raise ValidationError: if the amount cannot be paid, in words for payers
        """
        self._therapy_check_switched_on(move_sudo)
        self._validate_transaction_kwargs(kwargs)
        kwargs.pop("is_validation", None)
        amount, reason = self._therapy_check_amount(
            move_sudo, payer_sudo, kwargs.pop("amount", None)
        )
        if reason:
            raise ValidationError(reason)
        kwargs.update(
            amount=amount,
            currency_id=move_sudo.currency_id.id,
            partner_id=payer_sudo.id,
            landing_route=landing_route,
        )
        tx_sudo = self._create_transaction(
            custom_create_values={
                "invoice_ids": [Command.set(move_sudo.ids)],
                "paid_by_id": payer_sudo.id,
                **create_values,
            },
            **kwargs,
        )
        return tx_sudo._get_processing_values()

    def _therapy_get_own_transaction(self):
        """Return the transaction this visitor started last on our pages.

        :return: sudoed `payment.transaction`, possibly empty
        :rtype: recordset of `payment.transaction`
        """
        # sudo: the id comes from the visitor's own session, kept on the server
        Transaction = request.env["payment.transaction"].sudo()  # sudo: see line above
        return Transaction.browse(request.session.get(TX_KEY) or []).exists()
