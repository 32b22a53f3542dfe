from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import clock


class TherapyStripeCompliance(models.TransientModel):
    """What must be in place before real cards are charged: green, or what to do."""

    _name = "therapy.stripe.compliance"
    _description = "Before Live Mode"

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, ondelete="cascade"
    )
    line_ids = fields.One2many(
        "therapy.stripe.compliance.line", "compliance_id", readonly=True
    )
    state = fields.Selection(related="provider_id.state", string="Mode")
    missing_count = fields.Integer(compute="_compute_missing_count")
    name_accepted = fields.Boolean(
        related="provider_id.therapy_stripe_name_accepted", readonly=False
    )
    refusal_count = fields.Integer(
        compute="_compute_refusal_count",
        help="Card numbers typed into notes and messages in the last 30 days. None of "
        "them was kept.",
    )

    def _compute_display_name(self):
        """Name the page."""
        self.display_name = self.env._("Before Live Mode")

    @api.depends("line_ids")
    def _compute_missing_count(self):
        """Count what is not in place."""
        for page in self:
            page.missing_count = len(page.line_ids.filtered(lambda line: not line.ok))

    def _compute_refusal_count(self):
        """Count the card numbers that were refused lately."""
        since = clock.now() - timedelta(days=30)
        refusals = self.env["therapy.card.refusal"]
        self.refusal_count = refusals.search_count([("create_date", ">=", since)])

    @api.model
    def _get_action(self, provider):
        """Return the action that shows the page for a provider.

        :param payment.provider provider: provider of code ``stripe``
        :rtype: dict
        """
        page = self.create({"provider_id": provider.id})
        page._fill()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Before Live Mode"),
            "res_model": self._name,
            "res_id": page.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "current",
        }

    @api.model
    def action_open(self):
        """Open the page of the company's Stripe provider, from the menu.

        :return: window action
        :rtype: dict
        :raise UserError: if the company has no such provider
        """
        providers_sudo = self.env[
            "payment.provider"
        ].sudo()  # sudo: managers see checks
        provider_sudo = providers_sudo.with_context(active_test=False).search(
            [("code", "=", "stripe"), ("company_id", "parent_of", self.env.company.id)],
            limit=1,
        )
        if not provider_sudo:
            raise UserError(
                self.env._("There is no Stripe provider in %s.", self.env.company.name)
            )
        return self._get_action(provider_sudo)

    def _fill(self):
        """Look again at everything."""
        self.ensure_one()
        self.line_ids.unlink()
        self.line_ids.create(
            [
                {"compliance_id": self.id, **check}
                for check in self.provider_id._therapy_stripe_get_checks()
            ]
        )

    def action_check_again(self):
        """Look again at everything.

        :return: True, so that the page is read again
        """
        self._fill()
        return True

    def action_read_account(self):
        """Read name and descriptor from Stripe, and look again.

        :return: True, so that the page is read again
        :raise UserError: if Stripe could not be asked
        """
        self.ensure_one()
        self.provider_id.action_therapy_stripe_read_account()
        self._fill()
        return True

    def action_preview(self):
        """Show what is sent to Stripe.

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        return self.provider_id.action_therapy_stripe_preview()

    def action_refusals(self):
        """Show where card numbers were refused.

        :return: window action
        :rtype: dict
        """
        action = "therapy_billing.therapy_card_refusal_action"
        return self.env["ir.actions.act_window"]._for_xml_id(action)


class TherapyStripeComplianceLine(models.TransientModel):
    """One thing that must be in place."""

    _name = "therapy.stripe.compliance.line"
    _description = "Condition of Live Mode"

    compliance_id = fields.Many2one(
        "therapy.stripe.compliance", required=True, ondelete="cascade"
    )
    key = fields.Char(readonly=True)
    name = fields.Char(string="What", readonly=True)
    ok = fields.Boolean(readonly=True)
    status = fields.Selection(
        [("ok", "In place"), ("missing", "To do")], compute="_compute_status"
    )
    found = fields.Char(readonly=True)
    todo = fields.Char(readonly=True)
    advice = fields.Char(string="What to Do", compute="_compute_status")

    @api.depends("ok", "todo")
    def _compute_status(self):
        """Show what to do only where something is to be done."""
        for line in self:
            line.status = "ok" if line.ok else "missing"
            line.advice = "" if line.ok else line.todo
