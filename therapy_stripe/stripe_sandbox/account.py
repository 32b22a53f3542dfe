"""The one account of the sandbox."""

from . import charges
from .routing import route


@route("GET", "/v1/account", "AccountRetrieveCurrentParams")
def retrieve(ctx):
    """Return the account, ready to charge, in US dollars."""
    return {
        "id": "acct_sandbox0000000000",
        "object": "account",
        "business_profile": {"name": "Sandbox practice", "url": None},
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "created": 1_700_000_000,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "owner@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "branding": {
                "icon": None,
                "logo": None,
                "primary_color": None,
                "secondary_color": None,
            },
            "card_payments": {
                "statement_descriptor_prefix": charges.DESCRIPTOR_PREFIX,
            },
            "dashboard": {"display_name": "Sandbox practice", "timezone": "Etc/UTC"},
            "payments": {"statement_descriptor": charges.DESCRIPTOR_PREFIX},
            "payouts": {
                "debit_negative_balances": False,
                "schedule": {
                    "delay_days": ctx.store.settings["available_days"],
                    "interval": ctx.store.settings["payout_interval"],
                },
                "statement_descriptor": None,
            },
        },
        "type": "standard",
    }
