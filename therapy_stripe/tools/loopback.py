"""Which addresses are this very machine."""

from urllib.parse import urlsplit

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(url):
    """Tell whether an address leads to this machine and to nothing else.

    >>> is_loopback("http://127.0.0.1:12111"), is_loopback("http://localhost:1/x.js")
    (True, True)
    >>> is_loopback("https://api.stripe.com"), is_loopback("http://127.0.0.1.evil.com")
    (False, False)
    >>> is_loopback("http://user@127.0.0.1:1"), is_loopback("ftp://127.0.0.1")
    (False, False)
    >>> is_loopback(""), is_loopback("http://127.0.0.1@evil.com")
    (False, False)

    :param str url: absolute address
    :rtype: bool
    """
    try:
        parts = urlsplit(url or "")
        host = parts.hostname
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and host in LOOPBACK_HOSTS
        and "@" not in parts.netloc
    )
