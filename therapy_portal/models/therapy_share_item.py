import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.therapy_billing.exceptions import BillBusy
from odoo.addons.therapy_billing.tools import cursor
from odoo.addons.therapy_billing.tools.clock import now

_logger = logging.getLogger(__name__)

# A bill that a payment holds at the moment is looked at again after this (minutes).
BUSY_MINUTES = 5
# A bill whose automatic payment is under way is looked at again after this (hours).
AUTOPAY_HOURS = 1


class TherapyShareItem(models.Model):
    """One message of the automatic share of a billing run, and what became of it.

    Each is worked off in a transaction of its own, always in the same order: credits,
    automatic payment, then a message about what is still due.
    """

    _name = "therapy.share.item"
    _description = "Automatic Share of a Bill"
    _order = "run_id desc, id"
    _rec_name = "move_id"
    _check_company_auto = True

    run_id = fields.Many2one(
        "therapy.billing.run",
        string="Billing Run",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Bill",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="move_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(related="move_id.partner_id", string="Payer")
    currency_id = fields.Many2one(related="move_id.currency_id")
    amount_residual = fields.Monetary(related="move_id.amount_residual", string="Due")
    user_id = fields.Many2one(
        "res.users",
        string="In the Name of",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    channel = fields.Selection(
        [("email", "E-mail"), ("sms", "Text message")], required=True, readonly=True
    )
    address = fields.Char(string="Sent to", readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("sent", "Sent"),
            ("nothing", "Nothing due"),
            ("no_address", "No address"),
            ("refused", "Refused"),
            ("failed", "Failed"),
            ("bounced", "Came back"),
        ],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    status = fields.Selection(
        selection=lambda self: self._fields["state"].selection,
        string="Result",
        compute="_compute_status",
    )
    reason = fields.Char(readonly=True)
    not_before = fields.Datetime(
        readonly=True, help="Waits until then: quiet hours, or a payment under way."
    )
    done_at = fields.Datetime(string="Done on", readonly=True)
    mail_id = fields.Many2one(
        "mail.mail",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_system",
    )
    message_key = fields.Char(
        readonly=True,
        index="btree_not_null",
        groups="base.group_system",
        help="Message-ID of the e-mail: a message that comes back names it.",
    )
    sms_id = fields.Many2one(
        "sms.sms",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_system",
    )

    _one_per_channel = models.UniqueIndex("(run_id, move_id, channel)")

    # === COMPUTE METHODS === #

    @api.depends("state", "mail_id.state", "sms_id.state")
    def _compute_status(self):
        """Say what became of the message; the mail server may have refused it."""
        for item in self:
            item_sudo = item.sudo()  # sudo: mails are for administrators, state only
            broken = (
                item_sudo.mail_id._therapy_get_state() == "failed"
                or item_sudo.sms_id.state in ("error", "canceled")
            )
            item.status = "failed" if item.state == "sent" and broken else item.state

    # === ACTION METHODS === #

    def action_try_again(self):
        """Send what failed once more; what arrived is left alone.

        :return: True
        :raise AccessError: if the user is not a biller
        """
        self.env.user._therapy_check_biller()
        failed = self.filtered(
            lambda item: item.status in ("failed", "bounced", "no_address", "refused")
        )
        # sudo: nobody writes results by hand
        failed.sudo().write(  # sudo: see line above
            {
                "state": "waiting",
                "reason": False,
                "not_before": False,
                "mail_id": False,
                "sms_id": False,
                "user_id": self.env.uid,
            }
        )
        self._trigger_job()
        return True

    # === CRON METHODS === #

    @api.model
    def _trigger_job(self):
        """Wake the job that works the queue off."""
        job = self.env.ref("therapy_portal.ir_cron_share")
        job.sudo()._trigger()  # sudo: billers may not read scheduled actions

    @api.model
    def _get_waiting_domain(self) -> list:
        """Return the domain of what can be sent now.

        :return: domain
        :rtype: list
        """
        return [
            ("state", "=", "waiting"),
            "|",
            ("not_before", "=", False),
            ("not_before", "<=", now()),
        ]

    @api.model
    def _cron_share(self):
        """Work the queue off, one message after the other, until the time is up.

        :return: None
        """
        self._note_failures()
        domain = self._get_waiting_domain()
        for item_id in self.search(domain, order="id").ids:
            item = self.browse(item_id).exists().try_lock_for_update()
            if item.filtered_domain(domain):
                item._process()
            left = cursor.commit_progress(self.env, lambda: self.search_count(domain))
            if not left:
                return

    @api.model
    def _note_failures(self):
        """Note which messages the mail or text server refused after they were queued.

        :return: None
        """
        sent = [("state", "=", "sent")]
        for item in self.search(
            [*sent, ("mail_id.state", "in", ("exception", "cancel"))]
        ):
            item.write({"state": "failed", "reason": item.mail_id.failure_reason})
        for item in self.search([*sent, ("sms_id.state", "in", ("error", "canceled"))]):
            kinds = dict(
                item.sms_id._fields["failure_type"]._description_selection(self.env)
            )
            reason = kinds.get(item.sms_id.failure_type)
            item.write({"state": "failed", "reason": reason})

    # === BUSINESS METHODS === #

    def _process(self):
        """Do one row, and note the result whatever it is.

        Note: self.ensure_one(); locked

        :return: None
        """
        self.ensure_one()
        own = self.with_user(self.user_id).with_company(self.company_id)
        try:
            with self.env.cr.savepoint():
                self.user_id._therapy_check_biller()
                result = own._prepare_and_send()
        except (BillBusy, LockError):
            result = {"not_before": now() + timedelta(minutes=BUSY_MINUTES)}
        except UserError as error:
            result = {"state": "failed", "reason": str(error)}
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise  # The job is run again.
        except Exception:  # a message that cannot be made stops no other bill's
            _logger.exception("Automatic share %s failed.", self.id)
            reason = self.env._("The message could not be made; the log says why.")
            result = {"state": "failed", "reason": reason}
        if result.get("state", "waiting") != "waiting":
            result["done_at"] = now()
        self.write(result)

    def _prepare_and_send(self) -> dict:
        """Use credits, wait for automatic payment, then send what is still due.

        Note: self.ensure_one(); as the user in whose name it is sent

        :return: values of the result
        :rtype: dict
        """
        self.ensure_one()
        move = self.move_id
        move._therapy_apply_credits_by_policy()
        if move._therapy_autopay_before_share() == "pending":
            return {"not_before": now() + timedelta(hours=AUTOPAY_HOURS)}
        move.invalidate_recordset()
        payable = move._therapy_get_payable_amount()
        if move.currency_id.compare_amounts(payable, 0) <= 0:
            return {"state": "nothing"}
        if reason := move._therapy_get_share_refusal():
            return {"state": "refused", "reason": reason}
        return self._send_email() if self.channel == "email" else self._send_sms()

    def _send_email(self) -> dict:
        """Share the bill by e-mail, exactly as the dialog does.

        Note: self.ensure_one()

        :return: values of the result
        :rtype: dict
        """
        wizard = self.env["therapy.share.wizard"]._create_for(self.move_id)
        line = wizard.line_ids
        if not line.email_to:
            return {"state": "no_address", "reason": line.refusal}
        if refusal := line._get_refusal():
            return {"state": "refused", "reason": refusal}
        mail_sudo = line._send()
        wizard.state = "done"
        mail_sudo._therapy_hand_over()
        return {
            "state": "sent",
            "address": line.email_to,
            "mail_id": mail_sudo.id,
            "message_key": mail_sudo.message_id,
        }
