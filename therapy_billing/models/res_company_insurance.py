from odoo import fields, models


class ResCompany(models.Model):
    """What insurers owe stands on an account of its own."""

    _inherit = "res.company"

    therapy_account_insurance_id = fields.Many2one(
        "account.account", string="Receivable of Insurers", check_company=True
    )
    therapy_account_contractual_id = fields.Many2one(
        "account.account", string="Contractual Adjustments", check_company=True
    )
    therapy_account_interest_id = fields.Many2one(
        "account.account", string="Interest from Insurers", check_company=True
    )
    therapy_account_eft_id = fields.Many2one(
        "account.account", string="Insurer Payments Clearing", check_company=True
    )

    def _therapy_assign_insurance_account(self, insurers):
        """Let insurers have the receivable account of insurers.

        One that was given another account by hand keeps it.

        Note: self.ensure_one()

        :param insurers: the `res.partner`
        """
        self.ensure_one()
        if not insurers or not self.root_id.chart_template:
            return
        field = insurers._fields["property_account_receivable_id"]
        # sudo: a biller need not have the right to change contacts.
        insurers_sudo = insurers.with_company(self).sudo()  # sudo: see the line above
        usual = field.get_company_dependent_fallback(insurers_sudo)
        plain = insurers_sudo.filtered(
            lambda partner: partner.property_account_receivable_id in (usual, False)
        )
        if plain:
            account = self._therapy_get_account("insurance")
            plain.property_account_receivable_id = account

    def _therapy_get_remittance_methods(self):
        """Return the ways in which insurers pay: a transfer or a check.

        Note: self.ensure_one()

        :return: the payment method lines, the transfer first
        :rtype: recordset of `account.payment.method.line`
        :raise UserError: if the company has no chart of accounts
        """
        self.ensure_one()
        self._therapy_get_receipt_methods()
        # sudo: whoever books a remittance need not see all journals.
        lines_sudo = self.sudo().therapy_receipt_journal_id  # sudo: above
        lines_sudo = lines_sudo.inbound_payment_method_line_ids
        kinds = ["eft", "check"]
        return (
            lines_sudo.filtered(lambda line: line.therapy_kind in kinds)
            .sorted(lambda line: (kinds.index(line.therapy_kind), line.id))
            .sudo(False)
        )
