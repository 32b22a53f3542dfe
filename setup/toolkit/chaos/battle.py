"""Waves of charges under kills and storms, and the peace after them."""

import contextlib
import http.client
import itertools
import threading
import time

from ..console import Stop
from .world import BROKEN

#: The places in a charge where a process can be killed; the addon names them.
WINDOWS = (
    "before commit",
    "after commit, before call",
    "in call",
    "after answer, before record",
    "after record, before posting",
)
#: Seconds that the sandbox takes for a charge, and when "in call" kills meanwhile.
SLOW, DYING = 0.3, 0.12
#: Seconds to wait for a kill, and for the end of a wave.
PATIENCE = 25
CHARGE = {"method": "POST", "path_regex": "/v1/payment_intents$"}
#: What storms are made of; each strikes a few charges of a wave.
STORMS = {
    "dropped before": {"do": "drop_before", "times": 3},
    "dropped after": {"do": "drop_after", "times": 3},
    "429": {"do": "status", "status": 429, "times": 6},
    "500, not done": {"do": "status", "status": 500, "times": 3},
    "500, done": {"do": "status", "status": 500, "processed": True, "times": 3},
    "garbled": {"do": "bad_json", "times": 2},
}
FAILURES = (*BROKEN, Stop, http.client.HTTPException)


