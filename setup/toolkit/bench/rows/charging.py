"""Charge runs, beside core charging saved cards one after another."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from statistics import median

from ... import paths, services
from ..result import Row, per_item

TITLE = "charge runs beside core's tokens; posting beside core's payment register"
N = 1000
NEEDS_SERVER = False

#: How long the processor takes, and how fast it may be asked, here only.
SECONDS, RATE = 0.3, 25
#: Core charges, and registers one by one, a part of the bills: the median counts.
SAMPLE = 20
PAYERS = 50
#: Most milliseconds for an event, while a run charges.
MOST = 30.0
CALL = {"method": "POST", "path_regex": "/v1/payment_intents$"}


# === OUR SIDE === #


def ours(bench):
    """Charge all bills by one run, then post them."""
    sandbox = Sandbox()
    try:
        _ours(bench, sandbox)
    finally:
        sandbox.stop()


def _ours(bench, sandbox):
    root = bench.root
    bench.say(f"making {bench.n} bills of payers with saved cards")
    bills = _make_bills(root, bench.n, patient=True)
    root.cr.commit()
    _make_cards(root, bills.partner_id, sandbox)
    bench.put("amounts", bills.mapped("amount_total"))
    root.cr.commit()
    sandbox.control("faults", {"do": "delay", "seconds": SECONDS, "times": 10**6,
                               "match": CALL})  # fmt: skip
    _warm_up(bench, root, sandbox)
    run = bench.env["therapy.charge.run"].browse(
        bench.env["account.move"]
        .browse(bills.ids)
        .action_therapy_charge_run()["res_id"]
    )
    run.action_start()
    bench.env.cr.commit()
    knocker = Knocker(bench)
    with bench.measure("charge", bench.n):
        run._work(post=False)
        bench.env.cr.commit()
    for milliseconds in knocker.finish():
        bench.note("event", milliseconds / 1000)
    txs = run.item_ids.transaction_id
    if txs.filtered(lambda tx: tx.state != "done"):
        raise ValueError("Not every bill was charged.")
    with bench.measure("post", bench.n):
        run._post(txs.ids)
    root.cr.commit()
    root.invalidate_all()
    if any(bills.mapped("amount_residual")):
        raise ValueError("Not every bill was posted.")


def _warm_up(bench, root, sandbox):
    """Charge and post a few bills, so that no cache is cold."""
    bills = _make_bills(root, 10, patient=True)
    root.cr.commit()
    _make_cards(root, bills.partner_id, sandbox)
    root.cr.commit()
    moves = bench.env["account.move"].browse(bills.ids)
    number = moves.action_therapy_charge_run()["res_id"]
    run = bench.env["therapy.charge.run"].browse(number)
    run.action_start()
    bench.env.cr.commit()
    run._work()
    bench.env.cr.commit()


def _make_bills(env, count, *, patient):
    """Create and post bills of some payers.

    :rtype: recordset of `account.move`
    """
    partners = env["res.partner"]
    payers = partners.create([{"name": f"Payer {n}"} for n in range(PAYERS)])
    extra = {}
    if patient:
        extra["patient_id"] = partners.create({"name": "P", "is_patient": True}).id
    bills = env["account.move"].create(
        [
            {
                **extra,
                "move_type": "out_invoice",
                "partner_id": payers[number % PAYERS].id,
                "invoice_date": "2026-10-01",
                "invoice_line_ids": [
                    (
                        *(0, 0),
                        {
                            "name": "Services",
                            "price_unit": 40 + number % 160,
                            "tax_ids": [(5,)],
                        },
                    )
                ],
            }
            for number in range(count)
        ]
    )
    bills.action_post()
    return bills


def _make_cards(env, payers, sandbox):
    """Give payers saved cards at the sandbox."""
    provider = env["payment.provider"].search([("code", "=", "stripe")], limit=1)
    provider.write(
        {
            "therapy_stripe_api_base": sandbox.url,
            "state": "test",
            "therapy_charge_rate": RATE,
        }
    )
    adapter = provider._therapy_stripe_get_adapter()
    for payer in payers:
        customer = env["therapy.stripe.customer"]._get_ref(provider, payer)
        method = adapter.raw(
            *("POST", "payment_methods/pm_card_visa/attach"),
            *({"customer": customer}, f"bench:{payer.id}"),
        )
        env["payment.token"].create(
            {
                **env["payment.token"]._therapy_stripe_prepare_card_vals(method),
                **_token_vals(env, provider, payer),
                "provider_ref": customer,
                "stripe_payment_method": method["id"],
            }
        )


def _token_vals(env, provider, payer):
    return {
        "provider_id": provider.id,
        "payment_method_id": env.ref("payment.payment_method_card").id,
        "partner_id": payer.id,
    }


class Knocker:
    """Odoo with two workers, and a process that sends it events."""

    def __init__(self, bench):
        provider = bench.root["payment.provider"].search(
            [("code", "=", "stripe")], limit=1
        )
        provider.stripe_webhook_secret = "whsec_bench"  # noqa: S105 - no secret
        bench.root.cr.commit()
        port = services.free_port()
        arguments = [word for word in sys.argv[6:] if word != "--no-http"]
        self._log = tempfile.TemporaryFile()
        self._server = subprocess.Popen(
            [
                *(sys.executable, "-m", "odoo", *arguments, "--workers", "2"),
                *("--http-interface", "127.0.0.1", "--http-port", str(port)),
                *("--gevent-port", str(services.free_port())),
            ],
            stdout=self._log,
            stderr=self._log,
        )
        url = f"http://127.0.0.1:{port}/payment/stripe/webhook"
        _wait_for(f"http://127.0.0.1:{port}/web/health")
        self._client = subprocess.Popen(
            [
                *(sys.executable, "-m", "toolkit.bench.knocker", url, "whsec_bench"),
                *(str(max(20, bench.n // 5)), "0.1"),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )

    def finish(self):
        """Return the milliseconds of each event, after the first ones."""
        words = self._client.communicate()[0].split()
        self._server.terminate()
        self._server.wait()
        return [float(word) for word in words[5:]]


def _wait_for(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _try in range(300):
        with contextlib.suppress(OSError):
            opener.open(url, timeout=5).close()
            return
        time.sleep(0.2)
    raise ValueError(f"{url} does not answer.")


class Sandbox:
    """The processor's stand-in, as a process of its own."""

    def __init__(self):
        addon = paths.REPO / "therapy_stripe"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stripe_sandbox", "--port", "0"],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(addon)},
            cwd=addon,
            text=True,
        )
        self.url = self._process.stdout.readline().split()[-1]

    def control(self, path, body):
        """Call the control interface."""
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(request, timeout=20).close()

    def stop(self):
        """End the process."""
        self._process.terminate()
        self._process.wait()


