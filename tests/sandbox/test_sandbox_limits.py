"""Rate limits, lock timeouts, storms, latency, and ways of delivery."""

import hashlib
import hmac
import json
import threading
import time
from collections import Counter

import pytest


def codes(api, count, path="customers", method="POST"):
    return [api.call(method, path).status_code for _number in range(count)]


def subscribe(api, receiver, name="customer.created"):
    data = {"url": receiver.url, "enabled_events[]": name}
    return api.post("webhook_endpoints", data)


def test_no_limit_unless_asked_for(api):
    assert set(codes(api, 60)) == {200}
    assert api.control("GET", "ratelimit")["on"] is False


def test_limit_of_an_endpoint(api):
    rules = api.control("POST", "ratelimit", {"per_second": 1000})
    assert rules["endpoint_per_second"] == 25
    counted = Counter(codes(api, 60))
    assert 25 <= counted[200] < 60
    response = next(
        r
        for r in iter(lambda: api.call("POST", "customers"), None)
        if (r.status_code == 429)
    )
    error = response.json()["error"]
    assert (error["code"], error["type"]) == ("rate_limit", "invalid_request_error")
    assert response.headers["Stripe-Rate-Limited-Reason"] == "endpoint-rate"
    assert "Stripe-Should-Retry" not in response.headers
    # Another endpoint has a bucket of its own.
    assert api.call("GET", "customers").status_code == 200
    assert api.control("GET", "ratelimit")["refused"] > 0
    api.control("POST", "ratelimit", {"on": False})
    assert set(codes(api, 30)) == {200}


def test_limit_of_the_account(api):
    api.control("POST", "ratelimit", {"per_second": 5})
    seen = codes(api, 10) + codes(api, 5, "account", "GET")
    assert 429 in seen
    time.sleep(1.1)
    assert api.call("GET", "account").status_code == 200


def test_refused_request_leaves_its_key_free(api):
    api.control("POST", "ratelimit", {"endpoint_per_second": 1})
    data = api.payment()
    first = api.call("POST", "payment_intents", data, key="first")
    second = api.call("POST", "payment_intents", data, key="second")
    assert (first.status_code, second.status_code) == (200, 429)
    time.sleep(1.1)
    again = api.call("POST", "payment_intents", data, key="second")
    assert again.status_code == 200
    assert "Idempotent-Replayed" not in again.headers


