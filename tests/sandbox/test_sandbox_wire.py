"""How requests and answers look on the wire."""

import base64

import pytest
import requests
from sandbox_client import PUBLISHABLE, SECRET

VERSION = "2026-10-28.endive"


@pytest.mark.parametrize(
    "body",
    [
        "metadata[a]=1&preferred_locales[]=en&preferred_locales[]=es",
        "metadata%5Ba%5D=1&preferred_locales%5B0%5D=en&preferred_locales%5B1%5D=es",
        "metadata[a]=1&preferred_locales[1]=es&preferred_locales[0]=en",
    ],
)
def test_brackets_in_all_forms(api, body):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    customer = api.post("customers", body, headers=form)
    assert customer["metadata"] == {"a": "1"}
    assert customer["preferred_locales"] == ["en", "es"]


def test_nested_lists_of_objects(api):
    data = {
        "address[city]": "Portland",
        "shipping[name]": "Pat",
        "shipping[address][line1]": "1 Main St",
    }
    customer = api.post("customers", data)
    assert customer["address"]["city"] == "Portland"
    assert customer["address"]["line2"] is None
    assert customer["shipping"]["address"]["line1"] == "1 Main St"


@pytest.mark.parametrize(
    "body", ["a=1&a[b]=2", "a[b]=1&a=2", "a[]=1&a[b]=2", "a[]=1&a[][b]=2", "a[b][]=1"]
)
def test_conflicting_brackets_are_refused(api, body):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    api.error("customers", body, headers=form)


def test_lists_of_objects(api):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = "tax_id_data[][type]=us_ein&tax_id_data[][value]=1&tax_id_data[][type]=x"
    # Understood as two items, of which the second lacks its value.
    error = api.error("customers", body, headers=form)
    assert error["param"] == "tax_id_data[1][type]"


def test_digit_keys_of_a_map_stay_a_map(api):
    assert api.post("customers", {"metadata[6]": "x"})["metadata"] == {"6": "x"}


def test_empty_text_unsets(api):
    customer = api.post("customers", {"name": "Pat", "metadata[a]": "1"})
    path = f"customers/{customer['id']}"
    assert api.post(path, {"name": "", "metadata[a]": ""})["name"] is None
    assert api.get(path)["metadata"] == {}


def test_empty_text_cannot_unset_everything(api):
    error = api.error("payment_intents", {"amount": "", "currency": "usd"})
    assert error["code"] == "parameter_invalid_empty"
    assert error["param"] == "amount"


@pytest.mark.parametrize("text", ["true", "True", "1"])
def test_booleans(api, text):
    paid = api.pay(confirm=text)
    assert paid["status"] == "succeeded"


def test_parameters_of_get_come_from_query_and_body(api):
    pi = api.pay()
    path = f"payment_intents/{pi['id']}"
    expand = {"expand[]": "payment_method"}
    for found in (api.get(path, params=expand), api.get(path, data=expand)):
        assert found["payment_method"]["object"] == "payment_method"


