"""Customers, saved payment methods, charges and the account."""


def test_create_read_update_delete(api):
    customer = api.post("customers", {"email": "pat@example.com", "name": "Pat"})
    path = f"customers/{customer['id']}"
    assert api.get(path) == customer
    changed = api.post(path, {"name": "Kim", "metadata[a]": "1"})
    assert (changed["name"], changed["metadata"]) == ("Kim", {"a": "1"})
    event = api.get("events", params={"type": "customer.updated"})["data"][0]
    before = event["data"]["previous_attributes"]
    assert before == {"name": "Pat", "metadata": {}}
    gone = {"id": customer["id"], "object": "customer", "deleted": True}
    assert api.call("DELETE", path).json() == gone
    assert api.get(path) == gone
    api.error(path, {"name": "x"}, 404)
    assert api.get("customers")["data"] == []


def test_list_by_email(api):
    api.post("customers", {"email": "a@example.com"})
    wanted = api.post("customers", {"email": "b@example.com"})
    rows = api.get("customers", params={"email": "b@example.com"})["data"]
    assert rows == [wanted]


def test_bad_email(api):
    assert api.error("customers", {"email": "pat"})["code"] == "email_invalid"


def test_customer_with_a_card(api):
    data = {"payment_method": "pm_card_visa"}
    customer = api.post("customers", data)["id"]
    (saved,) = api.get(f"customers/{customer}/payment_methods")["data"]
    settings = {"invoice_settings[default_payment_method]": saved["id"]}
    changed = api.post(f"customers/{customer}", settings)
    default = changed["invoice_settings"]["default_payment_method"]
    assert default == saved["id"]
    api.error("customers", {"payment_method": "pm_card_chargeDeclined"}, 402)
    assert len(api.get("customers")["data"]) == 1


def test_default_must_be_the_customers_own(api):
    method = api.saved(api.customer())
    settings = {"invoice_settings[default_payment_method]": method}
    error = api.error(f"customers/{api.customer()}", settings)
    assert error["code"] == "resource_missing"


def test_attach_detach(api):
    customer = api.customer()
    method = api.saved(customer)
    path = f"payment_methods/{method}"
    api.error(f"{path}/attach", {"customer": customer})
    one = api.get(f"customers/{customer}/payment_methods/{method}")
    assert one["customer"] == customer
    listed = api.get("payment_methods", params={"customer": customer, "type": "card"})
    assert listed["data"] == [one]
    api.post(f"{path}/detach")
    assert api.get("payment_methods", params={"customer": customer})["data"] == []
    assert api.events() == [
        "customer.created",
        "payment_method.attached",
        "payment_method.detached",
    ]


def test_deleting_a_customer_detaches_its_cards(api):
    customer = api.customer()
    method = api.saved(customer)
    api.call("DELETE", f"customers/{customer}")
    assert api.get(f"payment_methods/{method}")["customer"] is None


def test_update_of_a_saved_card(api):
    method = api.saved(api.customer())
    data = {"card[exp_year]": 2041, "billing_details[address][postal_code]": "97201"}
    changed = api.post(f"payment_methods/{method}", data)
    assert changed["card"]["exp_year"] == 2041
    assert changed["billing_details"]["address"]["postal_code"] == "97201"
    assert api.events()[-1] == "payment_method.updated"


def test_charges(api):
    customer = api.customer()
    pi = api.pay(customer=customer, **{"metadata[attempt]": "u1"})
    api.pay()
    (charge,) = api.get("charges", params={"customer": customer})["data"]
    assert charge["id"] == pi["latest_charge"]
    assert charge["metadata"] == {"attempt": "u1"}
    path = f"charges/{charge['id']}"
    assert api.post(path, {"description": "R1"})["description"] == "R1"
    api.error(path, {"amount": 1})


def test_account(api):
    account = api.get("account")
    assert account["charges_enabled"] and account["default_currency"] == "usd"
