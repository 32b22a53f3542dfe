from odoo import models

#: Plans, and what a session line means for each of them.
PLANS = ("provider", "service", "place")


class TherapyBillingRun(models.Model):
    """Puts provider, service and place on each line of revenue.

    Odoo's own reports can then be cut by them. Only where the company says so; the
    accounts are made when they are first needed, a batch at a time.
    """

    _inherit = "therapy.billing.run"

    def _add_distributions(self, vals_list, groups):
        """Add the analytic distributions to the values of bills.

        Note: self.ensure_one()

        :param list vals_list: values of the bills
        :param groups: lists of (session line, minor units), one per bill
        """
        if not self.company_id.therapy_analytic:
            return
        numbers = {line.id for group in groups for line, _cents in group}
        lines = self.env["therapy.session.line"].browse(numbers)
        distributions = self._get_distributions(lines)
        for vals, group in zip(vals_list, groups, strict=True):
            for (_command, _id, line_vals), (line, _cents) in zip(
                vals["invoice_line_ids"], group, strict=True
            ):
                line_vals["analytic_distribution"] = distributions[line]

    def _get_distributions(self, lines) -> dict:
        """Return the analytic distribution of session lines.

        Note: self.ensure_one()

        :param lines: the session lines
        :return: distributions, all of a line on one set of accounts, by line
        :rtype: dict
        """
        accounts = {plan: self._get_analytic_accounts(plan, lines) for plan in PLANS}
        result = {}
        for line in lines:
            found = [
                accounts[plan][key]
                for plan in PLANS
                for key in self._get_analytic_names(plan, line)
            ]
            result[line] = {",".join(map(str, found)): 100.0} if found else False
        return result

    def _get_analytic_accounts(self, plan, lines) -> dict:
        """Return the accounts of one plan that session lines need.

        :param str plan: "provider", "service" or "place"
        :param lines: the session lines
        :return: ids of analytic accounts by key
        :rtype: dict
        """
        names = {}
        for line in lines:
            names |= self._get_analytic_names(plan, line)
        record = self.env.ref(f"therapy_billing.analytic_plan_{plan}")
        Account = self.env["account.analytic.account"]
        return Account._therapy_get_accounts(self.company_id, record, names)

    def _get_analytic_names(self, plan, line) -> dict:
        """Return what a session line is for a plan.

        For a module to cut revenue in other ways, it must override this method.

        :param str plan: "provider", "service" or "place"
        :param line: the session line
        :return: name of the account by key; empty if the line says nothing
        :rtype: dict
        """
        if plan == "provider":
            provider = line.session_id.provider_id
            return {f"provider {provider.id}": provider.name} if provider else {}
        if plan == "service":
            product = line.product_id
            code, name = product.therapy_code, product.name
            return {f"service {product.id}": f"{code} {name}" if code else name}
        return {f"place {line.pos}": line.pos} if line.pos else {}
