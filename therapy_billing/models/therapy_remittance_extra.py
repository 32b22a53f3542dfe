from odoo import api, fields, models


class TherapyRemittanceExtra(models.Model):
    """What a remittance adds or withholds that belongs to no claim."""

    _name = "therapy.remittance.extra"
    _description = "Adjustment of a Whole Remittance"
    _order = "remittance_id, id"
    _check_company_auto = True

    remittance_id = fields.Many2one(
        "therapy.remittance", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [
            ("interest", "Interest"),
            ("withheld", "Withheld, or paid in advance"),
            ("other", "Other"),
        ],
        required=True,
        default="interest",
        help="Interest is income. What is withheld stays open with the insurer until "
        "the claim it belongs to is answered. Other needs an account.",
    )
    name = fields.Char(string="Reference")
    amount = fields.Monetary(
        required=True, help="Less than 0 where the insurer withholds."
    )
    account_id = fields.Many2one(
        "account.account",
        check_company=True,
        ondelete="restrict",
        help="For the kind Other; interest has an account of its own.",
    )
    company_id = fields.Many2one(
        related="remittance_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Add to remittances that are not posted.

        :param list vals_list: values
        :return: the records
        """
        records = super().create(vals_list)
        records.remittance_id._check_draft()
        return records

    def write(self, vals):
        """Keep what was posted, also from lines of another remittance.

        :param dict vals: new values
        :return: True
        :raise UserError: if a posted remittance would change
        """
        self.remittance_id._check_draft()
        result = super().write(vals)
        self.remittance_id._check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_posted(self):
        """Keep what was posted."""
        self.remittance_id._check_draft()

    # === BUSINESS METHODS === #

    def _get_account(self):
        """Return where the amount is booked.

        Note: self.ensure_one()

        :return: the account, none if it is still to be chosen
        :rtype: recordset of `account.account`
        """
        self.ensure_one()
        if self.kind == "withheld":
            return self.company_id._therapy_get_account("insurance")
        if self.kind == "interest":
            return self.company_id._therapy_get_account("interest")
        return self.account_id
