"""Keep the tokens of payment links out of every log.

Odoo's servers write the address of each request, Odoo's router writes it once more
when it is asked to, and other addons may. So every record is looked at where records
are made, whatever logger it belongs to.
"""

import logging

from .tools.links import mask


def _clean(value):
    """Return an argument of a log record without tokens.

    :param value: whatever was given to the logger
    :return: the same, or a masked text
    """
    if isinstance(value, (str, BaseException)):
        text = str(value)
        return mask(text) if "/pay/" in text or "/confirm/" in text else value
    return value


def make_factory(inner):
    """Return a factory of log records that masks what another one makes.

    :param inner: the factory in force so far
    :return: factory of `logging.LogRecord`
    """

    def factory(*args, **kwargs):
        record = inner(*args, **kwargs)
        if isinstance(record.msg, str):
            record.msg = _clean(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_clean(value) for value in record.args)
        elif isinstance(record.args, dict):
            record.args = {name: _clean(value) for name, value in record.args.items()}
        return record

    factory.therapy_portal = True
    return factory


def install():
    """Mask tokens in what this process logs from now on; once is enough.

    :return: None
    """
    inner = logging.getLogRecordFactory()
    if not getattr(inner, "therapy_portal", False):
        logging.setLogRecordFactory(make_factory(inner))
