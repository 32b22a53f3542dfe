"""Domains registered for Apple Pay; nothing here pays with it."""

from .errors import invalid
from .routing import route


@route("POST", "/v1/apple_pay/domains", "ApplePayDomainCreateParams", "domain_name")
def create(ctx):
    """Register a domain."""
    name = ctx.params["domain_name"]
    if not name or "/" in name or " " in name:
        raise invalid(f"Invalid domain name: {name}", "domain_name")
    return {
        "id": ctx.store.new_id("apwc"),
        "object": "apple_pay_domain",
        "created": ctx.store.now(),
        "domain_name": name,
        "livemode": False,
    }
