"""Webhook endpoints: where events go. Loopback addresses only."""

from . import API_VERSION, versions
from .delivery import is_loopback_url
from .errors import invalid, not_found
from .metadata import merged
from .routing import route
from .wire import as_list

WRITABLE = "api_version description enabled_events metadata url"


@route("POST", "/v1/webhook_endpoints", "WebhookEndpointCreateParams", WRITABLE)
def create(ctx):
    """Create an endpoint. Only this answer ever shows its ``secret``."""
    store, params = ctx.store, ctx.params
    _check_url(params["url"])
    _check_events(params["enabled_events"])
    if params.get("api_version", API_VERSION) not in versions.KNOWN:
        raise invalid(
            f"The sandbox renders events of {' and '.join(versions.KNOWN)} only.",
            "api_version",
        )
    secret = f"whsec_{store.token(32)}"
    endpoint = store.put(
        "webhook_endpoint",
        {
            "id": store.new_id("we"),
            "object": "webhook_endpoint",
            "api_version": params.get("api_version"),
            "application": None,
            "created": store.now(),
            "description": params.get("description"),
            "enabled_events": params["enabled_events"],
            "livemode": False,
            "metadata": merged({}, params),
            "status": "enabled",
            "url": params["url"],
            "_secrets": [{"secret": secret, "expires": None}],
        },
    )
    return {**endpoint, "secret": secret}


def _check_url(url):
    if not is_loopback_url(url):
        raise invalid(
            "Invalid URL: the sandbox delivers to http addresses of this machine only.",
            "url",
            "url_invalid",
        )


def _check_events(names):
    if not names:
        raise invalid("Invalid array: enabled_events is empty", "enabled_events")


def _find(ctx, endpoint_id):
    endpoint = ctx.store.get("webhook_endpoint", endpoint_id)
    if endpoint is None:
        raise not_found("webhook endpoint", endpoint_id, "webhook_endpoint")
    return endpoint


@route("GET", "/v1/webhook_endpoints/{id}", "WebhookEndpointRetrieveParams")
def retrieve(ctx, id):
    """Return one endpoint, without its secret."""
    return _find(ctx, id)


@route(
    "POST",
    "/v1/webhook_endpoints/{id}",
    "WebhookEndpointUpdateParams",
    "description disabled enabled_events metadata url",
)
def update(ctx, id):
    """Change an endpoint."""
    endpoint, params = _find(ctx, id), ctx.params
    if "url" in params:
        _check_url(params["url"])
    if "enabled_events" in params:
        _check_events(params["enabled_events"])
    endpoint["metadata"] = merged(endpoint["metadata"], params)
    for name in ("description", "enabled_events", "url"):
        if name in params:
            endpoint[name] = params[name]
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    return endpoint


@route("DELETE", "/v1/webhook_endpoints/{id}", "WebhookEndpointDeleteParams")
def delete(ctx, id):
    """Delete an endpoint; nothing more is sent to it."""
    _find(ctx, id)
    del ctx.store.tables["webhook_endpoint"][id]
    return {"id": id, "object": "webhook_endpoint", "deleted": True}


@route("GET", "/v1/webhook_endpoints", "WebhookEndpointListParams")
def list_endpoints(ctx):
    """List endpoints, newest first."""
    return as_list(ctx.store, "webhook_endpoint", "/v1/webhook_endpoints", ctx.params)
