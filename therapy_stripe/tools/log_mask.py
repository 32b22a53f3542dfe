"""Keeping the secrets of intents out of the log of requests.

Stripe sends a payer back with the intent's client secret in the address, and the web
server writes addresses to its log.
"""

import logging
import re

_SECRET = re.compile(r"(client_secret=)[^&\s\"']+")


class ClientSecretMask(logging.Filter):
    """Masks client secrets in the records of a logger."""

    def filter(self, record):
        """Mask message and arguments; every record passes.

        :param logging.LogRecord record: record
        :return: True
        :rtype: bool
        """
        record.msg = mask(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(mask(value) for value in record.args)
        return True


def mask(value):
    """Return a text without client secrets; anything else unchanged.

    >>> mask("GET /r?x_client_secret=pi_1_secret_2&b=1")
    'GET /r?x_client_secret=[REDACTED]&b=1'
    >>> mask(200)
    200

    :param value: text, or anything else
    """
    return _SECRET.sub(r"\1[REDACTED]", value) if isinstance(value, str) else value


def install():
    """Mask the log of the web server, once."""
    logger = logging.getLogger("werkzeug")
    if not any(isinstance(item, ClientSecretMask) for item in logger.filters):
        logger.addFilter(ClientSecretMask())
