import base64
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, freeze_time, tagged
from odoo.tools.misc import file_open

from odoo.addons.therapy_billing.tests.common import NOW


@freeze_time(NOW)
class ImportCommon(TransactionCase):
    """The files of tests/data, in a company of their own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Practice of the test"})
        cls.env = cls.env(context={"allowed_company_ids": cls.company.ids})
        cls.env.user.company_ids |= cls.company

    def _content(self, kind):
        with file_open(f"therapy_billing/tests/data/{kind}.csv", "rb") as file:
            return file.read()

    def _import(self, kind, content=None, **vals):
        record = self.env["therapy.import"].create(
            {
                "kind": kind,
                "file": base64.b64encode(content or self._content(kind)),
                "file_name": f"{kind}.csv",
                "company_id": self.company.id,
                **vals,
            }
        )
        record.action_import()
        return record


@tagged("post_install", "-at_install")
class TestImport(ImportCommon):
    def _import_all(self):
        return [self._import(kind) for kind in ("services", "payers", "schedule")]

    def _states(self, record):
        return {line.row_number: line.state for line in record.line_ids}

    def _reason(self, record, number):
        line = record.line_ids.filtered(lambda line: line.row_number == number)
        return line.reason

    def _sessions(self):
        return self.env["therapy.session"].search(
            [("company_id", "=", self.company.id)], order="external_id"
        )

    # === SERVICES === #

    def test_services_keep_code_rate_and_units_and_no_tax(self):
        record = self._import("services")
        self.assertEqual(
            self._states(record),
            {
                2: "imported",
                3: "imported",
                4: "imported",
                5: "unchanged",
                6: "rejected",
                7: "rejected",
                8: "rejected",
                9: "rejected",
            },
        )
        service = self.env["product.template"].search(
            [("therapy_code", "=", "97153"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(service.type, "service")
        self.assertEqual(service.therapy_minutes_per_unit, 15)
        self.assertAlmostEqual(service.list_price, 17.33)
        self.assertFalse(service.taxes_id)

    def test_a_new_rate_is_taken_over(self):
        self._import("services")
        content = self._content("services").replace(b"17.33", b"18.00")
        record = self._import("services", content)
        self.assertEqual(self._states(record)[3], "imported")
        service = self.env["product.template"].search(
            [("therapy_code", "=", "97153"), ("company_id", "=", self.company.id)]
        )
        self.assertAlmostEqual(service.list_price, 18.0)

    def test_an_amount_that_can_be_read_in_two_ways_is_refused(self):
        content = b'Service Code,Name,Rate Per Unit\nA1,One,"30,00"\nA2,Two,%s\n'
        record = self._import("services", content % (b"9" * 40))
        self.assertEqual(self._states(record), {2: "rejected", 3: "rejected"})
        self.assertIn("30,00", self._reason(record, 2))

    def test_a_service_that_cannot_take_new_values_does_not_stop_the_others(self):
        self._import("services")
        service = self.env["product.template"].search(
            [("therapy_code", "=", "97153"), ("company_id", "=", self.company.id)]
        )
        service.therapy_unit_rule_id = self.env.ref("therapy_billing.unit_rule_cms")
        content = (
            b"Service Code,Name,Minutes Per Unit,Rate Per Unit\n"
            b"97153,ABA,,20\nN1,New,,30\n"
        )
        record = self._import("services", content)
        self.assertEqual(self._states(record), {2: "rejected", 3: "imported"})
        self.assertIn("needs minutes per unit", self._reason(record, 2))
        self.assertAlmostEqual(service.list_price, 17.33)

    def test_a_quotation_mark_that_is_never_closed_swallows_no_rows(self):
        content = self._content("services").replace(b"\n", b'\nX9,"Half,30\n', 1)
        with self.assertRaisesRegex(UserError, "Row 2 of the file cannot be read"):
            self._import("services", content)

    # === PAYERS === #

    def test_payers_are_known_by_email_and_insurers_by_name(self):
        self._import("payers")
        Partner = self.env["res.partner"]
        rosa = Partner.search([("email", "=", "rosa@example.com")])
        self.assertEqual(len(rosa), 1, "one payer, however the address is written")
        self.assertEqual(
            rosa.responsible_for_ids.patient_id.mapped("name"), ["Kim Ives", "Lou Ives"]
        )
        self.assertEqual(
            Partner.search_count(
                [("is_insurer", "=", True), ("name", "=ilike", "Lakeside Plan")]
            ),
            1,
        )

    def test_a_patient_who_pays_is_one_partner(self):
        self._import("payers")
        ann = self.env["res.partner"].search([("email", "=", "ann@example.com")])
        self.assertTrue(ann.is_patient)
        self.assertEqual(ann.guarantor_ids.partner_id, ann)
        self.assertAlmostEqual(ann.coverage_ids.copay, 30.0)

    def test_an_address_of_a_child_does_not_make_the_child_pay(self):
        head = self._content("payers").split(b"\n")[0]
        content = head + (
            b"\nIves,Kim,03/01/2015,x,rosa@example.com,self,100,"
            b"\nIves,Lou,04/01/2017,Rosa Ives,rosa@example.com,guardian,100,\n"
        )
        self._import("payers", content)
        lou = self.env["res.partner"].search([("name", "=", "Lou Ives")])
        self.assertEqual(lou.guarantor_ids.partner_id.name, "Rosa Ives")
        self.assertFalse(lou.guarantor_ids.partner_id.is_patient)

    def test_wrong_payers_are_rejected_one_by_one(self):
        record = self._import("payers")
        states = self._states(record)
        self.assertEqual([states[number] for number in range(2, 10)], ["imported"] * 8)
        self.assertEqual([states[number] for number in (10, 11)], ["warning"] * 2)
        self.assertEqual(states[12], "unchanged")
        self.assertEqual([states[number] for number in range(13, 18)], ["rejected"] * 5)
        self.assertIn("99", self._reason(record, 10))
        self.assertIn("02/30/2015", self._reason(record, 14))
        self.assertFalse(
            self.env["res.partner"].search([("therapy_last_name", "=", "Bad")])
        )

    def test_other_shares_of_a_known_patient_are_left_to_a_person(self):
        self._import("payers")
        content = self._content("payers").replace(b"guardian,70", b"guardian,60")
        record = self._import("payers", content)
        self.assertEqual(self._states(record)[2], "rejected")
        kim = self.env["res.partner"].search([("name", "=", "Kim Ives")])
        self.assertEqual(sorted(kim.guarantor_ids.mapped("percent")), [30.0, 70.0])

    # === SCHEDULE === #

    def test_sessions_have_services_units_amounts_and_the_local_date(self):
        self._import_all()
        sessions = self._sessions()
        self.assertEqual(
            sessions.mapped("external_id"), ["S-1", "S-2", "S-3", "S-4", "S-5"]
        )
        self.assertEqual(
            sessions.mapped("state"), ["held", "held", "missed", "cancelled", "held"]
        )
        first, second = sessions[0], sessions[1]
        self.assertEqual(len(first.line_ids), 2)
        self.assertAlmostEqual(first.amount_total, 175.25 + 8 * 17.33)
        self.assertEqual(first.line_ids[0].modifiers, "95")
        # Half past seven in the evening, before and after the clocks went back.
        self.assertEqual(str(first.start), "2026-10-30 23:30:00")
        self.assertEqual(str(second.start), "2026-11-03 00:30:00")
        self.assertEqual(str(first.date), "2026-10-30")
        self.assertEqual(str(second.date), "2026-11-02")
        self.assertEqual(first.provider_id.name, "June Blake")
        self.assertEqual(first.provider_id.npi, "1234567893")
        self.assertEqual(second.patient_id.coverage_ids.member_number, "M1")

    def test_a_provider_entered_by_name_gets_the_number_of_the_file(self):
        june = self.env["res.partner"].create(
            {"name": "June Blake", "is_provider": True, "company_id": self.company.id}
        )
        self._import_all()
        self.assertEqual(self._sessions()[0].provider_id, june)
        self.assertEqual(june.npi, "1234567893")

    def test_wrong_rows_are_rejected_with_a_reason_and_nothing_of_them_is_kept(self):
        record = self._import_all()[2]
        states = self._states(record)
        self.assertEqual([states[n] for n in range(2, 7)], ["imported"] * 5)
        self.assertEqual(states[7], "warning")
        self.assertEqual(states[8], "unchanged")
        self.assertEqual([states[n] for n in range(9, 19)], ["rejected"] * 10)
        reasons = {
            9: "other content",
            10: "another patient",
            11: "No session ID",
            12: "99999",
            13: "Known Nobody",
            14: "13/45/2026",
            15: "-2",
            16: "97",
            17: "99 percent",
            18: "Perhaps",
        }
        for number, text in reasons.items():
            self.assertIn(text, self._reason(record, number))
        self.assertEqual(record.rejected_count, 10)
        self.assertEqual(record.row_count, 17)
        self.assertFalse(
            self.env["therapy.session"].search([("external_id", "=like", "B-%")])
        )

    def test_the_files_units_stand_with_a_warning(self):
        self._import_all()
        line = self._sessions()[-1].line_ids
        self.assertAlmostEqual(line.units, 9.0)
        self.assertIn("8 units", line.unit_note)

    def test_importing_again_changes_nothing(self):
        first = self._import_all()
        sessions = self._sessions()
        before = [
            (s.id, s.write_date, s.line_ids.ids, s.amount_total) for s in sessions
        ]
        partners = self.env["res.partner"].search_count([])
        again = self._import_all()
        for one, two in zip(first, again, strict=True):
            self.assertFalse(two.imported_count + two.warning_count, two.kind)
            self.assertEqual(one.rejected_count, two.rejected_count, two.kind)
        self.assertEqual(self._sessions(), sessions)
        self.assertEqual(
            before,
            [(s.id, s.write_date, s.line_ids.ids, s.amount_total) for s in sessions],
        )
        self.assertEqual(partners, self.env["res.partner"].search_count([]))

    def test_a_changed_row_of_a_known_session_is_rejected(self):
        self._import_all()
        content = self._content("schedule").replace(b"97153,3,45", b"97153,4,60")
        record = self._import("schedule", content)
        self.assertEqual(self._states(record)[4], "rejected")
        self.assertAlmostEqual(self._sessions()[1].line_ids.units, 3.0)

    def test_a_service_is_added_to_a_known_session_until_it_is_billed(self):
        self._import_all()
        head, row = self._content("schedule").split(b"\n")[:2]
        content = head + b"\n" + row.replace(b"90837,1,55", b"H0031,1,60")
        self.assertEqual(self._import("schedule", content).imported_count, 1)
        self.assertEqual(len(self._sessions()[0].line_ids), 3)

    def test_only_checking_keeps_nothing_but_the_result(self):
        self._import("services")
        record = self._import("payers", dry_run=True)
        self.assertEqual(record.state, "checked")
        self.assertEqual(record.imported_count, 8)
        self.assertTrue(record.file)
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Kim Ives")]))
        record.dry_run = False
        record.action_import()
        self.assertEqual(record.state, "done")
        self.assertTrue(self.env["res.partner"].search([("name", "=", "Kim Ives")]))

    def test_the_file_is_not_kept_and_not_imported_twice(self):
        record = self._import("services")
        self.assertFalse(record.file)
        with self.assertRaises(UserError):
            record.action_import()

    def test_a_file_of_another_kind_is_named_as_such(self):
        with self.assertRaisesRegex(UserError, "Session ID"):
            self._import("schedule", self._content("payers"))

    def test_a_record_that_cannot_be_created_does_not_stop_the_others(self):
        Session = self.env.registry["therapy.session"]
        create = Session.create

        def fail(model, vals_list):
            if any(vals["external_id"] == "S-2" for vals in vals_list):
                raise UserError("A rule of another module.")
            return create(model, vals_list)

        self._import("services")
        self._import("payers")
        with patch.object(Session, "create", fail):
            record = self._import("schedule")
        self.assertEqual(self._states(record)[4], "rejected")
        self.assertEqual(self._reason(record, 4), "A rule of another module.")
        self.assertEqual(len(self._sessions()), 4)

    def test_three_hundred_sessions_take_a_few_seconds(self):
        self._import("services")
        self._import("payers")
        lines = self._content("schedule").split(b"\n")
        rows = [lines[1].replace(b"S-1", b"L-%d" % number) for number in range(300)]
        content = b"\n".join([lines[0], *rows])
        with self.assertQueryCount(2500):
            record = self._import("schedule", content)
        self.assertEqual(record.imported_count, 300)
