import json

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestExternalApi(TherapyCommon, HttpCase):
    """Sessions of another program over Odoo's JSON-2 API (docs/external-api.md)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller = new_test_user(
            cls.env,
            "api",
            groups="therapy_billing.group_biller",
            company_id=cls.practice.id,
            company_ids=cls.practice.ids,
        )
        cls.clinician.npi = "1234567893"

    def _session(self, **vals):
        return {
            "external_id": "EHR-1",
            "patient": {
                "last_name": "Ives",
                "first_name": "Kim",
                "birthdate": "2015-03-01",
            },
            "provider": "1234567893",
            "start": "2026-11-10T14:00:00",
            "state": "held",
            "services": [{"code": "90837", "minutes": 55, "modifiers": "95"}],
            **vals,
        }

    def _person(self, **vals):
        return {**self._session()["patient"], **vals}

    def _sync(self, *sessions):
        return (
            self.env["therapy.session"]
            .with_user(self.biller)
            .therapy_sync(list(sessions))
        )

    def _get(self, number="EHR-1"):
        return self.env["therapy.session"].search([("external_id", "=", number)])

    def test_the_example_of_the_documentation_over_http(self):
        keys = self.env["res.users.apikeys"].with_user(self.biller).sudo()
        key = keys._generate("rpc", "EHR", None)
        for expected in ("created", "unchanged"):
            answer = self.url_open(
                "/json/2/therapy.session/therapy_sync",
                data=json.dumps({"sessions": [self._session()]}),
                headers={
                    "Authorization": f"bearer {key}",
                    "Content-Type": "application/json",
                },
            )
            self.assertEqual(answer.status_code, 200, answer.text)
            [result] = answer.json()
            self.assertEqual(result["result"], expected)
        session = self._get()
        self.assertEqual(result["id"], session.id)
        self.assertEqual(str(session.start), "2026-11-10 19:00:00")
        self.assertEqual(session.provider_id, self.clinician)
        self.assertEqual(session.line_ids.modifiers, "95")
        self.assertCents(session.amount_total, 175.25)

    def test_without_a_key_nothing_is_read_or_written(self):
        with mute_logger("odoo.http"):
            answer = self.url_open(
                "/json/2/therapy.session/therapy_sync",
                data=json.dumps({"sessions": [self._session()]}),
                headers={"Content-Type": "application/json"},
            )
        self.assertIn(answer.status_code, (401, 403))
        self.assertFalse(self._get())

    def test_only_what_is_named_changes(self):
        self._sync(self._session(state="scheduled"))
        moved = {
            "external_id": "EHR-1",
            "patient": self.kim.id,
            "start": "2026-11-11T09:30:00-05:00",
        }
        [result] = self._sync(moved)
        self.assertEqual(result["result"], "updated")
        session = self._get()
        self.assertEqual(str(session.start), "2026-11-11 14:30:00")
        self.assertEqual(session.state, "scheduled")
        self.assertEqual(session.line_ids.minutes, 55)
        [result] = self._sync(moved)
        self.assertEqual(result["result"], "unchanged")

    def test_services_become_those_that_are_sent(self):
        self._sync(self._session())
        services = [{"code": "97153", "minutes": 60}, {"code": "90837"}]
        [result] = self._sync(self._session(services=services))
        self.assertEqual(result["result"], "updated")
        lines = self._get().line_ids
        self.assertEqual(lines.mapped("therapy_code"), ["97153", "90837"])
        self._sync(self._session(services=services[:1]))
        self.assertEqual(self._get().line_ids.mapped("therapy_code"), ["97153"])

    def _send(self, *services):
        """Send services; return the word of the answer, and the services kept."""
        [result] = self._sync(self._session(services=list(services)))
        lines = self._get().line_ids
        kept = [(ln.therapy_code, ln.modifiers or "", ln.units) for ln in lines]
        return result["result"], kept

    def test_what_a_service_does_not_name_is_as_in_a_new_one(self):
        talk, aba = {"code": "90837", "minutes": 55}, {"code": "97153", "minutes": 30}
        self.env["therapy.rate"].create(
            {"product_id": self.talk.id, "modifier": "95", "rate": 100}
        )
        self._send({**talk, "modifiers": "95", "pos": "10"})
        self.assertCents(self._get().amount_total, 100)
        for word in ("updated", "unchanged"):
            self.assertEqual(self._send(talk), (word, [("90837", "", 1)]))
        self.assertFalse(self._get().line_ids.pos)
        self.assertCents(self._get().amount_total, 175.25)
        self._send({**talk, "minutes": 40})
        self._send({"code": "90837"})
        self.assertEqual(self._get().line_ids.minutes, 55)
        self._send({**aba, "units": 5})
        for word in ("updated", "unchanged"):
            self.assertEqual(self._send(aba), (word, [("97153", "", 2)]))

    def test_services_are_known_by_their_codes_and_keep_the_order_sent(self):
        talk = {"code": "90837", "modifiers": "95"}
        aba = {"code": "97153", "minutes": 30}
        self._send(talk)
        line = self._get().line_ids
        kept = [("97153", "", 2), ("90837", "95", 1)]
        for word in ("updated", "unchanged"):
            self.assertEqual(self._send(aba, talk), (word, kept))
        self.assertIn(line, self._get().line_ids)
        for word in ("updated", "unchanged"):
            self.assertEqual(self._send(talk, aba), (word, kept[::-1]))
        twice = [("97153", "", 2), ("97153", "GT", 4)]
        more = {"code": "97153", "minutes": 60, "modifiers": "GT"}
        for word in ("updated", "unchanged"):
            self.assertEqual(self._send(aba, more), (word, twice))

    def test_codes_and_units_are_compared_as_they_are_kept(self):
        service = {"code": "90837", "modifiers": "gt;95", "pos": "2", "units": 1.004}
        kept = [("90837", "GT, 95", 1)]
        for word in ("created", "unchanged"):
            self.assertEqual(self._send(service), (word, kept))
        self._bill()
        self.talk.therapy_minutes = 50
        self.assertEqual(self._send(service), ("unchanged", kept))

    def test_units_that_are_sent_stay_as_sent(self):
        service = {"code": "97153", "minutes": 30, "units": 2}
        self._send(service)
        more = {**service, "minutes": 45}
        for word in ("updated", "unchanged"):
            self.assertEqual(self._send(more), (word, [("97153", "", 2)]))

    def test_a_service_once_billed_may_become_another(self):
        self._sync(self._session())
        self._bill().action_therapy_retract()
        kept = [("97153", "", 2)]
        for word in ("updated", "unchanged"):
            answer = self._send({"code": "97153", "minutes": 30})
            self.assertEqual(answer, (word, kept))
        self.assertCents(self._get().amount_total, 34.66)

    def test_a_billed_session_is_not_changed_and_the_reason_is_told(self):
        self._sync(self._session())
        self._bill()
        [same] = self._sync(self._session())
        self.assertEqual(same["result"], "unchanged")
        [result] = self._sync(self._session(start="2026-11-12T14:00:00"))
        self.assertEqual(result["result"], "rejected")
        self.assertIn("on a bill", result["reason"])
        self.assertEqual(str(self._get().start), "2026-11-10 19:00:00")

    def test_a_billed_session_gets_no_other_services_and_no_other_provider(self):
        self._sync(self._session())
        self._bill()
        service = self._session()["services"][0]
        for vals in (
            {"services": [service, {"code": "97153", "minutes": 30}]},
            {"services": []},
            {"services": [{**service, "pos": "02"}]},
            {"provider": self._create_provider("Ada Reed").id},
        ):
            [result] = self._sync(self._session(**vals))
            self.assertEqual(result["result"], "rejected", vals)
            self.assertIn("on a bill", result["reason"])
        session = self._get()
        self.assertEqual(session.line_ids.therapy_code, "90837")
        self.assertEqual(session.provider_id, self.clinician)
        self.assertEqual(session.billing_state, "billed")

    def _create_provider(self, name):
        return self.env["res.partner"].create({"name": name, "is_provider": True})

    def test_each_session_stands_for_itself(self):
        good = self._session(external_id="EHR-2")
        for wrong, words in (
            ({"start": "yesterday"}, "Impossible start"),
            ({"patient": 0}, "Missing: patient"),
            ({"patient": self.mother.id}, "No patient"),
            ({"provider": "Nobody"}, "No provider"),
            ({"state": "done"}, "Unknown state: done"),
            ({"services": [{"code": "00000"}]}, "Unknown service"),
            ({"services": [{"code": "90837", "price": 1}]}, "Unknown: price"),
            ({"services": [{"code": "90837", "minutes": -5}]}, "between 0 and 1440"),
            ({"amount": 12}, "Unknown: amount"),
            ({"external_id": ""}, "Missing: external_id"),
            ({"external_id": ["EHR-1"]}, "This is no external_id: ['EHR-1']"),
            ({"start": "9999-12-31T23:59:59"}, "Impossible start"),
            ({"state": ["held"]}, "This is no state"),
            ({"patient": "Kim Ives"}, "This is no patient: Kim Ives"),
            ({"patient": True}, "This is no patient: True"),
            ({"patient": self._person(birthdate="03/40/2015")}, "date of birth"),
            ({"patient": self._person(last_name=5)}, "This is no last_name: 5"),
            ({"provider": {"npi": "1234567893"}}, "This is no provider"),
            ({"services": [{"code": "90837", "minutes": "55"}]}, "no minutes: 55"),
            ({"services": [{"code": "90837", "units": "x"}]}, "no units: x"),
            ({"services": [{"code": "90837", "modifiers": 95}]}, "no modifiers: 95"),
            ({"services": [{"code": "90837", "minutes": 10**12}]}, "out of range"),
        ):
            with mute_logger("odoo.sql_db"):
                bad, fine = self._sync(self._session(**wrong), good)
            self.assertEqual(bad["result"], "rejected", wrong)
            self.assertIn(words, bad["reason"])
            self.assertIn(fine["result"], ("created", "unchanged"))
            self.assertFalse(self._get())
        self.assertEqual(len(self._get("EHR-2")), 1)

    def test_a_name_is_a_name_and_no_pattern(self):
        for vals in ({"last_name": "%"}, {"first_name": "K_m"}):
            [result] = self._sync(self._session(patient=self._person(**vals)))
            self.assertIn("No patient", result["reason"], vals)
        for vals in ({"provider": "June%"}, {"provider": "J_ne Blake"}):
            [result] = self._sync(self._session(**vals))
            self.assertIn("No provider", result["reason"], vals)
        same = self._person(last_name="IVES", first_name=" kim ")
        [result] = self._sync(self._session(patient=same, provider="june blake"))
        self.assertEqual(result["result"], "created")

    def test_people_of_another_practice_are_not_found(self):
        other = self.env["res.company"].create({"name": "Other practice"})
        twin = self.kim.sudo().copy({"company_id": other.id})  # sudo: not the user's
        twin.name = self.kim.name
        self.biller.company_ids += other
        [result] = self._sync(self._session())
        self.assertEqual(result["result"], "created")
        self.assertEqual(self._get().patient_id, self.kim)

    def test_null_is_as_good_as_not_named(self):
        services = [{"code": "90837", "units": None, "minutes": False}]
        [result] = self._sync(self._session(state=None, services=services))
        self.assertEqual(result["result"], "created")
        session = self._get()
        self.assertEqual(session.state, "scheduled")
        self.assertEqual((session.line_ids.minutes, session.line_ids.units), (55, 1))

    def test_nobody_without_the_right_sends_sessions(self):
        employee = new_test_user(self.env, "none", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.env["therapy.session"].with_user(employee).therapy_sync([])
