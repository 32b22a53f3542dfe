from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestPartnerMerge(TherapyCommon):
    def _merge(self, partners, **context):
        wizard = self.env["base.partner.merge.automatic.wizard"].with_context(
            active_model="res.partner", active_ids=partners.ids, **context
        )
        record = wizard.create({"dst_partner_id": partners[0].id})
        return record.action_merge()

    def test_two_payers_are_not_merged(self):
        self.father.email = self.mother.email
        with self.assertRaisesRegex(UserError, "both pay for treatment"):
            self._merge(self.mother | self.father)
        with self.assertRaisesRegex(UserError, "both pay for treatment"):
            self._merge(self.mother | self.insurer)
        self.assertTrue(self.mother.exists() and self.father.exists())

    def test_two_people_with_saved_cards_are_not_merged(self):
        provider = self.env["payment.provider"].search([], limit=1)
        partners = self.env["res.partner"].create([{"name": "Lou"}, {"name": "Lou"}])
        for partner in partners:
            self.env["payment.token"].sudo().create(  # sudo: as providers do
                {
                    "provider_id": provider.id,
                    "payment_method_id": self.env["payment.method"]
                    .with_context(active_test=False)
                    .search([], limit=1)
                    .id,
                    "payment_details": "4242",
                    "partner_id": partner.id,
                    "provider_ref": f"merge {partner.id}",
                }
            )
        with self.assertRaisesRegex(UserError, "both pay for treatment"):
            self._merge(partners)

    def test_two_patients_are_not_merged(self):
        self.ann.guarantor_ids.unlink()
        with self.assertRaisesRegex(UserError, "both patients"):
            self._merge(self.kim | self.ann)

    def test_a_payer_and_a_child_of_another_name_are_not_merged(self):
        with self.assertRaisesRegex(UserError, "different names"):
            self._merge(self.mother | self.kim)

    def test_one_person_entered_twice_becomes_one_who_pays_alone(self):
        lou = self._create_patient("Lou", "Orr", "1990-01-01")
        payer = self.env["res.partner"].create({"name": "lou orr "})
        row = self._add_guarantor(lou, payer, 100)
        self._merge(lou | payer)
        self.assertFalse(payer.exists())
        self.assertEqual(row.partner_id, lou)
        self.assertEqual(row.role, "self")

    def test_a_payer_is_not_merged_into_a_household(self):
        Partner = self.env["res.partner"]
        household = Partner.create({"name": "Ives Household", "is_company": True})
        double = Partner.create({"name": "Rosa Ives", "parent_id": household.id})
        # Core lets the one that comes first stay, and the household with it.
        for partners in (self.mother | double, double | self.mother):
            with self.assertRaisesRegex(UserError, "stands alone"):
                self._merge(partners)
        double.parent_id = False
        self._merge(self.mother | double)
        self.assertFalse(double.exists())

    def test_other_contacts_are_merged_as_ever(self):
        double = self.env["res.partner"].create({"name": "Rosa Ives, work"})
        self._merge(self.mother | double)
        self.assertFalse(double.exists())

    def test_others_are_not_told_who_is_a_patient(self):
        user = new_test_user(
            self.env, "reception", groups="base.group_user,base.group_partner_manager"
        )
        partners = (self.mother | self.kim).with_user(user)
        with self.assertRaises(UserError) as caught:
            partners._therapy_check_merge()
        self.assertNotIn("patient", str(caught.exception))
        self.assertNotIn("Kim", str(caught.exception))
