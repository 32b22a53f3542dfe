import logging

from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, tagged

from odoo.addons.therapy_stripe.tools.log_mask import ClientSecretMask

from .common import TherapyStripeCommon


@tagged("post_install", "-at_install")
class TestOnSession(TherapyStripeCommon, HttpCase):
    def setUp(self):
        super().setUp()
        self.bill = self._create_bill(100.0)

    def _return(self, tx, intent_ref=None, **params):
        name = "setup_intent" if tx.operation == "validation" else "payment_intent"
        self.env.flush_all()
        answer = self.url_open(
            "/payment/stripe/return",
            params={
                "reference": tx.reference,
                name: intent_ref or tx.provider_reference,
                **params,
            },
            allow_redirects=False,
        )
        self.env.invalidate_all()
        self.assertEqual(answer.status_code, 303)
        self.assertIn("/payment/status", answer.headers["Location"])

    def test_payer_pays_with_a_card_typed_in(self):
        tx = self._create_tx(self.bill, 60.0)
        values = tx._get_processing_values()
        self.assertTrue(values["client_secret"].startswith(tx.provider_reference))
        params = self.sandbox.requests("/v1/payment_intents", "POST")[-1]["params"]
        self.assertEqual(set(params["metadata"]), {"tx", "db"})
        self.assertNotIn("description", params)
        self.assertNotIn("shipping", params)
        self._confirm(tx)
        self._return(tx)
        self.assertEqual(tx.state, "done")
        self.assertTrue(tx.charged_at)
        self._post_process(tx)
        self.assertAlmostEqual(self.bill.amount_residual, 40.0)
        self.assertFalse(tx.token_id)

    def test_client_secret_stays_out_of_the_log_of_requests(self):
        masks = [
            mask
            for mask in logging.getLogger("werkzeug").filters
            if isinstance(mask, ClientSecretMask)
        ]
        self.assertEqual(len(masks), 1)
        record = logging.makeLogRecord(
            {
                "msg": '"%s" %s',
                "args": ("GET /payment/stripe/return?x_client_secret=pi_1_s&y=1", 303),
            }
        )
        self.assertTrue(masks[0].filter(record))
        self.assertIn("client_secret=[REDACTED]&y=1", record.getMessage())
        self.assertNotIn("pi_1_s", record.getMessage())

    def test_coming_back_twice_is_booked_once(self):
        tx = self._create_tx(self.bill)
        tx._get_processing_values()
        self._confirm(tx)
        self._return(tx)
        self._return(tx)
        self._post_process(tx)
        self._post_process(tx)
        payments = self.env["account.payment"].search(
            [("payment_transaction_id", "=", tx.id)]
        )
        self.assertEqual(len(payments), 1)

    def test_card_is_saved_while_paying(self):
        tx = self._create_tx(self.bill, tokenize=True)
        tx._get_processing_values()
        self._confirm(tx)
        self._return(tx)
        self.assertEqual(tx.token_id.payment_details, "4242")
        self.assertEqual(tx.token_id.consent_channel, "portal")
        bill = self._create_bill(10.0)
        self.assertEqual(self._charge(bill, tx.token_id).state, "done")

    def test_card_is_saved_in_the_portal_without_paying(self):
        tx = self._create_tx(
            self.bill, operation="validation", tokenize=True, invoice_ids=False
        )
        tx.amount = 0
        tx._get_processing_values()
        self.assertTrue(tx.provider_reference.startswith("seti_"))
        self._confirm(tx)
        self._return(tx)
        self.assertEqual(tx.state, "done")
        self.assertEqual(self.payer.therapy_card_ids, tx.token_id)

    def test_intent_of_another_payment_is_refused(self):
        paid = self._create_tx(self.bill)
        paid._get_processing_values()
        self._confirm(paid)
        other = self._create_tx(self._create_bill(100.0))
        other._get_processing_values()
        self._return(other, paid.provider_reference)
        self.assertEqual(other.state, "draft")
        never_started = self._create_tx(self._create_bill(100.0))
        self._return(never_started, paid.provider_reference)
        self.assertEqual(never_started.state, "draft")

    def test_intent_without_our_metadata_is_refused(self):
        tx = self._create_tx(self.bill)
        tx._get_processing_values()
        self._confirm(tx)
        other = self._create_tx(self._create_bill(100.0))
        reference, tx.provider_reference = tx.provider_reference, False
        tx.flush_recordset()
        other.provider_reference = reference
        self._return(other)
        self.assertEqual(other.state, "draft")

    def test_unknown_reference_changes_nothing(self):
        tx = self._create_tx(self.bill)
        tx._get_processing_values()
        answer = self.url_open(
            "/payment/stripe/return?reference=nobody&payment_intent=pi_x",
            allow_redirects=False,
        )
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(tx.state, "draft")

    def test_declined_payer_may_try_again_on_the_page(self):
        tx = self._create_tx(self.bill)
        tx._get_processing_values()
        with self.assertRaisesRegex(Exception, "declined"):
            self._confirm(tx, "pm_card_visa_chargeDeclined")
        tx._therapy_stripe_refresh()
        self.assertEqual(tx.state, "draft")
        self.assertIn("declined", tx.state_message)
        self._confirm(tx)
        self._return(tx)
        self.assertEqual(tx.state, "done")

    def test_payer_who_comes_back_declined_frees_the_bill(self):
        tx = self._create_tx(self.bill)
        tx._get_processing_values()
        with self.assertRaisesRegex(Exception, "declined"):
            self._confirm(tx, "pm_card_visa_chargeDeclined")
        self._return(tx, redirect_status="failed")
        self.assertEqual(tx.state, "error")
        self.assertIn("declined", tx.state_message)
        self.assertEqual(self.sandbox.intents()[-1]["status"], "canceled")
        self.assertAlmostEqual(self.bill._therapy_get_payable_amount(), 100.0)

    def test_second_form_cancels_the_first_intent(self):
        first = self._create_tx(self.bill)
        first._get_processing_values()
        second = self._create_tx(self.bill)
        self.assertEqual(first.state, "cancel")
        self.assertEqual(self.sandbox.intents()[-1]["status"], "canceled")
        second._get_processing_values()
        with self.assertRaisesRegex(Exception, "canceled|unexpected|status"):
            self._confirm(first)
        self._confirm(second)
        self._return(second)
        self.assertEqual(second.state, "done")
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_second_form_finds_the_first_already_paid(self):
        first = self._create_tx(self.bill)
        first._get_processing_values()
        self._confirm(first)
        with self.assertRaises(ValidationError):
            self._create_tx(self.bill)
        self.assertFalse(first._therapy_try_release())
        self.assertEqual(first.state, "done")
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_payer_who_is_paying_now_is_left_alone_by_another(self):
        first = self._create_tx(self.bill, 60.0)
        first._get_processing_values()
        other = self.env["res.partner"].create({"name": "Alex Parent"})
        with self.assertRaises(ValidationError):
            self._create_tx(self.bill, 100.0, paid_by_id=other.id)
        self.assertEqual(first.state, "draft")
        self.assertEqual(
            self._create_tx(self.bill, 40.0, paid_by_id=other.id).state, "draft"
        )

    def test_form_left_open_gives_the_bill_back(self):
        tx = self._create_tx(self.bill)
        tx._get_processing_values()
        tx._cron_therapy_stripe_refresh()
        self.assertEqual(tx.state, "draft")
        with self._later(hours=2):
            tx._cron_therapy_stripe_refresh()
        self.assertEqual(tx.state, "cancel")
        self.assertEqual(self.sandbox.intents()[-1]["status"], "canceled")

    def test_payment_that_cannot_be_started_is_dead(self):
        self.sandbox.fault("status", status=500)
        tx = self._create_tx(self.bill)
        values = tx._get_processing_values()
        self.assertEqual(values["state"], "error")
        self.assertFalse(values["client_secret"])
        self.assertIn("nothing was charged", values["state_message"])

    def test_payer_is_told_when_an_earlier_try_cannot_be_closed(self):
        card = self._save_card("pm_card_authenticationRequired")
        self.sandbox.fault("drop_before", "/cancel$", times=9)
        self.assertTrue(self._charge(self.bill, card).therapy_stripe_open_intent)
        tx = self._create_tx(self.bill)
        values = tx._get_processing_values()
        self.assertEqual(values["state"], "error")
        self.assertIn("could not be closed", values["state_message"])
        self.assertFalse(tx.therapy_allocation_ids.filtered("live"))

    def test_customer_of_another_account_is_replaced(self):
        tx = self._create_tx(self.bill)
        tx._get_processing_values()
        self.sandbox.reset()
        other = self._create_tx(self._create_bill(10.0))
        values = other._get_processing_values()
        self.assertTrue(values["client_secret"])
        self.assertEqual(
            self.env["therapy.stripe.customer"].search_count(
                [("partner_id", "=", self.payer.id)]
            ),
            1,
        )

    def test_pages_load_the_scripts_of_the_provider(self):
        self.authenticate("admin", "admin")
        page = self.url_open("/my/payment_method").text
        self.assertIn(f"{self.sandbox.url}/endive/stripe.js", page)
        self.assertNotIn("js.stripe.com/v3", page)
