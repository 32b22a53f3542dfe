import psycopg2

from odoo import SUPERUSER_ID, Command, api
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestAuthorizationRace(TransactionCase):
    """Two database connections at once, committed and cleaned up by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.registry.cursor() as cr:
            cls._create_data(api.Environment(cr, SUPERUSER_ID, {}))
        cls.addClassCleanup(cls._delete_data)

    @classmethod
    def _create_data(cls, env):
        company = env["res.company"].search([], order="id", limit=1)
        cls.company_id, cls.policy = company.id, company.therapy_authorization_policy
        company.therapy_authorization_policy = "block"
        patient = env["res.partner"].create({"name": "Race", "is_patient": True})
        guarantor = env["therapy.guarantor"].create(
            {
                "patient_id": patient.id,
                "partner_id": patient.id,
                "role": "self",
                "company_id": company.id,
            }
        )
        product = env["product.product"].create(
            {"name": "Race", "type": "service", "therapy_code": "RACEA"}
        )
        authorization = env["therapy.authorization"].create(
            {
                "name": "RACE",
                "patient_id": patient.id,
                "payer_id": patient.id,
                "date_from": "2026-11-01",
                "date_to": "2026-11-30",
                "company_id": company.id,
                "line_ids": [Command.create({"product_id": product.id, "units": 1})],
            }
        )
        cls.patient_id, cls.product_id = patient.id, product.id
        cls.records = [
            (record._name, record.ids)
            for record in (authorization, guarantor, product.product_tmpl_id, patient)
        ]

    @classmethod
    def _delete_data(cls):
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["therapy.session"].search(
                [("patient_id", "=", cls.patient_id)]
            ).unlink()
            for model, ids in cls.records:
                env[model].browse(ids).unlink()
            company = env["res.company"].browse(cls.company_id)
            company.therapy_authorization_policy = cls.policy

    def _take(self, cr):
        """Enter a session that takes the last unit."""
        session = api.Environment(cr, SUPERUSER_ID, {})["therapy.session"].create(
            {
                "patient_id": self.patient_id,
                "start": "2026-11-10 15:00:00",
                "company_id": self.company_id,
                "line_ids": [Command.create({"product_id": self.product_id})],
            }
        )
        self.assertTrue(session.line_ids.authorization_line_id)

    def test_two_sessions_at_once_do_not_both_get_the_last_unit(self):
        with self.registry.cursor() as first, self.registry.cursor() as second:
            second.execute("SELECT 1")  # from here on it sees nothing new
            self._take(first)
            first.commit()
            with (
                self.assertRaises(psycopg2.errors.SerializationFailure),
                mute_logger("odoo.sql_db"),
            ):
                self._take(second)
            second.rollback()