def test_limit_of_requests_at_once(api):
    api.control("POST", "settings", {"latency_ms": 300})
    rules = {"per_second": 1000, "endpoint_per_second": 1000, "concurrency": 2}
    api.control("POST", "ratelimit", rules)
    answers = []

    def ask():
        answers.append(api.call("GET", "account"))

    threads = [threading.Thread(target=ask) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 4
    reasons = {answer.headers["Stripe-Rate-Limited-Reason"] for answer in refused}
    assert reasons == {"global-concurrency"}


@pytest.mark.parametrize(
    "rules", [{"per_second": 0}, {"mood": 1}, {"per_second": "1"}, {"on": 1}]
)
def test_limits_are_checked(api, rules):
    api.control("POST", "ratelimit", rules, status=400)


def test_latency_keeps_nobody_else_waiting(api):
    api.control("POST", "settings", {"latency_ms": 300})
    began = time.monotonic()
    threads = [threading.Thread(target=codes, args=(api, 1)) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.3 <= time.monotonic() - began < 1.5


def test_lock_timeout(api):
    api.control("POST", "faults", {"do": "lock_timeout"})
    response = api.call("POST", "payment_intents", api.payment(), key="k")
    assert response.status_code == 429
    assert response.json()["error"]["code"] == "lock_timeout"
    assert response.headers["Stripe-Should-Retry"] == "true"
    again = api.call("POST", "payment_intents", api.payment(), key="k")
    assert again.status_code == 200
    assert api.control("GET", "totals")["currencies"]["usd"]["charges"] == 1


def test_storm_strikes_a_share_and_repeats_with_its_seed(api):
    seen = []
    for _time in range(2):
        api.control("DELETE", "faults")
        fault = {"do": "status", "status": 502, "share": 0.5, "times": 1000, "seed": 7}
        api.control("POST", "faults", fault)
        seen.append(codes(api, 40))
    assert seen[0] == seen[1]
    assert 5 < Counter(seen[0])[502] < 35


def test_lost_events_can_be_listed(api, receiver):
    subscribe(api, receiver)
    api.control("POST", "deliver", {"lose": 1})
    api.customer()
    time.sleep(0.3)
    assert receiver.received == []
    (row,) = api.control("GET", "deliveries")["deliveries"]
    assert row["status"] == "lost"
    missing = api.get("events", params={"delivery_success": "false"})["data"]
    assert [event["type"] for event in missing] == ["customer.created"]
    api.control("POST", f"events/{missing[0]['id']}/redeliver", {})
    assert receiver.wait(1)[0]["id"] == missing[0]["id"]


def test_wrong_secret(api, receiver):
    endpoint = subscribe(api, receiver)
    api.control("POST", "deliver", {"wrong_secret": True})
    api.customer()
    receiver.wait(1)
    body, headers = receiver.received[0]
    stamp, sent = headers["Stripe-Signature"].split(",")
    signed = stamp[2:].encode() + b"." + body
    good = hmac.new(endpoint["secret"].encode(), signed, hashlib.sha256).hexdigest()
    assert sent != f"v1={good}"


def test_delayed_events(api, receiver):
    subscribe(api, receiver)
    api.control("POST", "deliver", {"delay": 600})
    api.customer()
    time.sleep(0.3)
    assert receiver.received == []
    api.control("POST", "clock/advance", {"seconds": 601})
    receiver.wait(1)


def test_events_out_of_order(api, receiver):
    subscribe(api, receiver)
    api.control("POST", "deliver", {"delay": 1, "jitter": 1, "reorder": True})
    ids = [api.customer() for _number in range(30)]
    received = [event["data"]["object"]["id"] for event in receiver.wait(30, 10)]
    assert sorted(received) == sorted(ids)
    assert received != ids


@pytest.mark.parametrize(
    "rules",
    [{"mode": "x"}, {"duplicate": 0}, {"lose": 2}, {"delay": -1}, {"x": 1}]
    + [{"reorder": 1}, {"duplicate": True}, {"delay": "1"}],
)
def test_ways_of_delivery_are_checked(api, rules):
    api.control("POST", "deliver", rules, status=400)


def test_log_of_requests(api):
    api.call("POST", "payment_intents", api.payment(), key="key-1")
    api.call("POST", "payment_intents", api.payment(), key="key-1")
    rows = api.control("GET", "requests?path=payment_intents")["requests"]
    assert [row["idempotency_key"] for row in rows] == ["key-1", "key-1"]
    assert [row["replayed"] for row in rows] == [False, True]
    assert json.dumps(rows)


def test_a_thousand_charges_from_many_threads(api):
    customer = api.customer()
    method = api.saved(customer)
    data = api.payment(method, customer=customer, off_session="true", amount="1000")
    statuses, lock = Counter(), threading.Lock()

    def charge(worker):
        for number in range(50):
            # Each key is used twice, by this thread and by its neighbour.
            for owner in (worker, (worker + 1) % 20):
                key = f"{owner}-{number}"
                answer = api.call("POST", "payment_intents", data, key=key)
                with lock:
                    statuses[answer.status_code] += 1

    threads = [threading.Thread(target=charge, args=(i,)) for i in range(20)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    assert set(statuses) <= {200, 409}
    totals = api.control("GET", "totals")
    assert totals["currencies"]["usd"]["charges"] == 1000
    assert totals["currencies"]["usd"]["captured"] == 1_000_000
    assert 2000 / took > 50, f"{2000 / took:.0f} requests per second"
    api.control("POST", "clock/advance", {"seconds": 5})
    (payout,) = api.control("POST", "payouts/run", {})["payouts"]
    assert payout["amount"] == 1000 * (1000 - 59)
