import logging

from odoo import fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import format_date

from odoo.addons.therapy_billing.charging import retry
from odoo.addons.therapy_billing.models.therapy_decline_rule import DECLINE_CLASSES

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """What a decline leads to, by rules that are data (M9)."""

    _inherit = "payment.transaction"

    therapy_decline_class = fields.Selection(
        DECLINE_CLASSES,
        string="After the Decline",
        readonly=True,
        copy=False,
    )
    therapy_item_id = fields.Many2one(
        "therapy.charge.item",
        string="Charge Run",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    def _update_state(self, allowed_states, target_state, state_message):
        """Override of `payment` to draw the consequences of a result."""
        changed = super()._update_state(allowed_states, target_state, state_message)
        if target_state == "error":
            for tx in changed.filtered(lambda tx: tx.operation == "offline"):
                tx._therapy_on_decline()
        changed.therapy_item_id._update_from_transaction()
        return changed

    def _therapy_get_decline_codes(self) -> list:
        """Return the codes by which the processor explained its refusal.

        For a provider that gives such codes, it must override this method.

        Note: self.ensure_one()

        :return: codes; empty if this was no decision of the bank
        :rtype: list[str]
        """
        self.ensure_one()
        return []

    def _therapy_get_payer_reason(self) -> str:
        """Return why this try failed, for its payer.

        What is stored was written in the language of whoever asked the processor. For
        a provider that can say it anew, it must override this method.

        :return: a sentence, in the reader's language where that is known; maybe empty
        :rtype: str
        """
        return self.state_message or ""

    def _therapy_on_decline(self):
        """Class the decline; pause the card, or ask the payer, where that is due.

        Note: self.ensure_one()
        """
        self.ensure_one()
        codes = self._therapy_get_decline_codes()
        if not codes:
            return
        rule = self.env["therapy.decline.rule"]._find(self.provider_code, codes)
        self.therapy_decline_class = rule.decline_class or "wait"
        if rule.decline_class in ("never", "new_card") and self.token_id:
            self.token_id._therapy_pause(
                self.env._(
                    "%(reason)s Charged in vain on %(date)s.",
                    reason=self.state_message or self.env._("The bank refused it."),
                    date=format_date(self.env, self.company_id._therapy_local_date()),
                )
            )
        elif rule.decline_class == "payer":
            try:
                with self.env.cr.savepoint():
                    self._therapy_ask_payer()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception:
                # Whatever a mail needs: the result of the charge must be recorded.
                _logger.exception("The payer of %s could not be asked", self.id)

    def _therapy_ask_payer(self):
        """Have the payer asked to approve a payment that their bank did not allow.

        A biller gets an activity with the message ready to be sent. For a module that
        can send the payer a link, it must override this method.

        Note: self.ensure_one()
        """
        self.ensure_one()
        bills = self.therapy_allocation_ids.move_id or self.invoice_ids
        payer = self.paid_by_id or self.partner_id
        for bill in bills[:1]:
            bill.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Ask the payer to approve the payment"),
                note=self.env._(
                    "The bank of %(payer)s wants its customer to approve a payment of "
                    "%(amount)s. Please send: “Your bank asks you to approve the "
                    "payment of %(amount)s for %(bill)s. Please pay it yourself in "
                    "the portal; your card was not charged.”",
                    payer=payer.name,
                    amount=self.currency_id.format(self.amount),
                    bill=bill.name,
                ),
                user_id=self._therapy_get_biller().id,
            )

    def _therapy_get_biller(self):
        """Return who is told when a charge needs a person.

        Note: self.ensure_one()

        :rtype: res.users
        """
        self.ensure_one()
        user = self.therapy_item_id.run_id.started_by_id
        if user.active:
            return user
        return self.company_id._therapy_get_desk_user() or self.env.user

    def _therapy_get_next_try(self, first, tries):
        """Return when a declined charge may be tried again.

        Note: self.ensure_one()

        :param datetime first: moment of the first try
        :param int tries: tries so far
        :return: the moment, or None if it may not
        :rtype: datetime | None
        """
        self.ensure_one()
        if self.therapy_decline_class != "wait":
            return None
        codes = self._therapy_get_decline_codes()
        rule = self.env["therapy.decline.rule"]._find(self.provider_code, codes)
        return retry.next_try(first, tries, rule._get_retry_days() if rule else ())
