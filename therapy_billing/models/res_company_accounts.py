from odoo import Command, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

#: Accounts of a practice: name, type, reconcilable, code to start looking from.
ACCOUNTS = {
    "undeposited": ("Undeposited Checks", "asset_current", True, "101900"),
    "terminal": ("Card Terminal Clearing", "asset_current", True, "101920"),
    "services": ("Payment Services Clearing", "asset_current", True, "101940"),
    "eft": ("Insurer Payments Clearing", "asset_current", True, "101960"),
    "insurance": (
        "Accounts Receivable - Insurance",
        "asset_receivable",
        True,
        "121500",
    ),
    "contractual": ("Contractual Adjustments", "income", False, "408000"),
    "interest": ("Interest from Insurers", "income_other", False, "448000"),
    "writeoff": ("Write-offs", "income", False, "409000"),
    "discount": ("Discounts and Sliding Scale", "income", False, "409100"),
    "goodwill": ("Goodwill Credits", "income", False, "409200"),
    "fee": ("Returned Check Fees", "income_other", False, "449000"),
    "cardfee": ("Card Fees", "income_other", False, "449100"),
    "processor": ("Payment Processor Fees", "expense", False, "661000"),
    "dispute": ("Dispute Fees", "expense", False, "661100"),
    "migration": ("Migration of Opening Balances", "equity", False, "309000"),
}
#: Ways to pay in the practice: kind, name, account.
RECEIPT_METHODS = [
    ("check", "Check", "undeposited"),
    ("terminal", "Card Terminal", "terminal"),
    ("other", "Zelle", "services"),
    ("other", "Venmo", "services"),
    ("other", "Other Service", "services"),
    ("eft", "Insurer Transfer", "eft"),
]


