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
# A debit of a bank account.
_DEBIT = {
    "account_closed": _lt("The bank account is closed. Please use another one."),
    "insufficient_funds": _lt("There is not enough money in the bank account."),
    "no_account": _lt("The bank account was not found. Please use another one."),
}
_DEBIT_DEFAULT = _lt("The bank refused the debit. Please pay in another way.")


def explain_decline(decline_code, code, is_debit=False):
    """Return one sentence on a decline, without card data.

    >>> explain_decline("insufficient_funds", "card_declined")._translate("en_US")
    'There is not enough money on the card.'
    >>> explain_decline("stolen_card", "card_declined")._translate("en_US")
    'The bank declined the card. Please use another card.'
    >>> explain_decline("", "expired_card")._translate("en_US")
    'The card has expired. Please use another card.'
    >>> explain_decline("", "insufficient_funds", is_debit=True)._translate("en_US")
    'There is not enough money in the bank account.'

    :param str decline_code: Stripe's decline code, may be empty
    :param str code: Stripe's error code, may be empty
    :param bool is_debit: whether a bank account was debited
    :return: sentence that is translated where it is used
    :rtype: LazyGettext
    """
    plain, default = (_DEBIT, _DEBIT_DEFAULT) if is_debit else (_PLAIN, _DEFAULT)
    return plain.get(decline_code) or plain.get(code) or default
