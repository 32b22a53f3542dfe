from odoo.tests import new_test_user, tagged

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestPrivateMail(TherapyCommon):
    """What Odoo writes to staff by itself names no patient and no payer (P1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env,
            "desk",
            groups="therapy_billing.group_biller",
            email="desk@example.com",
            notification_type="email",
        )
        cls.bill = cls._create_bill(cls.mother, 10.0)

    def _written(self, record):
        """Return what was sent to the user about a record."""
        return self.env["mail.message"].search(
            [
                ("model", "=", record._name),
                ("res_id", "=", record.id),
                ("notified_partner_ids", "in", self.user.partner_id.ids),
            ]
        )

    def test_an_activity_about_a_patient_or_payer_is_not_mailed(self):
        for record, mailed in (
            (self.kim, False),
            (self.mother, False),
            (self.bill, False),
            (self.partner_a, True),
        ):
            activity = record.activity_schedule(
                "mail.mail_activity_data_todo", user_id=self.user.id
            )
            self.assertEqual(activity.user_id, self.user)
            self.assertEqual(bool(self._written(record)), mailed, record)

    def test_who_gets_a_patient_or_payer_assigned_is_not_written_to(self):
        for record, mailed in (
            (self.kim, False),
            (self.mother, False),
            (self.insurer, False),
            (self.partner_a, True),
        ):
            record.with_context(tracking_disable=False).user_id = self.user
            self.assertEqual(bool(self._written(record)), mailed, record)
