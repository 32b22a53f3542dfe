from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.therapy_billing.tools.phi import find_leaks

from .common import SECRETS
from .link_common import LinkCommon


@tagged("post_install", "-at_install")
class TestAskPayer(LinkCommon):
    """A bank wants its customer to approve: the payer gets a link (M9)."""

    def _refuse(self, bill, payer=None):
        """Charge a card without its owner; the bank asks for the owner."""
        payer = payer or bill.partner_id
        transactions = self.env["payment.transaction"].with_user(self.biller).sudo()
        tx = transactions.with_context(
            therapy_parts=[(bill.id, bill.amount_residual)]
        ).create(
            {
                "provider_id": self.demo.id,
                "payment_method_id": self.method.id,
                "token_id": self._make_card(payer, "4242").id,
                "amount": bill.amount_residual,
                "currency_id": self.currency.id,
                "partner_id": payer.id,
                "paid_by_id": payer.id,
                "operation": "offline",
            }
        )
        with patch.object(
            self.env.registry["payment.transaction"],
            "_therapy_get_decline_codes",
            lambda tx: ["authentication_required"],
        ):
            self.env["therapy.decline.rule"].create(
                {
                    "code": "authentication_required",
                    "decline_class": "payer",
                    "source": "test",
                    "source_date": "2026-11-22",
                }
            )
            tx._set_error("The bank wants the cardholder to approve this payment.")
        return tx

    def test_the_payer_gets_a_link_that_says_nothing_private(self):
        bill = self._make_bill()
        with self._handed_over() as emails:
            tx = self._refuse(bill)
        self.assertEqual(emails, ["ada@example.com"], "not with the hourly queue")
        self.assertEqual(tx.therapy_decline_class, "payer")
        link = self._links(bill)
        self.assertEqual(link.state, "live")
        self.assertTrue(self._token())
        mail = self._mail()
        self.assertFalse(find_leaks(f"{mail.subject} {mail.body_html}", SECRETS, []))
        self.assertFalse(bill.activity_ids)

    def test_the_link_goes_to_whose_card_it_was(self):
        bill = self._make_bill()
        self._refuse(bill, self.father)
        self.assertTrue(self._token("bob@example.com"))
        self.assertFalse(self._mail("ada@example.com"))

    def test_a_payer_without_an_address_is_left_to_a_biller(self):
        bill = self._make_bill()
        (self.mother | self.father | self.patient).email = False
        self._refuse(bill)
        self.assertFalse(self._links(bill))
        self.assertIn("approve", bill.activity_ids.summary)
