"""What became of a call to Stripe, in five words: a closed list.

*done*, *pending*, *declined*, *error* (configuration; nothing was charged) and
*unknown* (ask again, never assume). Nothing here needs the library or a database.
"""

from dataclasses import dataclass, field

from . import const

# Codes of the answer 429: the request was not carried out, its key is free.
THROTTLED = ("rate_limit", "lock_timeout")


class StripeFailure(Exception):
    """A call to Stripe that did not return an object.

    :param str result: ``declined``, ``error`` or ``unknown``
    :param str message: Stripe's own words, for staff
    :param str code: Stripe's error code, or a code of ours for a local refusal
    :param dict details: ``decline_code``, ``advice_code``, ``request_ref``,
        ``param``, ``intent`` (the PaymentIntent inside a decline, as a dict),
        ``refused`` (our keys were refused, whatever was asked)
    """

    def __init__(self, result, message, code="", **details):
        super().__init__(message)
        self.result = result
        self.message = message
        self.code = code or ""
        self.decline_code = details.get("decline_code") or ""
        self.advice_code = details.get("advice_code") or ""
        self.request_ref = details.get("request_ref") or ""
        self.param = details.get("param") or ""
        self.intent = details.get("intent") or {}
        self.refused = bool(details.get("refused"))


@dataclass(frozen=True)
class Outcome:
    """What became of one try to charge, in one of the five words.

    :ivar str result: done, pending, declined, error or unknown
    :ivar dict intent: the PaymentIntent as Stripe returned it, or an empty dict
    """

    result: str
    intent: dict = field(default_factory=dict)
    message: str = ""
    code: str = ""
    decline_code: str = ""
    advice_code: str = ""
    request_ref: str = ""
    refused: bool = False

    @property
    def throttled(self):
        """Whether Stripe did nothing because there were too many requests."""
        return self.result == "unknown" and self.code in THROTTLED

    @property
    def needs_payer(self):
        """Whether the bank wants the payer to approve the payment."""
        return self.result == "declined" and "authentication_required" in (
            self.code,
            self.decline_code,
        )

    @classmethod
    def from_intent(cls, intent):
        """Return the outcome told by the status of a PaymentIntent.

        :param dict intent: PaymentIntent
        :rtype: Outcome
        """
        error = intent.get("last_payment_error") or {}
        return cls(
            result=const.INTENT_RESULTS.get(intent.get("status"), "unknown"),
            intent=intent,
            message=error.get("message") or "",
            code=error.get("code") or "",
            decline_code=error.get("decline_code") or "",
            advice_code=error.get("advice_code") or "",
        )

    @classmethod
    def from_refund(cls, refund):
        """Return the outcome told by the status of a Refund.

        :param dict refund: Refund
        :rtype: Outcome
        """
        return cls(
            result=const.REFUND_RESULTS.get(refund.get("status"), "unknown"),
            intent=refund,
            code=refund.get("failure_reason") or "",
        )

    @classmethod
    def from_failure(cls, failure):
        """Return the outcome told by a failed call.

        :param StripeFailure failure: what the call raised
        :rtype: Outcome
        """
        return cls(
            result=failure.result,
            intent=failure.intent,
            message=failure.message,
            code=failure.code,
            decline_code=failure.decline_code,
            advice_code=failure.advice_code,
            request_ref=failure.request_ref,
            refused=failure.refused,
        )
