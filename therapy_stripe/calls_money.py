"""The calls to Stripe about money after a charge: refunds, disputes, payouts."""

from .outcome import Outcome, StripeFailure


class StripeMoneyCalls:
    """Typed calls; a base of the adapter, beside the calls that charge."""

    # === REFUNDS === #

    def create_refund(self, params, key):
        """Create a Refund.

        :param dict params: parameters of the request
        :param str key: idempotency key
        :rtype: dict
        """
        return self._call(self._api.refunds.create, params=params, key=key)

    def refund(self, params, key):
        """Create a Refund; never raise.

        :param dict params: parameters frozen before the call
        :param str key: idempotency key of this refund
        :rtype: Outcome
        """
        try:
            refund = self.create_refund(params, key)
        except StripeFailure as failure:
            return Outcome.from_failure(failure)
        return Outcome.from_refund(refund)

    def list_refunds(self, intent_ref):
        """Return all refunds of a PaymentIntent, oldest first.

        :param str intent_ref: ``pi_...``
        :rtype: list[dict]
        """
        params = {"payment_intent": intent_ref, "limit": 100}
        return list(self._list(self._api.refunds.list, params))[::-1]

    def find_refund(self, intent_ref, metadata):
        """Return the refund of a PaymentIntent that carries our metadata.

        :param str intent_ref: ``pi_...``
        :param dict metadata: keys and values that must all match
        :return: the refund, or an empty dict when there is none
        :rtype: dict
        """
        for refund in self.list_refunds(intent_ref):
            carried = refund.get("metadata") or {}
            if all(carried.get(key) == metadata[key] for key in metadata):
                return refund
        return {}

    def retrieve_charge(self, charge_ref):
        """Return a Charge.

        :param str charge_ref: ``ch_...`` or ``py_...``
        :rtype: dict
        """
        return self._call(self._api.charges.retrieve, charge_ref)

    def retrieve_refund(self, refund_ref):
        """Return a Refund.

        :param str refund_ref: ``re_...``
        :rtype: dict
        """
        return self._call(self._api.refunds.retrieve, refund_ref)

    # === MONEY AFTER THE CHARGE === #

    def retrieve_dispute(self, dispute_ref):
        """Return a Dispute with its balance transactions.

        :param str dispute_ref: ``du_...``
        :rtype: dict
        """
        return self._call(self._api.disputes.retrieve, dispute_ref)

    def submit_evidence(self, dispute_ref, evidence, key):
        """Send evidence about a dispute to the payer's bank; it is taken once.

        :param str dispute_ref: ``du_...``
        :param dict evidence: texts, by Stripe's names
        :param str key: idempotency key
        :return: the dispute with its balance transactions
        :rtype: dict
        :raise StripeFailure: if Stripe did not take it, or did not answer
        """
        params = {"evidence": evidence, "submit": True}
        return self._call(
            self._api.disputes.update, dispute_ref, params=params, key=key
        )

    def list_disputes(self, since):
        """Return the disputes opened since a moment, oldest first.

        :param int since: unix time
        :rtype: list[dict]
        """
        params = {"created": {"gte": since}, "limit": 100}
        return list(self._list(self._api.disputes.list, params))[::-1]

    def retrieve_fraud_warning(self, warning_ref):
        """Return an early fraud warning.

        :param str warning_ref: ``issfr_...``
        :rtype: dict
        """
        return self._call(self._api.radar.early_fraud_warnings.retrieve, warning_ref)

    def retrieve_review(self, review_ref):
        """Return a Review.

        :param str review_ref: ``prv_...``
        :rtype: dict
        """
        return self._call(self._api.reviews.retrieve, review_ref)

    def list_balance(self, since=None, payout_ref=None):
        """Return movements of the balance, oldest first.

        :param int since: unix time; all if empty
        :param str payout_ref: ``po_...``: only those of one payout
        :rtype: list[dict]
        """
        params = {"limit": 100}
        if since:
            params["created"] = {"gte": since}
        if payout_ref:
            params["payout"] = payout_ref
        return list(self._list(self._api.balance_transactions.list, params))[::-1]

    def retrieve_payout(self, payout_ref):
        """Return a Payout.

        :param str payout_ref: ``po_...``
        :rtype: dict
        """
        return self._call(self._api.payouts.retrieve, payout_ref)

    def list_payouts(self, since=None):
        """Return payouts, oldest first.

        :param int since: unix time; all if empty
        :rtype: list[dict]
        """
        params = {"limit": 100}
        if since:
            params["created"] = {"gte": since}
        return list(self._list(self._api.payouts.list, params))[::-1]

    def list_events(self, since, types):
        """Return events since a moment, oldest first; Stripe keeps them 30 days.

        :param int since: unix time
        :param tuple types: kinds of events
        :rtype: list[dict]
        """
        found = []
        for start in range(0, len(types), 20):
            params = {
                "created": {"gte": since},
                "types": list(types[start : start + 20]),
                "limit": 100,
            }
            found += self._list(self._api.events.list, params)
        return sorted(found, key=lambda event: (event["created"], event["id"]))

    def retrieve_confirmation_token(self, token_ref):
        """Return a ConfirmationToken: a card that was typed and is not charged yet.

        :param str token_ref: ``ctoken_...``
        :rtype: dict
        """
        return self._call(self._api.confirmation_tokens.retrieve, token_ref)
