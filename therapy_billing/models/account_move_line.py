from odoo import models


def _debit_first(values) -> bool:
    """Return the sort key that puts the debit of two lines first.

    :param dict values: residuals of a line
    :return: whether the line is a credit
    :rtype: bool
    """
    return values["aml"].balance < 0


class AccountMoveLine(models.Model):
    """Exact amounts: what a line asks for, and reconciling a part of two lines."""

    _inherit = "account.move.line"

    def _prepare_reconciliation_amls(self, values_list, shadowed_aml_values=None):
        """Override of `account` to keep to the amounts asked for (M3).

        The context key `therapy_exact_amounts` gives the amount by (debit line's id,
        credit line's id), in the currency both lines share.

        :param list values_list: residuals of the lines, reduced in place
        :param dict shadowed_aml_values: see core
        :return: what core returns
        """
        exact = self.env.context.get("therapy_exact_amounts") or {}
        pair = tuple(
            values["aml"].id for values in sorted(values_list, key=_debit_first)
        )
        if pair not in exact:
            return super()._prepare_reconciliation_amls(
                values_list, shadowed_aml_values=shadowed_aml_values
            )
        debit = min(values_list, key=_debit_first)
        names = ("amount_residual", "amount_residual_currency")
        before = {name: debit[name] for name in names}
        ratio = exact[pair] / before["amount_residual_currency"]
        debit["amount_residual_currency"] = exact[pair]
        company_currency = debit["aml"].company_currency_id
        debit["amount_residual"] = company_currency.round(
            before["amount_residual"] * ratio
        )
        asked = {name: debit[name] for name in names}
        result = super()._prepare_reconciliation_amls(
            values_list, shadowed_aml_values=shadowed_aml_values
        )
        for name in names:
            debit[name] = before[name] - asked[name] + debit[name]
        return result

    def _therapy_reconcile_exactly(self, parts):
        """Reconcile pairs of lines for exact amounts, in the order given.

        :param list parts: (debit line, credit line, amount > 0); both lines are on
            one account, of one partner and in one currency, and each has at least
            the amount left
        """
        exact = {
            (debit.id, credit.id): debit.currency_id.round(amount)
            for debit, credit, amount in parts
        }
        self.with_context(therapy_exact_amounts=exact)._reconcile_plan(
            [debit | credit for debit, credit, _amount in parts]
        )

    def _therapy_get_asked(self) -> float:
        """Return what the line asks for: its price, taxes in it or on top left alone.

        Note: self.ensure_one()

        :return: the amount, rounded with the currency
        :rtype: float
        """
        self.ensure_one()
        price = self.price_unit * (1 - self.discount / 100)
        return self.currency_id.round(self.quantity * price)

    def _therapy_get_logged(self):
        """Override to log a look at the bill (P7).

        :return: the bills
        :rtype: recordset of `account.move`
        """
        return self.move_id
