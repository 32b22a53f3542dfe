"""Tokens of one-time links: made, hashed, and kept out of logs."""

import hashlib
import re
import secrets

# Bytes of randomness in a token.
TOKEN_BYTES = 32

# Whatever is long enough to be a token, in addresses that a mail leads to.
_IN_ADDRESS = re.compile(r"(/(?:pay|confirm)/+(?:receipts/+)?)[^\s\"'/?#]{20,}")


def new_token() -> str:
    """Return a new random token that can stand in an address.

    >>> len(new_token()), new_token() == new_token()
    (43, False)

    :return: 43 characters of letters, digits, `-` and `_`
    :rtype: str
    """
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str | None) -> str:
    """Return what is kept of a token.

    >>> hash_token("a")[:8], len(hash_token("")), len(hash_token(None))
    ('ca978112', 64, 64)

    :param str token: the token, or whatever was in the address
    :return: SHA-256 as 64 hexadecimal digits
    :rtype: str
    """
    return hashlib.sha256((token or "").encode("utf-8", "replace")).hexdigest()


def mask(text: str) -> str:
    r"""Return a text without the tokens of payment links in it.

    >>> mask('"GET /pay/' + "x" * 43 + '?a=b HTTP/1.1" 303 -')
    '"GET /pay/***?a=b HTTP/1.1" 303 -'
    >>> mask("/pay/transaction /pay/bill"), mask("/es/pay/" + "y" * 43 + "/")
    ('/pay/transaction /pay/bill', '/es/pay/***/')
    >>> mask("/pay/receipts/" + "z" * 43)
    '/pay/receipts/***'

    :param str text: a line of a log, say
    :return: the text, `***` where a token was
    :rtype: str
    """
    return _IN_ADDRESS.sub(r"\1***", text)
