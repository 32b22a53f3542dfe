from contextlib import contextmanager
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.sms.tests.common import SMSCase
from odoo.addons.therapy_billing.exceptions import BillBusy
from odoo.addons.therapy_billing.tools.phi import find_leaks

from .common import SECRETS, TherapyPortalCommon


@tagged("post_install", "-at_install")
class TestShareQueue(TherapyPortalCommon, SMSCase):
    """What a billing run sends: credits, automatic payment, then what is still due."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.therapy_auto_share = True
        cls.Item = cls.env["therapy.share.item"]

    def _run(self, user=None):
        """Bill one held session 60/40 and return the run."""
        self.env["therapy.session"].create(
            {
                "patient_id": self.patient.id,
                "provider_id": self.provider_person.id,
                "start": "2026-10-12 15:00:00",
                "state": "held",
                "line_ids": [
                    (0, 0, {"product_id": self.service.id, "units": 1, "rate": 200})
                ],
            }
        )
        run = (
            self.env["therapy.billing.run"]
            .with_user(user or self.biller)
            .create({"date_from": "2026-10-01", "date_to": "2026-10-31"})
        )
        run.action_generate()
        self.assertEqual(run.state, "done")
        return run

    def _items(self, run):
        return {
            (item.partner_id, item.channel): item for item in run.sudo().share_item_ids
        }

    def _cron(self):
        self.env.flush_all()
        self.Item.sudo()._cron_share()

    def test_a_run_that_is_done_shares_its_bills_one_by_one(self):
        run = self._run()
        items = self._items(run)
        self.assertEqual(set(items), {(self.mother, "email"), (self.father, "email")})
        self.assertEqual({item.state for item in items.values()}, {"waiting"})
        self._cron()
        for (payer, _channel), item in items.items():
            self.assertEqual((item.state, item.address), ("sent", payer.email))
            self.assertTrue(item.move_id.access_code)
            mail = item.mail_id
            self.assertIn("bea@practice.example", mail.email_from)
            self.assertIn(item.move_id.access_code, mail.body_html)
            self.assertFalse(find_leaks(mail.body_html, SECRETS))

    def test_without_the_setting_nothing_leaves_until_the_button(self):
        self.company.therapy_auto_share = False
        run = self._run()
        self.assertFalse(run.share_item_ids)
        run.action_share()
        run.action_share()
        self.assertEqual(len(run.share_item_ids), 2, "each bill once")

    def test_credits_come_first_then_automatic_payment_then_the_message(self):
        run = self._run()
        order = []
        Move = type(self.env["account.move"])
        Wizard = type(self.env["therapy.share.wizard"])
        create_for = Wizard._create_for

        def credits(moves):
            order.append("credits")
            return []

        def autopay(move):
            order.append("autopay")
            return "none"

        def share(wizard, moves):
            order.append("share")
            return create_for(wizard, moves)

        with (
            patch.object(Move, "_therapy_apply_credits_by_policy", credits),
            patch.object(Move, "_therapy_autopay_before_share", autopay),
            patch.object(Wizard, "_create_for", share),
        ):
            self._cron()
        self.assertEqual(order, ["credits", "autopay", "share"] * 2)
        self.assertEqual(set(run.sudo().share_item_ids.mapped("state")), {"sent"})

    def test_a_bill_that_credits_paid_is_not_shared(self):
        run = self._run()
        item = self._items(run)[self.mother, "email"]
        self.company.therapy_use_credits = True
        payment = self.env["account.payment"].create(
            {
                "partner_id": self.mother.id,
                "amount": item.amount_residual,
                "payment_type": "inbound",
                "partner_type": "customer",
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        self._cron()
        self.assertEqual(item.state, "nothing")
        self.assertAmounts(item.move_id.amount_residual, 0)
        self.assertFalse(item.mail_id)

    def test_a_share_waits_for_an_automatic_payment_under_way(self):
        run = self._run()
        Move = type(self.env["account.move"])
        with (
            self._now("2026-11-22 10:00:00"),
            patch.object(Move, "_therapy_autopay_before_share", lambda _s: "pending"),
        ):
            self._cron()
        items = run.sudo().share_item_ids
        self.assertEqual(set(items.mapped("state")), {"waiting"})
        with self._now("2026-11-22 10:30:00"):
            self._cron()
            self.assertEqual(set(items.mapped("state")), {"waiting"})
        with self._now("2026-11-22 11:00:00"):
            self._cron()
        self.assertEqual(set(items.mapped("state")), {"sent"})

    def test_rows_say_what_did_not_arrive_and_only_that_is_sent_again(self):
        self.father.email = False
        run = self._run()
        self._cron()
        items = self._items(run)
        mothers, fathers = items[self.mother, "email"], items[self.father, "email"]
        self.assertEqual(fathers.state, "no_address")
        self.assertIn("e-mail", fathers.reason)
        code = mothers.move_id.access_code
        self.father.email = "bob@example.com"
        run.action_share_again()
        self._cron()
        self.assertEqual(fathers.state, "sent")
        self.assertEqual(mothers.move_id.access_code, code, "hers was left alone")

    def test_a_mail_that_the_server_refuses_is_failed(self):
        run = self._run()
        self._cron()
        item = self._items(run)[self.mother, "email"]
        item.mail_id.write({"state": "exception", "failure_reason": "refused"})
        self.assertEqual(item.status, "failed")
        self.assertEqual(run.share_failed_count, 1)
        self._cron()
        self.assertEqual((item.state, item.reason), ("failed", "refused"))

    def test_a_mail_that_comes_back_is_noted(self):
        run = self._run()
        self._cron()
        item = self._items(run)[self.mother, "email"]
        self.env["mail.thread"]._routing_handle_bounce(
            None,
            {
                "bounced_email": False,
                "bounced_partner": self.env["res.partner"],
                "bounced_msg_ids": [item.message_key],
                "bounced_message": self.env["mail.message"],
                "email_from": "mailer@example.com",
                "to": "x",
                "message_id": "<y>",
            },
        )
        self.assertEqual(item.status, "bounced")

    def test_one_bill_that_fails_does_not_stop_the_others(self):
        run = self._run()
        items = self._items(run)
        self.biller.email = False
        self._cron()
        self.assertEqual({item.state for item in items.values()}, {"refused"})
        self.biller.email = "bea@practice.example"
        items[self.mother, "email"].move_id.with_context(
            therapy_force=True
        )._reverse_moves([{"invoice_date": "2026-10-31"}], cancel=True)
        run.action_share_again()
        self._cron()
        self.assertEqual(items[self.father, "email"].state, "sent")
        self.assertEqual(items[self.mother, "email"].state, "nothing")

    def test_a_message_that_cannot_be_made_does_not_stop_the_others(self):
        run = self._run()
        items = self._items(run)
        Line = type(self.env["therapy.share.wizard.line"])
        prepare_pdf, mother = Line._prepare_pdf, self.mother

        def broken(line):
            if line.partner_id == mother:
                raise ValueError("no such font")
            return prepare_pdf(line)

        logger = "odoo.addons.therapy_portal.models.therapy_share_item"
        with patch.object(Line, "_prepare_pdf", broken):
            with self.assertLogs(logger, "ERROR"):
                self._cron()
        self.assertEqual(items[self.mother, "email"].state, "failed")
        self.assertEqual(items[self.father, "email"].state, "sent")

    def test_a_bill_that_a_payment_holds_is_shared_a_little_later(self):
        run = self._run()
        Move = type(self.env["account.move"])

        def busy(moves):
            raise BillBusy("Another payment of this bill is being made.")

        with (
            self._now("2026-11-22 10:00:00"),
            patch.object(Move, "_therapy_apply_credits_by_policy", busy),
        ):
            self._cron()
        items = run.sudo().share_item_ids
        self.assertEqual(set(items.mapped("state")), {"waiting"})
        with self._now("2026-11-22 10:05:00"):
            self._cron()
        self.assertEqual(set(items.mapped("state")), {"sent"})

    def test_who_is_no_biller_any_more_sends_nothing(self):
        run = self._run()
        self.biller.group_ids = [(3, self.env.ref("therapy_billing.group_biller").id)]
        self._cron()
        self.assertEqual(set(run.sudo().share_item_ids.mapped("state")), {"failed"})
        with self.assertRaises(AccessError):
            run.sudo(False).with_user(self.clinician).action_share()

    # === TEXT MESSAGES === #

    @contextmanager
    def _gateway(self, moment="2026-11-22 17:00:00"):
        with self._now(moment), self.mockSMSGateway():
            yield

    def _prepare_sms(self, **values):
        self.mother.write(
            {
                "therapy_share_sms": True,
                "phone": "+1 202-555-0122",
                "country_id": self.env.ref("base.us").id,
                "tz": "America/New_York",
                **values,
            }
        )

    def test_who_agreed_gets_a_text_message_without_code(self):
        self._prepare_sms()
        run = self._run()
        with self._gateway():
            self._cron()
            self.env["sms.sms"].sudo().search([]).send(unlink_sent=False)
        item = self._items(run)[self.mother, "sms"]
        self.assertEqual((item.state, item.address), ("sent", "+12025550122"))
        self.assertEqual(len(self._sms), 1, "nobody else")
        [sms] = self._sms
        self.assertEqual(sms["number"], "+12025550122")
        self.assertIn(item.move_id.name, sms["body"])
        self.assertIn("120.00", sms["body"])
        self.assertNotIn(item.move_id.access_code, sms["body"])
        self.assertFalse(find_leaks(sms["body"], [*SECRETS, "Ada Fitz"]))

    def test_without_an_e_mail_the_text_message_has_the_code(self):
        self._prepare_sms(email=False)
        run = self._run()
        with self._gateway():
            self._cron()
        items = self._items(run)
        self.assertEqual(items[self.mother, "email"].state, "no_address")
        item = items[self.mother, "sms"]
        self.assertIn(item.move_id.access_code, item.sms_id.body)

    def test_a_text_message_leaves_the_code_in_an_e_mail_valid(self):
        self._prepare_sms(email=False)
        rows = self.patient.guarantor_ids
        rows.filtered(
            lambda row: row.partner_id == self.mother
        ).bill_email = "bills@example.com"
        run = self._run()
        with self._gateway():
            self._cron()
        items = self._items(run)
        mailed, texted = items[self.mother, "email"], items[self.mother, "sms"]
        self.assertEqual((mailed.state, texted.state), ("sent", "sent"))
        code = mailed.move_id.access_code
        self.assertIn(code, mailed.mail_id.body_html)
        self.assertNotIn(code, texted.sms_id.body)

    def test_when_the_e_mail_did_not_leave_the_text_message_has_the_code(self):
        self._prepare_sms()
        run = self._run()
        self.biller.email = False
        with self._gateway():
            self._cron()
        items = self._items(run)
        self.assertEqual(items[self.mother, "email"].state, "refused")
        item = items[self.mother, "sms"]
        self.assertTrue(item.move_id.access_code)
        self.assertIn(item.move_id.access_code, item.sms_id.body)
        self.assertNotIn("e-mail", item.sms_id.body)

    def test_a_text_message_waits_for_an_e_mail_that_waits(self):
        self._prepare_sms()
        run = self._run()
        items = self._items(run)
        mailed, texted = items[self.mother, "email"], items[self.mother, "sms"]
        mailed_sudo = mailed.sudo()  # sudo: users only read the queue
        mailed_sudo.not_before = "2026-11-22 17:30:00"
        with self._gateway():
            self._cron()
        self.assertEqual((mailed.state, texted.state), ("waiting", "waiting"))
        with self._gateway("2026-11-22 17:31:00"):
            self._cron()
        self.assertEqual((mailed.state, texted.state), ("sent", "sent"))
        self.assertNotIn(texted.move_id.access_code, texted.sms_id.body)

    def test_a_bill_in_a_text_message_was_seen(self):
        self._prepare_sms(email=False)
        self.mother_user.unlink()
        self.company.therapy_online_payment = False
        run = self._run()
        move = self._items(run)[self.mother, "sms"].move_id
        self.assertFalse(move._therapy_was_seen())
        with self._gateway():
            self._cron()
        self.assertTrue(move._therapy_was_seen())

    def test_quiet_hours_are_the_payers_own(self):
        self._prepare_sms(tz="America/Los_Angeles")
        run = self._run()
        item = self._items(run)[self.mother, "sms"]
        # 8:30 in New York, 5:30 in Los Angeles.
        with self._gateway("2026-11-22 13:30:00"):
            self._cron()
        self.assertEqual(item.state, "waiting")
        self.assertEqual(str(item.not_before), "2026-11-22 16:00:00")
        with self._gateway("2026-11-22 16:00:00"):
            self._cron()
        self.assertEqual(item.state, "sent")

    def test_without_a_zone_the_practices_counts(self):
        self._prepare_sms(tz=False)
        run = self._run()
        item = self._items(run)[self.mother, "sms"]
        # 21:00 in New York.
        with self._gateway("2026-11-23 02:00:00"):
            self._cron()
        self.assertEqual(str(item.not_before), "2026-11-23 13:00:00")

    def test_wrong_numbers_and_who_asked_for_no_more_get_nothing(self):
        self._prepare_sms(phone="12")
        run = self._run()
        with self._gateway():
            self._cron()
        item = self._items(run)[self.mother, "sms"]
        self.assertEqual(item.state, "no_address")
        self.mother.phone = "+1 202-555-0122"
        self.env["phone.blacklist"].sudo().create({"number": "+12025550122"})
        item.with_user(self.biller).action_try_again()
        with self._gateway():
            self._cron()
        self.assertEqual(item.state, "refused")

    def test_a_text_message_that_the_gateway_refuses_is_failed(self):
        self._prepare_sms()
        run = self._run()
        item = self._items(run)[self.mother, "sms"]
        with (
            self._now("2026-11-22 17:00:00"),
            self.mockSMSGateway(sim_error="credit"),
        ):
            self._cron()
            self.env["sms.sms"].sudo().search([]).send(unlink_sent=False)
        self.assertEqual(item.status, "failed")
        self._cron()
        self.assertEqual(item.state, "failed")
        self.assertTrue(item.reason)
