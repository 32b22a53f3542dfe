from datetime import datetime

from odoo import Command
from odoo.tests import tagged

from .common import TherapyPortalCommon


@tagged("post_install", "-at_install")
class TestInsurersAnswer(TherapyPortalCommon):
    def test_a_parent_reads_what_the_insurers_answer_changed_and_nothing_else(self):
        self.env["therapy.coverage"].create(
            {
                "patient_id": self.patient.id,
                "insurer_id": self.insurer.id,
                "copay": 50.0,
            }
        )
        session = self.env["therapy.session"].create(
            {
                "patient_id": self.patient.id,
                "start": datetime(2026, 10, 12, 15, 0),
                "state": "held",
                "line_ids": [Command.create({"product_id": self.service.id})],
            }
        )
        run = self.env["therapy.billing.run"].create(
            {"date_from": "2026-10-01", "date_to": "2026-10-31"}
        )
        run.action_generate()
        remittance = self.env["therapy.remittance"].create(
            {
                "partner_id": self.insurer.id,
                "trace": "EFT 1",
                "date": "2026-10-20",
                "amount": 100.0,
                "line_ids": [
                    Command.create(
                        {
                            "session_id": session.id,
                            "paid": 100.0,
                            "contract_amount": 40.0,
                            "patient_amount": 60.0,
                        }
                    )
                ],
            }
        )
        remittance.action_post()
        bills = remittance.move_ids
        bill = bills.filtered(lambda move: move.partner_id == self.mother)
        self.assertAmounts(bill.amount_total, 6.0)
        [explained] = bill._therapy_explain()
        [reason] = explained["reasons"]
        self.assertIn("10/20/2026", reason)
        self.assertIn("36.00", reason)
        self.assertIn("30.00", reason)
        self.assertNotIn("Blue Plan", reason)
        self.assertNotIn("Bob", reason)
