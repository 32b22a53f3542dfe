"""What a decline means, in words for staff and payers.

Nothing here decides whether to try again: that is for rules kept as data.
"""

_NEW_CARD = "Please use another card."

# Card networks ask not to name the reason where it could help a thief.
_PLAIN = {
    "authentication_required": "The bank wants the cardholder to approve this payment.",
    "card_velocity_exceeded": "The card has reached its limit.",
    "expired_card": f"The card has expired. {_NEW_CARD}",
    "incorrect_cvc": "The security code of the card is wrong.",
    "insufficient_funds": "There is not enough money on the card.",
    "processing_error": "The bank could not handle the payment. Try again later.",
}
_DEFAULT = f"The bank declined the card. {_NEW_CARD}"


def explain_decline(decline_code, code):
    """Return one sentence on a decline, without card data.

    >>> explain_decline("insufficient_funds", "card_declined")
    'There is not enough money on the card.'
    >>> explain_decline("stolen_card", "card_declined")
    'The bank declined the card. Please use another card.'
    >>> explain_decline("", "expired_card")
    'The card has expired. Please use another card.'

    :param str decline_code: Stripe's decline code, may be empty
    :param str code: Stripe's error code, may be empty
    :rtype: str
    """
    return _PLAIN.get(decline_code) or _PLAIN.get(code) or _DEFAULT
