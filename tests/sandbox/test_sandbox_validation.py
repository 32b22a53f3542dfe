"""Nothing leaves the sandbox that the installed SDK would not know."""

import sys

import pytest
from sandbox_client import ADDON, Api


@pytest.fixture(scope="module")
def package():
    """The sandbox's modules, imported without leaving the addon on the path."""
    sys.path.insert(0, str(ADDON))
    try:
        import stripe_sandbox.server
        import stripe_sandbox.validation
    finally:
        sys.path.remove(str(ADDON))
    return stripe_sandbox


@pytest.fixture
def inside(package):
    """A sandbox in this process, so that a test can spoil its state."""
    with package.server.Sandbox() as sandbox:
        yield sandbox, Api(sandbox.url)


@pytest.mark.parametrize(
    "field, value",
    [
        ("email", 5),
        ("tax_exempt", "sometimes"),
        ("livemode", None),
        ("nonsense", 1),
        ("metadata", {"a": 1}),
    ],
)
def test_spoilt_object_is_a_bug_of_the_sandbox(inside, field, value):
    sandbox, api = inside
    customer = api.customer()
    sandbox.store.tables["customer"][customer][field] = value
    error = api.error(f"customers/{customer}", status=500, method="GET")
    assert error["code"] == "sandbox_bug"
    assert f"customer.{field}" in error["message"]


def test_missing_field_is_a_bug_of_the_sandbox(inside):
    sandbox, api = inside
    customer = api.customer()
    del sandbox.store.tables["customer"][customer]["created"]
    error = api.error(f"customers/{customer}", status=500, method="GET")
    assert "customer.created: missing" in error["message"]


def test_lists_events_and_expanded_objects_are_checked(inside):
    sandbox, api = inside
    customer = api.customer()
    api.pay(customer=customer)
    sandbox.store.tables["customer"][customer]["phone"] = 5
    for path in ("customers", "payment_intents?expand[]=data.customer"):
        assert "phone" in api.error(path, status=500, method="GET")["message"]
    error = api.error(f"customers/{customer}", {"name": "Pat"}, 500)
    assert error["code"] == "sandbox_bug"


REQUESTS = [
    ("customers", {"emails": "x"}, "parameter_unknown", "emails"),
    ("customers", {"address[planet]": "x"}, "parameter_unknown", "address[planet]"),
    ("customers", {"tax_exempt": "sometimes"}, None, "tax_exempt"),
    ("customers", {"name[first]": "x"}, "parameter_invalid_string", "name"),
    ("customers", {"preferred_locales": "en"}, None, "preferred_locales"),
    ("customers", {"source": "tok_visa"}, "sandbox_not_implemented", "source"),
    ("setup_intents", {"usage": "sometimes"}, None, "usage"),
    ("setup_intents", {"confirm": "maybe"}, None, "confirm"),
    ("refunds", {"amount": "1.0"}, "parameter_invalid_integer", "amount"),
    ("webhook_endpoints", {"url": "x"}, "parameter_missing", "enabled_events"),
    ("payment_methods", {"type": "chicken"}, None, "type"),
]


@pytest.mark.parametrize("path, data, code, param", REQUESTS)
def test_requests_are_checked(api, path, data, code, param):
    error = api.error(path, data)
    assert error["type"] == "invalid_request_error"
    assert (error.get("code"), error["param"]) == (code, param)


def test_lists_of_parameters_are_checked(api):
    api.error("customers", method="GET", params={"nonsense": 1})
    api.error("events", method="GET", params={"created[when]": 1})
