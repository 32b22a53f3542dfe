import base64

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.therapy_billing.importers import IMPORTERS
from odoo.addons.therapy_billing.tools import mapping as mapping_tool

from .test_import import ImportCommon

SCHEDULE = """Appointment;When;Client;Born;Therapist;Result;Procedure;Qty
X-1;10.11.2026 16:15;Ives, Lou;01.04.2016;June Blake;Show;90837;1
X-2;11.11.2026 09:00;Lou Ives;01.04.2016;June Blake;No Show;90837;1,0
X-3;99.11.2026 09:00;Lou Ives;01.04.2016;June Blake;Show;90837;1
"""


@tagged("post_install", "-at_install")
class TestImportMapping(ImportCommon):
    """Files of other programs, read by a saved mapping of their columns."""

    def setUp(self):
        super().setUp()
        self._import("services")
        self._import("payers")
        lou = self.env["res.partner"].search([("name", "=", "Lou Ives")])
        self.born = lou.birthdate.strftime("%d.%m.%Y")
        self.code = self.env["product.product"].search(
            [("therapy_code", "!=", False)], limit=1, order="id"
        )
        content = SCHEDULE.replace("01.04.2016", self.born)
        self.content = content.replace("90837", self.code.therapy_code).encode()

    def _new(self, content=None, **vals):
        return self.env["therapy.import"].create(
            {
                "kind": "schedule",
                "file": base64.b64encode(content or self.content),
                "file_name": "export.csv",
                "company_id": self.company.id,
                **vals,
            }
        )

    def _map(self, record):
        action = record.action_map_columns()
        mapping = self.env["therapy.import.mapping"].browse(action["res_id"])
        mapping.date_order = "dmy"
        mapping.decimal_sign = ","
        by_target = {line.target: line for line in mapping.line_ids}
        for target, header in (
            ("Session ID", "Appointment"),
            ("Date", "When"),
            ("Start Time", "When"),
            ("DOB", "Born"),
            ("Type", "Result"),
            ("Service Code", "Procedure"),
        ):
            by_target[target].header = header
        by_target["Type"].words = "Show=held; No Show=missed"
        return mapping

    def test_columns_are_guessed_and_what_is_missing_is_named(self):
        record = self._new()
        record.action_map_columns()
        mapping = record.mapping_id
        headers = {line.target: line.header for line in mapping.line_ids}
        self.assertEqual(headers["Last Name"], "Client")
        self.assertEqual(headers["Units"], "Qty")
        self.assertEqual(headers["Clinician Name"], "Therapist")
        self.assertIn("Session ID", mapping.missing)
        with self.assertRaisesRegex(UserError, "Session ID"):
            record.action_check()

    def test_another_program_s_file_is_checked_imported_and_known_again(self):
        record = self._new()
        mapping = self._map(record)
        self.assertFalse(mapping.missing)
        record.action_check()
        Session = self.env["therapy.session"]
        domain = [("external_id", "in", ("X-1", "X-2", "X-3"))]
        self.assertEqual(record.state, "checked")
        self.assertFalse(Session.search(domain))
        record.action_import()
        sessions = Session.search(domain, order="external_id")
        self.assertEqual(sessions.mapped("external_id"), ["X-1", "X-2"])
        self.assertEqual(sessions.mapped("state"), ["held", "missed"])
        self.assertEqual(sessions.patient_id.mapped("name"), ["Lou Ives"])
        self.assertEqual(str(sessions[0].start), "2026-11-10 21:15:00")
        rejected = record.line_ids.filtered(lambda line: line.state == "rejected")
        self.assertEqual(rejected.row_number, 4)
        self.assertIn("99.11.2026", rejected.reason)
        again = self._new(mapping_id=mapping.id)
        again.action_import()
        self.assertEqual(again.unchanged_count, 2)
        self.assertEqual(Session.search(domain), sessions.sorted("id", reverse=True))

    def test_a_file_without_a_mapped_column_is_refused(self):
        mapping = self._map(self._new())
        content = self.content.replace(b"Therapist", b"Somebody")
        with self.assertRaisesRegex(UserError, "no column Therapist"):
            self._new(content, mapping_id=mapping.id).action_import()

    def test_a_file_of_other_columns_tells_the_way(self):
        with self.assertRaisesRegex(UserError, "Other Columns"):
            self._new().action_import()

    def test_a_constant_fills_what_the_file_does_not_have(self):
        record = self._new(self.content.replace(b"X-1;", b";"))
        mapping = self._map(record)
        line = mapping.line_ids.filtered(lambda line: line.target == "Type")
        line.write({"header": False, "constant": "held", "words": False})
        record.action_import()
        session = self.env["therapy.session"].search([("external_id", "=", "X-2")])
        self.assertEqual(session.state, "held")
        self.assertEqual(record.rejected_count, 2)

    def test_amounts_and_dates_of_payers_and_insurers_are_read_as_the_file_has_them(
        self,
    ):
        content = (
            b"Last Name;First Name;DOB;Payer;E-mail;Role;Share;Co-pay\n"
            b"Ober;Ann;05.06.1980;;ann@example.com;self;100,00;\n"
            b"Ober;Ann;05.06.1980;Far Mutual;;insurer;;1.030,50\n"
            b"Twa;Ina;05.06.80;;ina@example.com;self;100;\n"
            b"Ter;Ivo;05/13/1980;;ivo@example.com;self;100;\n"
        )
        record = self._new(content, kind="payers")
        record.action_map_columns()
        record.mapping_id.date_order = "dmy"
        record.mapping_id.decimal_sign = ","
        self.assertFalse(record.mapping_id.missing)
        record.action_import()
        insurer = self.env["res.partner"].search([("name", "=", "Far Mutual")])
        coverage = self.env["therapy.coverage"].search(
            [("insurer_id", "=", insurer.id)]
        )
        self.assertAlmostEqual(coverage.copay, 1030.5)
        self.assertEqual(str(coverage.patient_id.birthdate), "1980-06-05")
        rejected = record.line_ids.filtered(lambda line: line.state == "rejected")
        self.assertEqual(rejected.mapped("row_number"), [4, 5])
        self.assertIn("05.06.80", rejected[0].reason)
        self.assertIn("05.13.1980", rejected[1].reason)

    def test_columns_with_dates_and_amounts_are_those_of_the_files(self):
        there = set()
        for importer in IMPORTERS.values():
            there |= {*importer.columns, *importer.optional}
        named = {*mapping_tool.NUMBERS, *mapping_tool.DATES, *mapping_tool.NAMES}
        named |= {mapping_tool.TIME, mapping_tool.BIRTHDATE, mapping_tool.ADJUSTMENTS}
        self.assertFalse((named | set(mapping_tool.SYNONYMS)) - there)

    def test_words_are_pairs(self):
        mapping = self._map(self._new())
        with self.assertRaisesRegex(ValidationError, "This is none: Show"):
            mapping.line_ids[0].words = "Show"

    def test_a_file_without_a_first_row_is_refused(self):
        with self.assertRaisesRegex(UserError, "does not name its columns"):
            self._new(b"x").action_map_columns()
