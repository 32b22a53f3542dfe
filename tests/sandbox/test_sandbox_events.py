"""Events, their signed delivery and its retries."""

import hashlib
import hmac
import time

import pytest
from sandbox_client import Api, start, stop

VERSION = "2026-10-28.endive"


def subscribe(api, url, *names, **params):
    rows = [("enabled_events[]", name) for name in names or ["*"]]
    return api.post("webhook_endpoints", [("url", url), *rows, *params.items()])


def deliveries(api):
    return api.control("GET", "deliveries")["deliveries"]


def wait_for(check):
    end = time.monotonic() + 5
    while not check() and time.monotonic() < end:
        time.sleep(0.01)
    assert check()


def test_one_event_per_transition(api):
    customer = api.customer()
    method = api.saved(customer)
    api.post(
        "payment_intents",
        api.payment(method, customer=customer, off_session="true"),
        key="attempt-1",
    )
    assert api.events() == [
        "customer.created",
        "payment_method.attached",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]
    event = api.get("events", params={"limit": 1})["data"][0]
    assert event["request"]["idempotency_key"] == "attempt-1"
    assert event["request"]["id"].startswith("req_")
    assert (event["livemode"], event["api_version"]) == (False, VERSION)
    assert event["data"]["object"]["status"] == "succeeded"
    assert api.get(f"events/{event['id']}") == event


def test_payload_is_the_object_of_then(api):
    pi = api.pay("pm_card_authenticationRequired")
    api.challenge(pi, "complete")
    listed = api.get("events", params={"type": "payment_intent.requires_action"})
    assert listed["data"][0]["data"]["object"]["status"] == "requires_action"


def test_list_filters(api):
    api.pay()
    assert api.events(type="charge.succeeded") == ["charge.succeeded"]
    types = {"types[]": ["charge.succeeded", "payment_intent.created"]}
    assert len(api.events(**types)) == 2
    assert api.events(type="payment_intent.*") == [
        "payment_intent.created",
        "payment_intent.succeeded",
    ]
    late = int(time.time()) + 100
    assert api.events(**{"created[gte]": late}) == []


def test_signature(api, receiver):
    endpoint = subscribe(api, receiver.url)
    assert endpoint["secret"].startswith("whsec_")
    api.customer()
    (event,) = receiver.wait(1)
    assert event["type"] == "customer.created"
    body, headers = receiver.received[0]
    parts = [part.split("=", 1) for part in headers["Stripe-Signature"].split(",")]
    (stamp,) = [value for name, value in parts if name == "t"]
    (sent,) = [value for name, value in parts if name == "v1"]
    signed = stamp.encode() + b"." + body
    key = endpoint["secret"].encode()
    assert sent == hmac.new(key, signed, hashlib.sha256).hexdigest()
    assert abs(time.time() - int(stamp)) < 60
    wait_for(lambda: deliveries(api)[0]["status"] == "delivered")
    assert api.get(f"events/{event['id']}")["pending_webhooks"] == 0


def test_secret_is_shown_once(api, receiver):
    endpoint = subscribe(api, receiver.url)
    path = f"webhook_endpoints/{endpoint['id']}"
    assert "secret" not in api.get(path)
    assert "secret" not in api.get("webhook_endpoints")["data"][0]


def test_rotated_secret_signs_with_both(api, receiver):
    endpoint = subscribe(api, receiver.url)
    path = f"webhook_endpoints/{endpoint['id']}/roll"
    new = api.control("POST", path, {"overlap": 3600})["secret"]
    assert new != endpoint["secret"]
    api.customer()
    receiver.wait(1)
    body, headers = receiver.received[0]
    header = headers["Stripe-Signature"]
    signed = header.split(",")[0][2:].encode() + b"." + body
    for secret in (new, endpoint["secret"]):
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        assert f"v1={digest}" in header


def test_filter_of_types(api, receiver):
    subscribe(api, receiver.url, "payment_intent.succeeded")
    api.pay()
    (event,) = receiver.wait(1)
    assert event["type"] == "payment_intent.succeeded"
    assert len(deliveries(api)) == 1


