"""Customers."""

import re

from .errors import invalid, not_found
from .events import emit
from .metadata import merged
from .methods import attach_to, card_of, declined, detach_from, usable
from .routing import route
from .wire import as_list

PLAIN = (
    "address business_name description email individual_name invoice_prefix name "
    "next_invoice_sequence phone preferred_locales shipping tax_exempt"
).split()
CREATE = " ".join([*PLAIN, "metadata payment_method invoice_settings"])
UPDATE = " ".join([*PLAIN, "metadata invoice_settings"])
ADDRESS_KEYS = ("city", "country", "line1", "line2", "postal_code", "state")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


def find(store, customer_id, param=None):
    """Return the stored customer.

    :param param: the parameter that names it (then a missing one is a 400), None
        when the path does (404)
    """
    customer = store.get("customer", customer_id)
    if customer is None:
        raise not_found("customer", customer_id, param or "id", 400 if param else 404)
    return customer


@route("POST", "/v1/customers", "CustomerCreateParams", CREATE)
def create(ctx):
    """Create a customer; ``payment_method`` is attached to it."""
    store, params = ctx.store, ctx.params
    _check(params)
    customer = {
        "id": store.new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": store.now(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": store.token(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": merged({}, params),
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    _write(customer, params)
    method = None
    if params.get("payment_method"):
        method = usable(ctx, params["payment_method"], customer["id"])
        if not card_of(method).attach:
            raise declined(card_of(method))
    store.put("customer", customer)
    if method:
        attach_to(ctx, method, customer["id"])
    _write_invoice_settings(ctx, customer)
    emit(ctx, "customer.created", customer)
    return customer


def _check(params):
    email = params.get("email")
    if email and not _EMAIL.match(email):
        raise invalid(f"Invalid email address: {email}", "email", "email_invalid")


def _write(customer, params):
    for name in PLAIN:
        if name in params:
            customer[name] = params[name]
    for part in (customer, customer["shipping"] or {}):
        if part.get("address"):
            part["address"] = {key: part["address"].get(key) for key in ADDRESS_KEYS}
    if customer["shipping"]:
        customer["shipping"].setdefault("phone", None)


def _write_invoice_settings(ctx, customer):
    settings = ctx.params.get("invoice_settings") or {}
    if set(settings) - {"default_payment_method"}:
        raise invalid("Only default_payment_method is implemented.", "invoice_settings")
    default = settings.get("default_payment_method")
    if default:
        method = ctx.store.get("payment_method", default)
        if method is None or method["customer"] != customer["id"]:
            raise invalid(
                "The customer does not have a payment method with the ID "
                f"{default}. The payment method must be attached to the customer.",
                "invoice_settings[default_payment_method]",
                "resource_missing",
            )
    if "default_payment_method" in settings:
        customer["invoice_settings"]["default_payment_method"] = default


@route("GET", "/v1/customers/{id}", "CustomerRetrieveParams")
def retrieve(ctx, id):
    """Return a customer; of a deleted one only id, object and ``deleted``."""
    customer = ctx.store.tables["customer"].get(id)
    if customer and customer.get("deleted"):
        return customer
    return find(ctx.store, id)


@route("POST", "/v1/customers/{id}", "CustomerUpdateParams", UPDATE)
def update(ctx, id):
    """Change a customer."""
    customer = find(ctx.store, id)
    _check(ctx.params)
    metadata = merged(customer["metadata"], ctx.params)
    before = {name: customer.get(name) for name in (*PLAIN, "metadata")}
    _write_invoice_settings(ctx, customer)
    _write(customer, ctx.params)
    customer["metadata"] = metadata
    changed = {k: v for k, v in before.items() if customer.get(k) != v}
    emit(ctx, "customer.updated", customer, changed)
    return customer


@route("DELETE", "/v1/customers/{id}", "CustomerDeleteParams")
def delete(ctx, id):
    """Delete a customer; its payment methods are detached for good."""
    customer = find(ctx.store, id)
    for method in list(ctx.store.tables["payment_method"].values()):
        if method["customer"] == id:
            detach_from(ctx, method)
    emit(ctx, "customer.deleted", customer)
    return ctx.store.put("customer", {"id": id, "object": "customer", "deleted": True})


@route(
    "GET",
    "/v1/customers",
    "CustomerListParams",
    "created ending_before limit starting_after email",
)
def list_customers(ctx):
    """List customers, newest first; ``email`` is exact and minds the case."""
    email = ctx.params.get("email")
    return as_list(
        ctx.store,
        "customer",
        "/v1/customers",
        ctx.params,
        lambda customer: email is None or customer["email"] == email,
    )
