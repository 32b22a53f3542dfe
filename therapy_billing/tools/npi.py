"""National Provider Identifier (45 CFR 162.406): ten digits, the last a check digit.

The check digit is the Luhn digit of the number with the issuer prefix 80840
(CMS, "Requirements for National Provider Identifier and NPI Check Digit").
"""

from .luhn import luhn_ok

PREFIX = "80840"


def npi_ok(npi: str) -> bool:
    """Tell whether a string is a well-formed NPI.

    >>> npi_ok("1234567893"), npi_ok("1234567890"), npi_ok("3234567899")
    (True, False, False)
    >>> npi_ok("123456789"), npi_ok("")
    (False, False)

    :param str npi: the number, digits only
    :return: ten digits, starting with 1 or 2, right check digit
    :rtype: bool
    """
    return len(npi) == 10 and npi[0] in "12" and luhn_ok(PREFIX + npi)