def test_disabled_and_deleted_endpoints_get_nothing(api, receiver):
    for path in ("disable", "delete"):
        endpoint = subscribe(api, receiver.url)
        target = f"webhook_endpoints/{endpoint['id']}"
        if path == "disable":
            assert api.post(target, {"disabled": "true"})["status"] == "disabled"
        else:
            assert api.call("DELETE", target).json()["deleted"] is True
    api.customer()
    assert deliveries(api) == []


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://127.0.0.1/hook"},
        {"url": "http://example.com/hook"},
        {"url": "http://127.0.0.1.example.com/hook"},
        {"enabled_events[]": "nonsense.happened"},
        {"api_version": "2020-08-27"},
    ],
)
def test_refused_endpoints(api, change):
    data = {"url": "http://127.0.0.1:9/hook", "enabled_events[]": "*", **change}
    api.error("webhook_endpoints", data)


def test_retries_until_2xx(api, receiver):
    subscribe(api, receiver.url)
    receiver.statuses = [500, 302]
    api.customer()
    receiver.wait(1)
    wait_for(lambda: deliveries(api)[0]["status"] == "pending")
    assert api.get("events", params={"delivery_success": "false"})["data"]
    for count, seconds in ((2, 11), (3, 601)):
        api.control("POST", "clock/advance", {"seconds": seconds})
        receiver.wait(count)
    wait_for(lambda: deliveries(api)[0]["status"] == "delivered")
    assert deliveries(api)[0]["attempts"] == 3
    assert len({body for body, _headers in receiver.received}) == 1
    assert api.get("events", params={"delivery_success": "false"})["data"] == []


def test_gives_up_after_four_attempts(api, receiver):
    subscribe(api, receiver.url)
    receiver.statuses = [500] * 4
    api.customer()
    for count, seconds in ((1, 11), (2, 601), (3, 7201), (4, 100000)):
        receiver.wait(count)
        wait_for(lambda: deliveries(api)[0]["status"] != "sending")
        api.control("POST", "clock/advance", {"seconds": seconds})
    wait_for(lambda: deliveries(api)[0]["status"] == "failed")
    assert len(receiver.received) == 4


def test_nothing_answers(api):
    subscribe(api, "http://127.0.0.1:9/hook")
    api.customer()
    wait_for(lambda: deliveries(api)[0]["attempts"] == 1)
    assert deliveries(api)[0]["last_status"] is None


def test_proxies_are_not_used(receiver, monkeypatch):
    proxy = receiver.url.removesuffix("/hook")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    process, url = start("--port", "0")
    api = Api(url)
    subscribe(api, "http://127.0.0.1:9/hook")
    api.customer()
    wait_for(lambda: deliveries(api)[0]["attempts"] == 1)
    assert receiver.received == []
    stop(process)


def test_hold_and_flush(api, receiver):
    subscribe(api, receiver.url, "payment_intent.created", "payment_intent.succeeded")
    api.control("POST", "deliver", {"mode": "hold"})
    api.pay()
    assert {row["status"] for row in deliveries(api)} == {"held"}
    sent = api.control("POST", "deliver/flush", {"order": "reversed"})["sent"]
    assert [row["status"] for row in sent] == [200, 200]
    assert [event["type"] for event in receiver.wait(2)] == [
        "payment_intent.succeeded",
        "payment_intent.created",
    ]
    assert api.control("POST", "deliver/flush", {})["sent"] == []


def test_duplicates(api, receiver):
    subscribe(api, receiver.url)
    api.control("POST", "deliver", {"duplicate": 3})
    api.customer()
    assert len({event["id"] for event in receiver.wait(3)}) == 1


def test_redeliver(api, receiver):
    endpoint = subscribe(api, receiver.url)
    api.customer()
    (event,) = receiver.wait(1)
    path = f"events/{event['id']}/redeliver"
    sent = api.control("POST", path, {"endpoint": endpoint["id"], "times": 2})["sent"]
    assert [row["status"] for row in sent] == [200, 200]
    assert [each["id"] for each in receiver.wait(3)] == [event["id"]] * 3


def test_signed_payload_to_post_oneself(api):
    endpoint = subscribe(api, "http://127.0.0.1:9/hook")
    api.customer()
    event = api.get("events")["data"][0]
    signed = api.control("GET", f"events/{event['id']}/signed")
    stamp, digest = signed["headers"]["Stripe-Signature"].split(",")
    text = f"{stamp[2:]}.{signed['body']}".encode()
    key = endpoint["secret"].encode()
    assert digest == f"v1={hmac.new(key, text, hashlib.sha256).hexdigest()}"