class Battle:
    """The course of a chaos run."""

    def __init__(self, world, chance, kills):
        self.world, self.chance, self.wanted = world, chance, kills
        self.kills = dict.fromkeys(WINDOWS, 0)
        self.random_kills = 0
        self.storms = dict.fromkeys(STORMS, 0)
        self.deliveries = {"held and shuffled": 0, "held and reversed": 0, "twice": 0}
        self._turns = itertools.cycle(world.servers)

    def fight(self, size):
        """Charge all bills, a wave at a time.

        :param int size: bills in a wave
        """
        rows = self.world.sql(
            "SELECT id FROM account_move WHERE is_therapy_bill ORDER BY id"
        )
        bills = [int(row[0]) for row in rows]
        for start in range(0, len(bills), size):
            self._wave(bills[start : start + size])
        self._disarm()

    def _wave(self, bills):
        self._set_storm()
        self._set_delivery()
        window = self._arm()
        cut = self.chance.randrange(2, 6)
        clickers = [
            threading.Thread(target=self._click, args=(bill, wait), daemon=True)
            for wait, bill in enumerate(bills[cut:])
        ]
        for thread in clickers:
            thread.start()
        self._start_run(bills[:cut])
        self._wait_for_kill(window, clickers)
        for thread in clickers:
            thread.join(PATIENCE)
        if self.chance.random() < 0.1:
            self._kill_somebody()
        if self.chance.random() < 0.5:
            self._flush()

    # === CHARGES === #

    def _start_run(self, bills):
        """Start a charge run on whichever process answers."""
        for server in self._alive():
            with contextlib.suppress(*FAILURES):
                call = self.world.login(server)
                action = call("account.move", "action_therapy_charge_run", bills)
                call("therapy.charge.run", "action_start", [action["res_id"]])
                return

    def _click(self, bill, wait):
        """Charge a bill by hand; every other person clicks twice at once."""
        time.sleep(wait * 0.2)
        for server in self._alive():
            with contextlib.suppress(*FAILURES):
                call = self.world.login(server)
                action = call("account.move", "action_therapy_charge_card", [bill])
                model, wizard = action["res_model"], action["res_id"]
                if bill % 2:
                    self._click_again(model, wizard)
                call(model, "action_charge", [wizard])
                return

    def _click_again(self, model, wizard):
        def click():
            with contextlib.suppress(*FAILURES):
                server = self._pick()
                call = self.world.login(server)
                call(model, "action_charge", [wizard])

        threading.Thread(target=click, daemon=True).start()

    def _alive(self):
        """Yield the processes that answer, another one first each time."""
        first = next(self._turns)
        others = [one for one in self.world.servers if one is not first]
        for server in (first, *others):
            if server.ready.wait(10):
                yield server

    def _pick(self):
        """Return a process that answers.

        :raise Stop: if none does
        """
        for server in self._alive():
            return server
        raise Stop("No Odoo process answers.")

    # === KILLS === #

    def _arm(self):
        """Arm the window that was hit least; none once all have their kills."""
        self._disarm()
        window = min(WINDOWS, key=self.kills.get)
        spare = self.chance.random() < 0.3
        if self.kills[window] >= self.wanted and not spare:
            return None
        file = self.world.folder / window
        file.write_text(str(DYING) if window == "in call" else "")
        file.chmod(0o666)
        return window

    def _disarm(self):
        for window in WINDOWS:
            (self.world.folder / window).unlink(missing_ok=True)
        self._collect()

    def _collect(self):
        for hit in self.world.folder.glob("*.hit"):
            self.kills[hit.name.partition(".")[0]] += 1
            hit.unlink()

    def _wait_for_kill(self, window, clickers):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            armed = window and (self.world.folder / window).exists()
            busy = any(thread.is_alive() for thread in clickers)
            if not armed and not busy:
                break
            time.sleep(0.1)
        self._disarm()

    def _kill_somebody(self):
        """Kill at no particular moment."""
        server = self.chance.choice(self.world.servers)
        if server.ready.is_set():
            server.kill()
            self.random_kills += 1

    # === STORMS === #

    def _set_storm(self):
        """Order the faults of a wave; every charge takes its time."""
        control = self.world.control
        control("DELETE", "faults")
        for name, fault in STORMS.items():
            if self.chance.random() < 0.25:
                nth = self.chance.randrange(1, 8)
                control("POST", "faults", {**fault, "match": {**CHARGE, "nth": nth}})
                self.storms[name] += 1
        slow = {"do": "delay", "seconds": SLOW, "times": 10**6, "match": CHARGE}
        control("POST", "faults", slow)

    def _set_delivery(self):
        hold, copies = self.chance.random() < 0.5, self.chance.choice((1, 1, 2, 3))
        mode = {"mode": "hold" if hold else "immediate", "duplicate": copies}
        self.world.control("POST", "deliver", mode)
        self.deliveries["twice"] += copies > 1

    def _flush(self):
        order = self.chance.choice(("shuffled", "reversed"))
        if self.world.control("POST", "deliver/flush", {"order": order})["sent"]:
            self.deliveries[f"held and {order}"] += 1

    # === PEACE === #

    def settle(self):
        """Let everything that was begun come to its end.

        The clocks move on by a day: a key that Stripe has forgotten cannot answer
        any more, and only its list of what exists can.

        :raise Stop: if something does not come to an end
        """
        world = self.world
        world.control("DELETE", "faults")
        world.wait_ready()
        self._go_on()
        world.control("POST", "deliver", {"mode": "immediate", "duplicate": 1})
        world.control("POST", "deliver/flush", {"order": "shuffled"})
        for hours in (1, 24, 24):
            # Only what nobody is charging at this moment grows older.
            world.sql(
                "UPDATE payment_transaction"
                f" SET sent_at = sent_at - interval '{hours} hours',"
                f" create_date = create_date - interval '{hours} hours'"
                " WHERE state IN ('draft', 'pending')"
            )
            world.control("POST", "clock/advance", {"seconds": hours * 3600})
            for job in (
                "therapy_stripe.ir_cron_stripe_resolve",
                "therapy_stripe.ir_cron_stripe_refresh",
                "therapy_stripe.ir_cron_stripe_events",
                "payment.cron_post_process_payment_tx",
                "therapy_billing.ir_cron_charge_run",
            ):
                self._run_job(job)
        self._charge_rest()

    def _run_job(self, name):
        """Run a scheduled job to its end."""
        server = self._pick()
        call = self.world.login(server, "admin")
        module, _dot, xmlid = name.partition(".")
        rows = self.world.sql(
            "SELECT res_id FROM ir_model_data"
            f" WHERE module = '{module}' AND name = '{xmlid}'"
        )
        for _try in range(60):
            with contextlib.suppress(*FAILURES):
                call("ir.cron", "method_direct_trigger", [int(rows[0][0])])
                return
            time.sleep(1)  # The job is running already.
        raise Stop(f"The job {name} does not come to its end.")

    def _go_on(self):
        """Press "Go on" on what paused, and wait until nobody is being charged."""
        server = self._pick()
        call = self.world.login(server)
        open_items = "SELECT count(*) FROM therapy_charge_item WHERE state = 'todo'"
        for _try in range(120):
            paused = call(
                "therapy.charge.run",
                "search",
                [("state", "in", ("paused", "stopped", "draft", "running"))],
            )
            if paused and _try % 5 == 0:
                call("therapy.charge.run", "action_go_on", paused)
            if self.world.sql(open_items) == [["0"]]:
                return
            time.sleep(1)
        raise Stop("The charge runs do not come to their end.")

    def _charge_rest(self):
        """Charge in peace what nobody got to charge, so that all were tried."""
        rows = self.world.sql(
            "SELECT m.id FROM account_move m WHERE m.is_therapy_bill"
            " AND m.amount_residual > 0 AND NOT EXISTS (SELECT FROM"
            " therapy_payment_allocation a JOIN payment_transaction t"
            " ON t.id = a.transaction_id"
            " WHERE a.move_id = m.id AND t.sent_at IS NOT NULL)"
        )
        if rows:
            self._start_run([int(row[0]) for row in rows])
            time.sleep(2)
            self._go_on()
            time.sleep(3)
            self._run_job("payment.cron_post_process_payment_tx")