class ResCompany(models.Model):
    """The accounts and journals that payments at the practice and adjustments need.

    They are made on first use, or by the button of the settings; what is there
    already is kept, also under another name.
    """

    _inherit = "res.company"

    therapy_account_undeposited_id = fields.Many2one(
        "account.account", string="Undeposited Checks", check_company=True
    )
    therapy_account_terminal_id = fields.Many2one(
        "account.account", string="Card Terminal Clearing", check_company=True
    )
    therapy_account_services_id = fields.Many2one(
        "account.account", string="Payment Services Clearing", check_company=True
    )
    therapy_account_writeoff_id = fields.Many2one(
        "account.account", string="Write-offs", check_company=True
    )
    therapy_account_discount_id = fields.Many2one(
        "account.account", string="Discounts", check_company=True
    )
    therapy_account_goodwill_id = fields.Many2one(
        "account.account", string="Goodwill Credits", check_company=True
    )
    therapy_account_fee_id = fields.Many2one(
        "account.account", string="Returned Check Fees", check_company=True
    )
    therapy_account_migration_id = fields.Many2one(
        "account.account", string="Opening Balances", check_company=True
    )
    therapy_receipt_journal_id = fields.Many2one(
        "account.journal", string="Journal of Receipts", check_company=True
    )
    therapy_cash_journal_id = fields.Many2one(
        "account.journal", string="Cash Journal", check_company=True
    )
    therapy_use_credits = fields.Boolean(
        string="Use Credits When Billing",
        help="A billing run puts each payer's credits on the new bills, oldest first.",
    )
    therapy_adjustment_limit = fields.Monetary(
        string="Billers May Adjust up to",
        default=50.0,
        help="Write-offs, discounts and goodwill above it are for managers. Goodwill "
        "without a bill adds up per payer over 30 days.",
    )
    therapy_returned_check_fee = fields.Monetary(string="Fee for a Returned Check")

    # === ACTION METHODS === #

    def action_therapy_set_up_accounts(self):
        """Make the accounts, journals and payment methods that are missing.

        :return: True
        :raise AccessError: for whoever is no manager of the practice
        :raise UserError: if a company has no chart of accounts
        """
        manager = self.env.user.has_group("therapy_billing.group_manager")
        if not (self.env.su or manager):
            raise AccessError(self.env._("Only managers can set up accounts."))
        self.check_access("read")
        for company in self:
            for key in ACCOUNTS:
                company._therapy_get_account(key)
            company._therapy_get_receipt_methods()
            insurers = self.env["res.partner"].search([("is_insurer", "=", True)])
            company._therapy_assign_insurance_account(insurers)
        return True

    # === BUSINESS METHODS === #

    def _therapy_check_chart(self):
        """Refuse to go on in a company without a chart of accounts.

        Note: self.ensure_one()

        :raise UserError: saying what to do
        """
        self.ensure_one()
        if not self.root_id.chart_template:
            raise UserError(
                self.env._(
                    "%(company)s has no chart of accounts yet. Install one first: "
                    "Invoicing > Configuration > Settings > Fiscal Localization.",
                    company=self.name,
                )
            )

    def _therapy_get_account(self, key):
        """Return an account of the practice; find it by name, or make it.

        Note: self.ensure_one()

        :param str key: one of ACCOUNTS
        :return: the account
        :rtype: recordset of `account.account`
        :raise UserError: if the company has no chart of accounts
        """
        self.ensure_one()
        field = f"therapy_account_{key}_id"
        # sudo: whoever records a payment may need an account that is not there yet.
        company_sudo = self.sudo()  # sudo: see the line above
        if company_sudo[field]:
            return company_sudo[field].sudo(False)
        self._therapy_check_chart()
        name, account_type, reconcile, start = ACCOUNTS[key]
        # Found again later whatever the language of the user: stored on the company.
        Account_sudo = company_sudo.env["account.account"].with_company(self)
        domain = Domain(Account_sudo._check_company_domain(self)) & Domain(
            [("name", "=", name), ("account_type", "=", account_type)]
        )
        account_sudo = Account_sudo.search(domain, limit=1)
        if not account_sudo:
            account_sudo = Account_sudo.create(
                {
                    "name": name,
                    "code": Account_sudo._search_new_account_code(start),
                    "account_type": account_type,
                    "reconcile": reconcile,
                    "company_ids": [Command.set(self.root_id.ids)],
                }
            )
        company_sudo[field] = account_sudo
        return account_sudo.sudo(False)

    def _therapy_get_receipt_methods(self):
        """Return the ways to pay at the practice; make those that are missing.

        Note: self.ensure_one()

        :return: the payment method lines, each with its account
        :rtype: recordset of `account.payment.method.line`
        :raise UserError: if the company has no chart of accounts
        """
        self.ensure_one()
        self._therapy_check_chart()
        # sudo: whoever records a payment may need a journal that is not there yet.
        company_sudo = self.sudo()  # sudo: see the line above
        cash_journal_sudo = company_sudo._therapy_get_cash_journal()
        cash = cash_journal_sudo.default_account_id
        company_sudo._therapy_add_method(cash_journal_sudo, "cash", "Cash", cash)
        receipts_sudo = company_sudo._therapy_get_receipt_journal()
        there = set(
            receipts_sudo.inbound_payment_method_line_ids.mapped("therapy_kind")
        )
        for kind, name, key in RECEIPT_METHODS:
            if kind not in there:
                account = company_sudo._therapy_get_account(key)
                company_sudo._therapy_add_method(receipts_sudo, kind, name, account)
        lines_sudo = (
            cash_journal_sudo | receipts_sudo
        ).inbound_payment_method_line_ids.filtered("therapy_kind")
        return lines_sudo.filtered(lambda x: x.therapy_kind != "eft").sudo(False)

    def _therapy_get_cash_journal(self):
        """Return the cash journal; the company's first one, or a new one.

        :return: the journal
        :rtype: recordset of `account.journal`
        """
        if not self.therapy_cash_journal_id:
            Journal = self.env["account.journal"].with_company(self)
            domain = Domain(Journal._check_company_domain(self))
            self.therapy_cash_journal_id = Journal.search(
                domain & Domain("type", "=", "cash"), limit=1
            ) or Journal.create(
                {"name": self.env._("Cash"), "type": "cash", "company_id": self.id}
            )
        return self.therapy_cash_journal_id

    def _therapy_get_receipt_journal(self):
        """Return the journal of checks and other payments taken by the practice.

        :return: the journal
        :rtype: recordset of `account.journal`
        """
        if not self.therapy_receipt_journal_id:
            Journal = self.env["account.journal"].with_company(self)
            domain = Domain(Journal._check_company_domain(self))
            self.therapy_receipt_journal_id = Journal.search(
                domain & Domain("code", "=", "THRCP"), limit=1
            ) or Journal.create(
                {
                    "name": self.env._("Practice Receipts"),
                    "code": "THRCP",
                    "type": "bank",
                    # After the bank: nothing else is to take it for the bank.
                    "sequence": 90,
                    "company_id": self.id,
                    "default_account_id": self._therapy_get_account("undeposited").id,
                }
            )
        return self.therapy_receipt_journal_id

    def _therapy_add_method(self, journal, kind, name, account):
        """Add a way to pay to a journal, unless it has one of that kind and name.

        :param journal: the `account.journal`
        :param str kind: cash, check, terminal or other
        :param str name: what the practice calls it
        :param account: the `account.account` that holds the money
        """
        lines = journal.inbound_payment_method_line_ids
        if kind in lines.filtered(
            lambda line: line.therapy_kind != "other" or line.name == name
        ).mapped("therapy_kind"):
            return
        taken = lines.filtered(lambda line: line.name == name)
        self.env["account.payment.method.line"].create(
            {
                "name": f"{name} (Therapy)" if taken else name,
                "therapy_kind": kind,
                "payment_method_id": self.env.ref(
                    "account.account_payment_method_manual_in"
                ).id,
                "payment_account_id": account.id,
                "journal_id": journal.id,
            }
        )
