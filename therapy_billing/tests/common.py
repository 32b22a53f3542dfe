from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import freeze_time

from odoo.addons.account_payment.tests.common import AccountPaymentCommon

NOW = "2026-11-16 15:00:00"


@freeze_time(NOW)
class TherapyCommon(AccountPaymentCommon):
    """A small practice on Monday, 16 November 2026, 10:00 in New York.

    Kim (born 2015) has two guardians who pay 70 and 30 percent; Ann pays for herself
    and has an insurer with a copay of 30.00.
    """

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.quick_ref(
            "therapy_billing.group_manager"
        )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usd = cls.env.company.currency_id
        cls.practice = cls.env.company
        cls.practice.therapy_tz = "America/New_York"
        cls.talk = cls._create_service("90837", 175.25, minutes=55)
        cls.aba = cls._create_service("97153", 17.33, minutes=120, per_unit=15)
        Partner = cls.env["res.partner"]
        cls.clinician = Partner.create({"name": "June Blake", "is_provider": True})
        cls.mother = Partner.create({"name": "Rosa Ives", "email": "rosa@example.com"})
        cls.father = Partner.create({"name": "Omar Ives", "email": "omar@example.com"})
        cls.kim = cls._create_patient("Kim", "Ives", "2015-03-01")
        cls._add_guarantor(cls.kim, cls.mother, 70)
        cls._add_guarantor(cls.kim, cls.father, 30)
        cls.ann = cls._create_patient("Ann", "Ober", "1980-05-05")
        cls.ann.email = "ann@example.com"
        cls._add_guarantor(cls.ann, cls.ann, 100, role="self")
        cls.insurer = Partner.create(
            {"name": "Summit Mutual", "is_insurer": True, "is_company": True}
        )
        cls.coverage = cls.env["therapy.coverage"].create(
            {
                "patient_id": cls.ann.id,
                "insurer_id": cls.insurer.id,
                "copay": 30.0,
            }
        )

    @classmethod
    def _allow_fee(cls):
        """Let the practice, in Texas, take a fee on credit cards."""
        cls.practice.partner_id.write(
            {
                "state_id": cls.env.ref("base.state_us_44").id,
                "country_id": cls.env.ref("base.us").id,
            }
        )
        cls.practice.write(
            {
                "therapy_fee_enabled": True,
                "therapy_fee_told_on": cls._today() - timedelta(days=30),
            }
        )
        cls.card_cost = cls.env["therapy.fee.rule"].create(
            {
                "name": "A card processor",
                "kind": "cost",
                "percent": 2.9,
                "fixed_amount": 0.30,
                "source": "Its list price",
                "source_date": cls._today(),
            }
        )

    @classmethod
    def _create_service(cls, code, rate, minutes=60, per_unit=0):
        return cls.env["product.product"].create(
            {
                "name": f"Service {code}",
                "type": "service",
                "therapy_code": code,
                "therapy_minutes": minutes,
                "therapy_minutes_per_unit": per_unit,
                "list_price": rate,
                "taxes_id": [Command.clear()],
            }
        )

    @classmethod
    def _create_patient(cls, first, last, birthdate):
        return cls.env["res.partner"].create(
            {
                "name": f"{first} {last}",
                "therapy_first_name": first,
                "therapy_last_name": last,
                "birthdate": birthdate,
                "is_patient": True,
            }
        )

    @classmethod
    def _add_guarantor(cls, patient, partner, percent, role="guardian", **vals):
        return cls.env["therapy.guarantor"].create(
            {
                "patient_id": patient.id,
                "partner_id": partner.id,
                "percent": percent,
                "role": role,
                "sequence": 10 * (len(patient.guarantor_ids) + 1),
                **vals,
            }
        )

    @classmethod
    def _create_session(cls, patient, lines=None, start="2026-11-10 19:00:00", **vals):
        """Create a session held; lines are (service, units)."""
        lines = lines or [(cls.talk, 1)]
        return cls.env["therapy.session"].create(
            {
                "patient_id": patient.id,
                "provider_id": cls.clinician.id,
                "start": start,
                "state": "held",
                "line_ids": [
                    Command.create({"product_id": product.id, "units": units})
                    for product, units in lines
                ],
                **vals,
            }
        )

    @classmethod
    def _create_run(cls, **vals):
        return cls.env["therapy.billing.run"].create(
            {"date_from": "2026-11-01", "date_to": "2026-11-30", **vals}
        )

    @classmethod
    def _bill(cls, *sessions):
        """Bill sessions; return the bills."""
        run = cls._create_run()
        run.action_generate()
        return run.move_ids

    @classmethod
    def _create_bill(cls, partner, amount, due="2026-12-16", **vals):
        """Create a posted bill of a patient without sessions."""
        return cls._create_invoice_one_line(
            price_unit=amount,
            tax_ids=[],
            partner_id=partner.id,
            invoice_date="2026-11-16",
            invoice_payment_term_id=False,
            invoice_date_due=due,
            post=True,
            **{"patient_id": cls.kim.id, **vals},
        )

    def _pay(self, bills, amount, payer=None, parts=None, **vals):
        """Create a transaction as a payer would by pressing the button."""
        context = {"therapy_parts": [(b.id, a) for b, a in parts]} if parts else {}
        payer = payer or bills[:1].partner_id
        self.reference = f"try {self.env['payment.transaction'].search_count([])}"
        values = {
            "provider_id": self.provider.id,
            "payment_method_id": self.payment_method_id,
            "amount": amount,
            "currency_id": self.usd.id,
            "partner_id": payer.id,
            "operation": "online_direct",
            "reference": self.reference,
            "invoice_ids": [Command.set(bills.ids)],
            **vals,
        }
        Transaction = self.env["payment.transaction"].with_context(**context)
        return Transaction.sudo().create(values)  # sudo: as the payment form does

    def _succeed(self, transaction):
        """Let the processor say yes, and post."""
        transaction._set_done()
        transaction._post_process()
        return transaction.payment_id

    @contextmanager
    def _processor(self, answer):
        """Replace the one method that talks to a processor."""
        with patch.object(
            self.env.registry["payment.transaction"], "_send_payment_request", answer
        ):
            yield

    def assertCents(self, amount, expected):
        self.assertEqual(
            self.usd.compare_amounts(amount, expected), 0, f"{amount} != {expected}"
        )

    def assertResidual(self, bill, expected):
        self.assertCents(bill.amount_residual, expected)

    @classmethod
    def _today(cls):
        return fields.Date.to_date("2026-11-16")