# === CORE'S SIDE === #


def core(bench):
    """Charge a part of the same bills with tokens; register all of them at once."""
    amounts = bench.get("amounts")
    env = bench.env
    _make_provider_answer(env)
    bills = _make_bills(env, len(amounts), patient=False)
    provider = env.ref("payment.payment_provider_stripe")
    provider.write(
        {
            "state": "test",
            "stripe_secret_key": "sk_test_bench",
            "stripe_publishable_key": "pk_test_bench",
        }
    )
    tokens = {
        payer: env["payment.token"].create(
            {
                **_token_vals(env, provider, payer),
                "provider_ref": f"cus_{payer.id}",
                "stripe_payment_method": f"pm_{payer.id}",
            }
        )
        for payer in bills.partner_id
    }
    env.cr.commit()
    count = max(3, len(bills) // SAMPLE)
    for bill in bills[:count]:
        with bench.measure("charge"):
            payment = _register(bill, provider, tokens[bill.partner_id])
            env.cr.commit()
        if payment.payment_transaction_id.state != "done":
            raise ValueError("Core did not charge a bill.")
    sample = bills[count : 2 * count]
    for bill in sample:
        with bench.measure("one"):
            _register(bill)
            env.cr.commit()
    rest = bills[2 * count :]
    with bench.measure("register", len(rest)):
        _register(rest)
        env.cr.commit()


def _register(bills, provider=None, token=None):
    """Register payments as core's dialog does."""
    vals = {"group_payment": False}
    if provider:
        line = provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == provider
        )
        vals |= {
            "journal_id": provider.journal_id.id,
            "payment_method_line_id": line[:1].id,
            "payment_token_id": token.id,
        }
    wizard = bills.env["account.payment.register"].with_context(
        active_model="account.move", active_ids=bills.ids
    )
    return wizard.create(vals)._create_payments()


def _make_provider_answer(env):
    """Let core's request be answered as fast as the sandbox does, without a network."""

    def send(provider, method, endpoint, **_params):
        time.sleep(SECONDS)
        data = _params.get("data") or _params.get("params") or {}
        return {
            "id": f"pi_{time.monotonic_ns()}",
            "object": "payment_intent",
            "status": "succeeded",
            "amount": int(data.get("amount") or 0),
            "currency": "usd",
            "description": data.get("description"),
            "customer": data.get("customer"),
            "charges": {"data": []},
            "payment_method": {"id": "pm_1", "type": "card", "card": {"brand": "visa"}},
        }

    type(env["payment.provider"])._send_api_request = send


def rows(ours, core, n):
    """Return the rows of the table."""
    charge = per_item(ours, "charge", scale=1000)
    post = per_item(ours, "post", scale=1000)
    intake = median(m["seconds"] for m in ours if m["label"] == "event") * 1000
    one = median(m["seconds"] * 1000 for m in core if m["label"] == "charge")
    return [
        Row("charging a bill, core's token charge", "ms", n, charge, one, 1 / 8),
        Row(
            *("charging and posting a bill, core's token charge", "ms", n),
            *(charge + post, one, 1 / 4),
        ),
        Row(
            *("posting a charge, core registers all at once", "ms", n, post),
            *(per_item(core, "register", scale=1000), 0.33),
        ),
        Row(
            *("posting a charge, core registers one by one", "ms", n, post),
            *(per_item(core, "one", scale=1000), 0.2),
        ),
        Row(
            *("taking in an event while a run charges, limit", "ms", n),
            *(intake, MOST, 1.0),
        ),
    ]
