from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment_stripe import const as stripe_const


def to_major(minor, currency):
    """Return an amount of Stripe's in a currency's own unit.

    Stripe counts some currencies in other decimals than Odoo: 10,000 ISK, which have
    none here, are 1000000 there.

    :param int minor: amount as Stripe writes it
    :param res.currency currency: the currency
    :rtype: float
    """
    return payment_utils.to_major_currency_units(
        minor,
        currency,
        arbitrary_decimal_number=stripe_const.CURRENCY_DECIMALS.get(currency.name),
    )
