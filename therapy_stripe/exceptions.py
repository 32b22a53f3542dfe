from odoo.exceptions import UserError


class NeedsPerson(Exception):
    """An event that only a person can act upon; the message says what to do."""


class FeeChanged(UserError):
    """The fee is higher than was shown; the message says what the total is now."""
