import logging

from odoo import http
from odoo.exceptions import LockError
from odoo.http import request

from odoo.addons.payment_stripe.controllers.main import StripeController

from ..adapter import read_event
from ..outcome import StripeFailure

_logger = logging.getLogger(__name__)


class TherapyStripeController(StripeController):
    """Core's two public routes, trusting nothing that the sender says."""

    @http.route()
    def stripe_return(self, **data):
        """Override of `payment_stripe` to process only the transaction's own intent.

        The address names a transaction and an intent. Which intent belongs to the
        transaction is known here since it was made: another one is not even fetched,
        and what was fetched must carry the transaction's uuid.
        """
        tx_sudo = request.env["payment.transaction"].sudo()  # sudo: asks Stripe itself
        tx_sudo = tx_sudo.search(
            [
                ("reference", "=", data.get("reference") or ""),
                ("provider_id.code", "=", "stripe"),
            ],
            limit=1,
        )
        claimed = data.get("setup_intent") or data.get("payment_intent")
        if tx_sudo.provider_reference and tx_sudo.provider_reference == claimed:
            self._therapy_process_return(tx_sudo)
        else:
            _logger.info("Return from Stripe that belongs to no payment; nothing done")
        return request.redirect("/payment/status")

    @staticmethod
    def _therapy_process_return(tx_sudo):
        """Apply Stripe's state of a transaction whose payer came back.

        :param payment.transaction tx_sudo: sudoed transaction
        """
        try:
            tx_sudo._therapy_stripe_refresh()
            if tx_sudo.state == "draft" and tx_sudo.state_message:
                tx_sudo._therapy_stripe_close_failed()
        except (StripeFailure, LockError) as error:
            # The event, or the job that asks about quiet payments, will settle it.
            _logger.info("Transaction %s is settled later: %s", tx_sudo.id, error)

    @http.route()
    def stripe_webhook(self):
        """Override of `payment_stripe` to verify first, store, answer, process later.

        :return: 200 once the event is stored; 400 if no secret signed these bytes
        """
        header = request.httprequest.headers.get("Stripe-Signature", "")
        payload = request.httprequest.get_data()
        providers_sudo = request.env["payment.provider"].sudo()  # sudo: only compares
        providers_sudo = providers_sudo.search(
            [("code", "=", "stripe"), ("state", "!=", "disabled")]
        )
        for provider in providers_sudo:
            secrets = provider._therapy_stripe_get_webhook_secrets()
            event = read_event(payload, header, secrets)
            if event and bool(event.get("livemode")) == (provider.state == "enabled"):
                events = request.env["therapy.stripe.event"]
                response = request.make_response("")
                if events._receive(provider, event, wake=False):
                    # Stripe need not wait for it.
                    response.call_on_close(events._wake_workers)
                return response
        _logger.info("Refused an event that no secret of ours has signed")
        return request.make_response("", status=400)
