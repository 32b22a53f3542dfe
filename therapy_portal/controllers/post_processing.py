import logging

from odoo import http

from odoo.addons.payment.controllers import post_processing

_logger = logging.getLogger(__name__)

# States that the processor does not change any more by itself.
FINAL_STATES = ("authorized", "done", "cancel", "error")


class PaymentPostProcessing(post_processing.PaymentPostProcessing):
    @http.route()
    def poll_status(self, **_kwargs):
        """Override of `payment`: asking for news never stands in the way of a charge.

        Core post-processes whatever state the transaction is in, drafts too, and shows
        the payer an error when posting fails although the money has been received. Here
        a draft or pending payment of bills is only read; posting that fails is left to
        the queue that does not give up, and the payer gets the confirmation. While a
        job holds the transaction the page asks again, so that the confirmation shows
        what is booked. What pays no bills (an order, a card to save) stays core's.

        :return: the post-processing values of the transaction
        :rtype: dict
        """
        tx_sudo = self._get_monitored_transaction()
        if not tx_sudo.therapy_allocation_ids:
            return super().poll_status(**_kwargs)
        if tx_sudo.is_post_processed or tx_sudo.state not in FINAL_STATES:
            return self._therapy_get_poll_values(tx_sudo)
        try:
            values = super().poll_status(**_kwargs)
            tx_sudo.invalidate_recordset(["is_post_processed"])
            # Core's script asks again as long as the state is none of the final ones.
            return values if tx_sudo.is_post_processed else {**values, "state": "draft"}
        except Exception as error:
            if str(error) == "retry":
                raise  # Core's word for "ask again"; its cursor is rolled back.
            _logger.error("Transaction %s waits for the posting queue.", tx_sudo.id)
            return self._therapy_get_poll_values(tx_sudo)

    def _therapy_get_poll_values(self, tx_sudo):
        """Return what the status page waits for.

        :param tx_sudo: the monitored transaction, possibly empty
        :return: provider, state and landing route
        :rtype: dict
        """
        return {
            "provider_code": tx_sudo.provider_code,
            "state": tx_sudo.state,
            "landing_route": tx_sudo.landing_route,
        }
