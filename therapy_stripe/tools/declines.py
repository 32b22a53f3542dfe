"""What a decline means, in words for staff and payers.

Nothing here decides whether to try again: that is for rules kept as data.
"""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

# Card networks ask not to name the reason where it could help a thief.
_PLAIN = {
    "authentication_required": _lt(
        "The bank wants the cardholder to approve this payment."
    ),
    "card_velocity_exceeded": _lt("The card has reached its limit."),
    "expired_card": _lt("The card has expired. Please use another card."),
    "incorrect_cvc": _lt("The security code of the card is wrong."),
    "insufficient_funds": _lt("There is not enough money on the card."),
    "processing_error": _lt("The bank could not handle the payment. Try again later."),
}
_DEFAULT = _lt("The bank declined the card. Please use another card.")


def explain_decline(decline_code, code):
    """Return one sentence on a decline, without card data.

    >>> explain_decline("insufficient_funds", "card_declined")._translate("en_US")
    'There is not enough money on the card.'
    >>> explain_decline("stolen_card", "card_declined")._translate("en_US")
    'The bank declined the card. Please use another card.'
    >>> explain_decline("", "expired_card")._translate("en_US")
    'The card has expired. Please use another card.'

    :param str decline_code: Stripe's decline code, may be empty
    :param str code: Stripe's error code, may be empty
    :return: sentence that is translated where it is used
    :rtype: LazyGettext
    """
    return _PLAIN.get(decline_code) or _PLAIN.get(code) or _DEFAULT
