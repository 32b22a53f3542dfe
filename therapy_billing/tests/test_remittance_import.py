import base64

from odoo.tests import freeze_time, tagged

from odoo.addons.therapy_billing.tests.common import NOW
from odoo.addons.therapy_billing.tests.test_remittance import RemittanceCommon

HEAD = (
    "Insurer,Trace Number,Payment Date,Total,Claim,Last Name,First Name,DOB,"
    "Service Code,Charge,Allowed,Paid,Adjustments"
)


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestRemittanceImport(RemittanceCommon):
    def _import(self, *rows, check=False):
        content = "\n".join([HEAD, *rows]).encode()
        record = self.env["therapy.import"].create(
            {"kind": "remittances", "file": base64.b64encode(content)}
        )
        if check:
            record.action_check()
        else:
            record.action_import()
        return record

    def _row(self, claim, *, who="Ober,Ann,05/05/1980", total="85.00", **cells):
        values = {
            "charge": "175.25",
            "allowed": "120.00",
            "paid": "85.00",
            "adjustments": "CO-45 55.25; PR-3 35.00",
            "code": "90837",
            **cells,
        }
        amounts = "{code},{charge},{allowed},{paid},{adjustments}".format(**values)
        return f"Summit Mutual,EFT 9,11/13/2026,{total},{claim},{who},{amounts}"

    def _find(self):
        return self.env["therapy.remittance"].search([("trace", "=", "EFT 9")])

    def test_a_file_becomes_a_draft_that_can_be_posted(self):
        session = self._bill_ann()
        record = self._import(self._row(self._claims(session).name))
        self.assertEqual(record.imported_count, 1, record.line_ids.mapped("reason"))
        remittance = self._find()
        self.assertEqual(remittance.get_problems(), [])
        remittance.action_post()
        self.assertCents(self._receivable(self.ann), 35.0)
        self.assertCents(self._receivable(self.insurer), 0)

    def test_only_checking_keeps_nothing(self):
        session = self._bill_ann()
        record = self._import(self._row(session.name), check=True)
        self.assertEqual(record.imported_count, 1)
        self.assertFalse(self._find())

    def test_the_same_file_again_changes_nothing(self):
        session = self._bill_ann(external_id="X-1")
        rows = [
            self._row("X-1", total="88.00"),
            "Summit Mutual,EFT 9,11/13/2026,88.00,,,,,,,,,interest 3.00",
        ]
        self._import(*rows)
        record = self._import(*rows)
        self.assertEqual(record.unchanged_count, 2)
        remittance = self._find()
        remittance.action_post()
        self.assertCents(remittance.amount_unapplied, 0)
        self.assertEqual(self._import(*rows).unchanged_count, 2)
        self.assertEqual(session.patient_share_state, "final")

    def test_a_take_back_and_its_correction_are_two_rows(self):
        session = self._bill_ann()
        self._post(self._answer(session, 85.0, 55.25, 35.0))
        record = self._import(
            self._row(
                session.name,
                total="10.00",
                charge="-175.25",
                paid="-85.00",
                adjustments="CO-45 -55.25; PR-3 -35.00",
            ),
            self._row(
                session.name,
                total="10.00",
                paid="95.00",
                adjustments="CO-45 50.25; PR-3 30",
            ),
        )
        self.assertEqual(record.imported_count, 2)
        self._find().action_post()
        self.assertCents(self._receivable(self.ann), 30.0)

    def test_a_wrong_row_is_named_and_the_others_are_kept(self):
        session = self._bill_ann()
        name = session.name
        rows = {
            self._row(name): False,
            self._row("TS9"): "claim is not known",
            self._row(name, who="Ives,Kim,03/01/2015"): "another patient",
            self._row(name, code="99999"): "no service with this code",
            self._row(name, paid="80.00"): "do not add up",
            self._row(name, adjustments="XX-1 90.25"): "Impossible adjustment",
            self._row(name, charge="abc"): "Impossible amount",
            self._row(name, total="90.00"): "another date or total",
            self._row(name, allowed="119.00"): "twice",
            self._row(name).replace("Summit", "Unknown"): "insurer is not known",
            self._row(name).replace("EFT 9", ""): "No trace number",
            self._row(name).replace("11/13", "13/45"): "Impossible date",
            self._row(""): "Without a claim",
        }
        record = self._import(*rows)
        for line, words in zip(
            record.line_ids.sorted("row_number"), rows.values(), strict=True
        ):
            if words:
                self.assertEqual(line.state, "rejected", line.reason)
                self.assertIn(words, line.reason)
            else:
                self.assertEqual(line.state, "imported", line.reason)
        self.assertEqual(len(self._find().line_ids), 1)

    def test_another_content_under_a_known_trace_number_is_refused(self):
        session = self._bill_ann()
        self._import(self._row(session.name))
        record = self._import(
            self._row(session.name, paid="80.00", adjustments="CO-45 60.25; PR-3 35")
        )
        self.assertEqual(record.rejected_count, 1)
        self.assertIn("other content", record.line_ids.reason)

    def test_a_reason_nobody_knows_yet_is_treated_as_its_group(self):
        session = self._bill_ann()
        self._import(self._row(session.name, adjustments="CO-999 55.25; PR-3 35"))
        reason = self.env["therapy.remittance.reason"].search([("code", "=", "999")])
        self.assertEqual((reason.group, reason.treatment), ("CO", "contract"))