def test_basic_and_bearer(api):
    basic = base64.b64encode(f"{SECRET}:".encode()).decode()
    for header in (f"Basic {basic}", f"Bearer {SECRET}"):
        response = api.call("GET", "account", headers={"Authorization": header})
        assert response.json()["object"] == "account"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer sk_live_1", "Bearer rk_test_1", "Bearer sk_test_invalid", "Basic ?"],
)
def test_other_keys_are_refused(api, header):
    response = api.call("GET", "account", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_secret_key_in_a_parameter_is_refused(api):
    response = requests.get(f"{api.url}/v1/account", params={"key": SECRET}, timeout=5)
    assert response.status_code == 401


def test_publishable_key_is_for_browsers_only(api):
    header = {"Authorization": f"Bearer {PUBLISHABLE}"}
    error = api.error("customers", status=403, headers=header)
    assert error["code"] == "secret_key_required"


def test_headers(api):
    response = api.call(
        "POST", "customers", key="k1", headers={"Stripe-Version": VERSION}
    )
    assert response.headers["Request-Id"].startswith("req_")
    assert response.headers["Stripe-Version"] == VERSION
    assert response.headers["Idempotency-Key"] == "k1"
    assert "Idempotent-Replayed" not in response.headers


def test_other_versions_are_refused(api):
    error = api.error("customers", headers={"Stripe-Version": "2020-08-27"})
    assert "2020-08-27" in error["message"]


def test_json_bodies_are_refused(api):
    headers = {"Content-Type": "application/json"}
    assert "urlencoded" in api.error("customers", "{}", headers=headers)["message"]


@pytest.mark.parametrize("path", ["topups", "nonsense"])
def test_what_is_not_built_is_404(api, path):
    error = api.error(path, status=404, method="GET")
    assert error["message"].startswith("Unrecognized request URL (GET: /v1/")


def test_missing_object(api):
    error = api.error("customers/cus_none", status=404, method="GET")
    assert error["code"] == "resource_missing"
    error = api.error("payment_intents", api.payment(customer="cus_none"))
    assert (error["code"], error["param"]) == ("resource_missing", "customer")


def test_lists(api):
    ids = [api.customer() for _number in range(12)][::-1]
    page = api.get("customers")
    assert (page["object"], page["url"]) == ("list", "/v1/customers")
    assert [row["id"] for row in page["data"]] == ids[:10]
    assert page["has_more"] is True
    rest = api.get("customers", params={"starting_after": ids[9], "limit": 100})
    assert [row["id"] for row in rest["data"]] == ids[10:]
    assert rest["has_more"] is False
    before = api.get("customers", params={"ending_before": ids[3], "limit": 2})
    assert [row["id"] for row in before["data"]] == ids[1:3]
    assert before["has_more"] is True


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 101}, {"starting_after": "cus_none"}]
)
def test_bad_pages(api, params):
    api.error("customers", method="GET", params=params)


def test_created_filter(api):
    early = api.customer()
    api.control("POST", "clock/advance", {"seconds": 1000})
    late = api.post("customers")
    found = api.get("customers", params={"created[gte]": late["created"] - 5})
    assert [row["id"] for row in found["data"]] == [late["id"]]
    found = api.get("customers", params={"created[lt]": late["created"] - 5})
    assert [row["id"] for row in found["data"]] == [early]


def test_expand(api):
    customer = api.customer()
    expand = [
        ("expand[]", "customer"),
        ("expand[]", "latest_charge.refunds"),
        ("expand[]", "latest_charge.balance_transaction"),
    ]
    pi = api.post("payment_intents", [*api.payment(customer=customer).items(), *expand])
    assert pi["customer"]["id"] == customer
    assert pi["latest_charge"]["refunds"]["data"] == []
    rows = api.get("charges", params={"expand[]": "data.payment_intent"})["data"]
    assert rows[0]["payment_intent"]["id"] == pi["id"]


def test_bad_expand_changes_nothing(api):
    for path in ("nonsense", "latest_charge.nonsense", "amount", "a.b.c.d.e"):
        error = api.error("payment_intents", api.payment(**{"expand[]": path}))
        assert error["param"] == "expand"
    assert api.get("payment_intents")["data"] == []


def test_cookies_are_dropped(api):
    response = api.call("GET", "account", headers={"Cookie": "session_id=1"})
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers


def test_pages_of_this_machine_may_ask(api):
    headers = {"Origin": "http://localhost:8069"}
    response = api.call("OPTIONS", "payment_methods", headers=headers)
    assert response.status_code == 204
    allowed = "Access-Control-Allow-Origin"
    assert response.headers[allowed] == "http://localhost:8069"
    response = api.call("GET", "account", headers={"Origin": "https://example.com"})
    assert allowed not in response.headers


def test_other_host_names_are_refused(api):
    response = api.call("GET", "account", headers={"Host": "sandbox.example.com"})
    assert response.status_code == 403
