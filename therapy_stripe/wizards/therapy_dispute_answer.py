from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.therapy_billing.tools.phi import find_leaks

from ..outcome import StripeFailure


class TherapyDisputeAnswer(models.TransientModel):
    """Sending evidence about a disputed payment to Stripe, once.

    What is proposed says when and how the payer paid, and nothing of the treatment; a
    text that names the patient, the provider or a service is refused (P1).
    """

    _name = "therapy.dispute.answer"
    _description = "Answer a Dispute"
    _inherit = ["therapy.card.number.mixin"]
    _therapy_guarded = ("facts", "refund_policy")

    dispute_id = fields.Many2one(
        "therapy.dispute", required=True, readonly=True, ondelete="cascade"
    )
    due_by = fields.Datetime(related="dispute_id.due_by")
    facts = fields.Text(
        string="What Was Paid, and How",
        compute="_compute_facts",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    refund_policy = fields.Text(
        compute="_compute_facts",
        store=True,
        precompute=True,
        readonly=False,
        help="What payers are told about refunds. Kept for the next answer.",
    )

    @api.depends("dispute_id")
    def _compute_facts(self):
        """Propose the neutral facts of the payment."""
        for answer in self:
            dispute = answer.dispute_id
            answer.facts = "\n".join(dispute._therapy_stripe_get_facts())
            answer.refund_policy = dispute.company_id.therapy_refund_policy

    def action_send(self):
        """Send the evidence to Stripe, and take in what Stripe makes of it.

        The key is made from the dispute and the text: pressed again after a lost
        answer, the same text is not sent twice, and another one is refused by Stripe.

        Note: self.ensure_one()

        :return: closes the dialog
        :rtype: dict
        :raise UserError: if the text tells too much, the dispute is answered already
            or Stripe did not take it
        """
        self.ensure_one()
        self.check_access("write")
        self._check_text()
        dispute_sudo = self.dispute_id.sudo()  # sudo: read only for users; see below
        dispute_sudo._therapy_check_answerable()
        try:
            dispute_sudo._therapy_stripe_send_evidence(self._prepare_evidence())
        except StripeFailure as failure:
            raise UserError(self._get_failure_text(failure)) from failure
        company_sudo = dispute_sudo.company_id  # sudo: the text for the next answer
        company_sudo.therapy_refund_policy = self.refund_policy
        return {"type": "ir.actions.act_window_close"}

    def _prepare_evidence(self) -> dict:
        """Return the evidence as Stripe names its parts; texts only.

        :return: `uncategorized_text`, and `refund_policy_disclosure` where there is one
        :rtype: dict
        """
        evidence = {"uncategorized_text": self.facts.strip()}
        if policy := (self.refund_policy or "").strip():
            evidence["refund_policy_disclosure"] = policy
        return evidence

    def _check_text(self):
        """Refuse a text that names the patient, the provider or a service.

        :raise UserError: with the word
        """
        bills = self.dispute_id._therapy_get_disputed_bills()
        words = {word for bill in bills for word in bill._therapy_get_private_words()}
        text = f"{self.facts} {self.refund_policy or ''}"
        names = [self.dispute_id.company_id.name, *bills.mapped("name")]
        if leaks := find_leaks(text, sorted(words), names):
            raise UserError(
                self.env._(
                    "The text tells “%(word)s”. Names of patients and providers, "
                    "services and codes may not leave the practice.",
                    word=leaks[0],
                )
            )

    def _get_failure_text(self, failure) -> str:
        """Say in plain words why Stripe did not take the evidence.

        :param StripeFailure failure: what the call raised
        :rtype: str
        """
        if failure.result == "unknown":
            return self.env._(
                "Stripe did not answer. Press Send Evidence again: the same text is "
                "not sent twice."
            )
        return self.env._("Stripe refused it: %(reason)s", reason=failure.message)
