from odoo import api, fields, models


class AccountAnalyticAccount(models.Model):
    """Accounts made for providers, services and places."""

    _inherit = "account.analytic.account"

    therapy_key = fields.Char(
        index="btree_not_null",
        readonly=True,
        copy=False,
        help="What the account stands for, so that it is made once.",
    )

    _therapy_key_uniq = models.UniqueIndex(
        "(company_id, plan_id, therapy_key) WHERE therapy_key IS NOT NULL",
        "There is such an account for therapy already.",
    )

    @api.model
    def _therapy_get_accounts(self, company, plan, names) -> dict:
        """Return the accounts of a plan, and make those that are missing.

        :param company: the `res.company`
        :param plan: the `account.analytic.plan`
        :param dict names: names of accounts by key
        :return: ids of accounts by key
        :rtype: dict
        """
        # sudo: billers may not make analytic accounts; these only mirror records.
        Account_sudo = self.sudo().with_context(active_test=False)  # sudo: see above
        found = Account_sudo.search_fetch(
            [
                ("company_id", "=", company.id),
                ("plan_id", "=", plan.id),
                ("therapy_key", "in", list(names)),
            ],
            ["therapy_key"],
        )
        ids = {account.therapy_key: account.id for account in found}
        missing = [key for key in names if key not in ids]
        made = Account_sudo.create(
            [
                {
                    "name": names[key],
                    "plan_id": plan.id,
                    "company_id": company.id,
                    "therapy_key": key,
                }
                for key in missing
            ]
        )
        return ids | dict(zip(missing, made.ids, strict=True))
