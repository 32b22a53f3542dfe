"""Idempotency keys."""

import threading

import pytest
import requests


def test_same_key_same_answer(api):
    first = api.call("POST", "payment_intents", api.payment(), key="pay-1")
    second = api.call("POST", "payment_intents", api.payment(), key="pay-1")
    assert second.content == first.content
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Original-Request"] == first.headers["Request-Id"]
    assert second.headers["Request-Id"] != first.headers["Request-Id"]
    assert len(api.get("payment_intents")["data"]) == 1


def test_without_a_key_nothing_is_protected(api):
    api.pay(), api.pay()
    assert len(api.get("payment_intents")["data"]) == 2


def test_other_parameters(api):
    api.post("payment_intents", api.payment(), key="k")
    error = api.error("payment_intents", api.payment(amount="5100"), key="k")
    assert error["type"] == "idempotency_error"
    assert "same parameters" in error["message"]


def test_other_endpoint(api):
    api.post("customers", key="k")
    error = api.error("payment_intents", api.payment(), key="k")
    assert error["type"] == "idempotency_error"
    assert "same endpoint" in error["message"]


def test_order_of_parameters_does_not_matter(api):
    api.post("customers", [("name", "a"), ("email", "a@b.co")], key="k")
    data = [("email", "a@b.co"), ("name", "a")]
    assert api.call("POST", "customers", data, key="k").status_code == 200


def test_decline_is_replayed(api):
    data = api.payment("pm_card_visa_chargeDeclined")
    first = api.call("POST", "payment_intents", data, key="k")
    second = api.call("POST", "payment_intents", data, key="k")
    assert (first.status_code, second.status_code) == (402, 402)
    assert first.content == second.content
    assert second.headers["Stripe-Should-Retry"] == "false"
    assert len(api.get("charges")["data"]) == 1


def test_server_error_is_replayed(api):
    fault = {"do": "status", "status": 500, "match": {"key": "k"}}
    api.control("POST", "faults", fault)
    for _time in range(2):
        api.error("payment_intents", api.payment(), 500, key="k")
    assert api.get("payment_intents")["data"] == []


def test_wrong_state_is_replayed(api):
    pi = api.pay()
    for _time in range(2):
        path = f"payment_intents/{pi['id']}/cancel"
        response = api.call("POST", path, key="k")
        assert response.status_code == 400
    assert response.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    "bad", [{"amount": "x"}, {"nonsense": "1"}, {"amount": "10"}, {"customer": "c"}]
)
def test_refused_parameters_leave_the_key_free(api, bad):
    api.error("payment_intents", api.payment(**bad), key="k")
    assert api.post("payment_intents", api.payment(), key="k")["amount"] == 5000


def test_rate_limit_and_bad_key_leave_the_key_free(api):
    api.control("POST", "faults", {"do": "status", "status": 429})
    api.error("customers", status=429, key="k")
    headers = {"Authorization": "Bearer sk_live_1"}
    api.error("customers", status=401, key="k", headers=headers)
    response = api.call("POST", "customers", key="k")
    assert response.status_code == 200
    assert "Idempotent-Replayed" not in response.headers


def test_key_in_use(api):
    api.control("POST", "faults", {"do": "delay", "seconds": 0.6})
    answers = []
    slow = threading.Thread(
        target=lambda: answers.append(
            requests.post(
                f"{api.url}/v1/payment_intents",
                data=api.payment(),
                auth=("sk_test_x", ""),
                headers={"Idempotency-Key": "k"},
                timeout=10,
            )
        )
    )
    slow.start()
    while not api.control("GET", "requests")["requests"]:
        pass
    response = api.call("POST", "payment_intents", api.payment(), key="k")
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "idempotency_key_in_use"
    assert response.headers["Stripe-Should-Retry"] == "true"
    slow.join()
    assert answers[0].status_code == 200
    replay = api.post("payment_intents", api.payment(), key="k")
    assert replay["id"] == answers[0].json()["id"]


def test_twenty_at_once_make_one_payment(api):
    answers = []

    def pay():
        answers.append(
            requests.post(
                f"{api.url}/v1/payment_intents",
                data=api.payment(),
                auth=("sk_test_x", ""),
                headers={"Idempotency-Key": "k"},
                timeout=10,
            ).status_code
        )

    threads = [threading.Thread(target=pay) for _number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 409} and 200 in answers
    assert api.control("GET", "totals")["currencies"]["usd"]["charges"] == 1


def test_lost_answer_is_replayed(api):
    match = {"method": "POST", "path_regex": "^/v1/payment_intents$"}
    api.control("POST", "faults", {"do": "drop_after", "match": match})
    with pytest.raises(requests.ConnectionError):
        api.call("POST", "payment_intents", api.payment(), key="k")
    assert api.control("GET", "totals")["currencies"]["usd"]["charges"] == 1
    response = api.call("POST", "payment_intents", api.payment(), key="k")
    assert response.headers["Idempotent-Replayed"] == "true"
    assert response.json()["status"] == "succeeded"
    assert api.control("GET", "totals")["currencies"]["usd"]["charges"] == 1


def test_lost_answer_without_a_key_charges_twice(api):
    api.control("POST", "faults", {"do": "drop_after"})
    with pytest.raises(requests.ConnectionError):
        api.call("POST", "payment_intents", api.payment())
    api.pay()
    assert api.control("GET", "totals")["currencies"]["usd"]["charges"] == 2


def test_keys_expire_after_a_day(api):
    first = api.post("customers", key="k")
    api.control("POST", "clock/advance", {"seconds": 24 * 3600 - 60})
    assert api.post("customers", key="k")["id"] == first["id"]
    api.control("POST", "clock/advance", {"seconds": 120})
    assert api.post("customers", key="k")["id"] != first["id"]


def test_long_keys_are_refused(api):
    assert "255" in api.error("customers", key="k" * 256)["message"]
    api.post("customers", key="k" * 255)


def test_get_ignores_the_key(api):
    api.post("customers", key="k")
    assert api.call("GET", "customers", key="k").status_code == 200
