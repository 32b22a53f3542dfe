from odoo import api, models
from odoo.exceptions import UserError


class PaymentProvider(models.Model):
    """The journal of Stripe: one clearing account for all that Stripe holds (D11)."""

    _inherit = "payment.provider"

    @api.model_create_multi
    def create(self, vals_list):
        """Override to set the journal up of a provider that is switched on."""
        providers = super().create(vals_list)
        providers._therapy_stripe_set_up_journals()
        return providers

    def write(self, vals):
        """Override to set the journal up when the provider is switched on."""
        result = super().write(vals)
        if "state" in vals or "journal_id" in vals:
            self._therapy_stripe_set_up_journals()
        return result

    def _therapy_stripe_set_up_journals(self):
        """Set up the journals of providers that are on, where there is a chart."""
        for provider in self:
            company = provider.company_id
            if (
                provider.code == "stripe"
                and provider.state != "disabled"
                and provider.journal_id
                and company.root_id.chart_template
            ):
                provider._therapy_stripe_set_up_journal(replace=False)

    def action_therapy_stripe_set_up_journal(self):
        """Set up the clearing account of the journal.

        Note: self.ensure_one()

        :return: notification for the client
        :rtype: dict
        :raise UserError: if there is no journal or no chart of accounts
        """
        self.ensure_one()
        account = self._therapy_stripe_set_up_journal()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Payments and refunds of Stripe go to %(account)s.",
                    account=account.display_name,
                ),
            },
        }

    def _therapy_stripe_set_up_journal(self, replace=True):
        """Give the method lines of the journal the clearing account (D11).

        Note: self.ensure_one()

        :param bool replace: also where the account is of a kind that cannot clear
        :return: the account
        :rtype: account.account
        :raise UserError: if there is no journal or no chart of accounts
        """
        self.ensure_one()
        if not self.journal_id:
            raise UserError(self.env._("Choose the payment journal first."))
        account = self._therapy_stripe_get_clearing_account()
        clears = account.account_type == "asset_current" and account.reconcile
        if not account or (replace and not clears):
            account = self.company_id._therapy_get_account("stripe")
        lines_sudo = self.journal_id.sudo()  # sudo: set-up of the provider's journal
        lines_sudo = (
            lines_sudo.inbound_payment_method_line_ids
            | lines_sudo.outbound_payment_method_line_ids
        )
        for line_sudo in lines_sudo:
            own = line_sudo.payment_provider_id == self
            if own or not line_sudo.payment_account_id:
                line_sudo.payment_account_id = account
        return account

    def _therapy_stripe_get_clearing_account(self):
        """Return the account that holds what Stripe holds.

        Note: self.ensure_one()

        :return: the account, maybe empty
        :rtype: account.account
        """
        self.ensure_one()
        lines_sudo = self.journal_id.sudo().inbound_payment_method_line_ids  # sudo: id
        return lines_sudo.filtered(
            lambda line: line.payment_provider_id == self
        ).payment_account_id[:1]
