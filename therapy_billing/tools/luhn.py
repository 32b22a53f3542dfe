"""The Luhn check digit, used by card numbers and by the NPI."""


def luhn_ok(digits: str) -> bool:
    """Tell whether a string of digits ends in its Luhn check digit.

    >>> luhn_ok("4242424242424242"), luhn_ok("4242424242424241")
    (True, False)
    >>> luhn_ok(""), luhn_ok("12a"), luhn_ok("0")
    (False, False, True)

    :param str digits: ASCII digits only
    :return: whether the check digit is right; False for anything but digits
    :rtype: bool
    """
    if not (digits.isascii() and digits.isdigit()):
        return False
    total = 0
    for position, char in enumerate(reversed(digits)):
        value = int(char)
        if position % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0
