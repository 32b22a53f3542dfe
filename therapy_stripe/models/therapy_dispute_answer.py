import hashlib
import json

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from ..tools import clock

#: States in which Stripe takes evidence.
ANSWERABLE = ("inquiry", "needs_response")
DASHBOARD = "https://dashboard.stripe.com"


class TherapyDispute(models.Model):
    """The answer to a dispute: neutral facts, sent once."""

    _inherit = "therapy.dispute"

    evidence_sent_at = fields.Datetime(
        string="Evidence Sent", readonly=True, copy=False, tracking=True
    )

    # === ACTION METHODS === #

    def action_therapy_stripe_answer(self):
        """Open the dialog that sends evidence to Stripe.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        :raise UserError: if no evidence is taken any more
        """
        self.ensure_one()
        self._therapy_check_answerable()
        answer = self.env["therapy.dispute.answer"].create({"dispute_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Answer the Dispute"),
            "res_model": answer._name,
            "res_id": answer.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_therapy_stripe_dashboard(self):
        """Open the dispute at Stripe, where files can be added before it is sent.

        Note: self.ensure_one()

        :return: action with the address
        :rtype: dict
        """
        self.ensure_one()
        provider_sudo = self.sudo().provider_id  # sudo: billers do not read providers
        mode = "" if provider_sudo.state == "enabled" else "/test"
        return {
            "type": "ir.actions.act_url",
            "url": f"{DASHBOARD}{mode}/disputes/{self.dispute_ref}",
            "target": "new",
        }

    # === BUSINESS METHODS === #

    def _therapy_check_answerable(self):
        """Refuse an answer by somebody else, or one that nobody waits for.

        :raise UserError: with the reason
        """
        if not self.env.user.has_group("therapy_billing.group_biller"):
            raise UserError(self.env._("Only billers can answer disputes."))
        if self.state not in ANSWERABLE:
            raise UserError(self.env._("Evidence was sent, or is not taken any more."))

    def _therapy_get_disputed_bills(self):
        """Return the bills that the disputed payment was for.

        Note: self.ensure_one()

        :rtype: recordset of `account.move`
        """
        self.ensure_one()
        charge_sudo = self.sudo().transaction_id  # sudo: billers do not read all of it
        return charge_sudo.therapy_allocation_ids.move_id.sudo(False)

    def _therapy_stripe_get_facts(self) -> list:
        """Return what may be told of the payment, one fact per line (P1).

        Note: self.ensure_one()

        :return: dates, amounts, numbers of receipt and bills, how the payer agreed
        :rtype: list[str]
        """
        self.ensure_one()
        charge_sudo = self.sudo().transaction_id  # sudo: billers do not read all of it
        say, money = self.env._, self.currency_id.format
        day = self._therapy_format_day
        facts = [
            say("Charged: %(amount)s", amount=money(charge_sudo.amount)),
            say("On: %(day)s", day=day(charge_sudo.charged_at or self.opened_at)),
        ]
        if charge_sudo.fee_amount:
            facts.append(
                say(
                    "Of which card fee, shown before and accepted: %(amount)s",
                    amount=money(charge_sudo.fee_amount),
                )
            )
        facts.append(say("Receipt: %(name)s", name=self.payment_id.name))
        facts += [
            say(
                "For bill %(name)s of %(day)s: %(amount)s",
                name=row.move_id.name,
                day=self._therapy_format_date(row.move_id.invoice_date),
                amount=money(row.amount),
            )
            for row in charge_sudo.therapy_allocation_ids
        ]
        facts += self._therapy_stripe_get_consent(charge_sudo)
        given = [x for x in charge_sudo.child_transaction_ids if x.state == "done"]
        facts += [
            say("Given back: %(amount)s", amount=money(abs(row.amount)))
            for row in given
            if row.operation == "refund"
        ]
        return [fact.replace("\xa0", " ") for fact in facts]

    def _therapy_stripe_get_consent(self, charge_sudo) -> list:
        """Return how the payer agreed to the charge.

        :param payment.transaction charge_sudo: sudoed charge
        :return: sentences
        :rtype: list[str]
        """
        say, day = self.env._, self._therapy_format_day
        token_sudo, facts = charge_sudo.token_id, []
        if charge_sudo.operation != "offline":
            facts.append(say("The payer confirmed the payment on our own page."))
        if token_sudo.consent_date:
            facts.append(
                say(
                    "The payer agreed that this card is kept and charged: %(day)s",
                    day=day(token_sudo.consent_date),
                )
            )
        signed_sudo = self._therapy_get_authorization(charge_sudo)
        if signed_sudo:
            facts.append(
                say(
                    "Card authorization %(name)s was signed: %(day)s",
                    name=signed_sudo.name,
                    day=day(signed_sudo.signed_at),
                )
            )
        return facts

    def _therapy_get_authorization(self, charge_sudo):
        """Return the authorization of the card that was in force when it was charged.

        Note: self.ensure_one()

        :param payment.transaction charge_sudo: sudoed charge
        :return: sudoed authorization, maybe empty
        :rtype: therapy.card.authorization
        """
        moment = charge_sudo.charged_at or self.opened_at
        signed_sudo = charge_sudo.token_id.therapy_authorization_ids.filtered(
            lambda one: (
                one.company_id == self.company_id
                and one.signed_at
                and one.signed_at <= moment
                and not (one.revoked_at and one.revoked_at <= moment)
                and not (one.replaced_by_id and one.replaced_by_id.signed_at <= moment)
            )
        )
        return signed_sudo.sorted("signed_at")[-1:]

    def _therapy_format_day(self, moment):
        """Return a moment's day in the practice's time zone, written out."""
        return self._therapy_format_date(self.company_id._therapy_local_date(moment))

    def _therapy_format_date(self, day):
        """Return a day as the reader at the bank expects it."""
        return day and day.strftime("%B %d, %Y")

    def _therapy_stripe_send_evidence(self, evidence):
        """Send evidence, and take in the dispute as it is then.

        Note: self.ensure_one()

        :param dict evidence: texts, by Stripe's names
        :raise StripeFailure: if Stripe did not take it, or did not answer
        """
        self.ensure_one()
        text = json.dumps(evidence, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:32]
        adapter = self.provider_id._therapy_stripe_get_adapter()
        data = adapter.submit_evidence(
            self.dispute_ref, evidence, f"tde1:{self.dispute_ref}:{digest}"
        )
        self.transaction_id.lock_for_update(allow_referencing=True)
        self.evidence_sent_at = clock.now()
        self._therapy_stripe_take(self.transaction_id, data)
        self.message_post(body=plaintext2html("\n\n".join(evidence.values())))
