from odoo import models


class PaymentTransaction(models.Model):
    """Posts the payments of many transactions together: a run makes thousands."""

    _inherit = "payment.transaction"

    def _therapy_create_payments(self):
        """Make, post and reconcile the payments of transactions, in one go.

        The result is that of :meth:`_create_payment` for each. A transaction that
        shares a bill with one before it is left to that method: what it gets depends
        on what the other took. So is one that leaves a credit, which is announced.

        :return: None
        """
        batch, parts = self._therapy_choose_for_batch()
        # Read the bills' lines at once, not bill by bill below.
        batch.therapy_allocation_ids.move_id.line_ids.mapped("account_id.account_type")
        for provider, transactions in batch.grouped("provider_id").items():
            payments = self.env["account.payment"].with_company(provider.company_id)
            payments = payments.with_context(therapy_ledger_parts_of=parts).create(
                [tx._therapy_prepare_payment_vals() for tx in transactions]
            )
            payments.action_post()
            plan = []
            for tx, payment in zip(transactions, payments, strict=True):
                tx.payment_id = payment
                plan += tx._therapy_prepare_plan(payment, parts[tx.id])
            self.env["account.move.line"]._reconcile_plan(plan)

    def _therapy_choose_for_batch(self) -> tuple:
        """Return the transactions that can be posted together.

        :return: transactions, and their parts by id
        :rtype: tuple
        """
        batch, parts, seen = self.browse(), {}, self.env["account.move"]
        for tx in self:
            bills = tx.therapy_allocation_ids.move_id
            if (
                tx.state != "done"
                or tx.payment_id
                or not bills
                or bills & seen
                or tx.child_transaction_ids
            ):
                continue
            own = tx._therapy_get_ledger_parts()
            if all(bill_id for bill_id, _amount in own):
                batch, seen = batch | tx, seen | bills
                parts[tx.id] = own
        if len(batch) < 2:
            return self.browse(), {}
        return batch, parts

    def _therapy_reconcile(self, payment, parts):
        """Reconcile each part of a payment with exactly its bill.

        Note: self.ensure_one()

        :param payment: the posted `account.payment`
        :param list parts: (bill's id or False, amount)
        """
        plan = self._therapy_prepare_plan(payment, parts)
        self.env["account.move.line"]._reconcile_plan(plan)

    def _therapy_prepare_plan(self, payment, parts) -> list:
        """Return which lines of a payment are to be reconciled with which of a bill.

        Note: self.ensure_one()

        :param payment: the posted `account.payment`
        :param list parts: (bill's id or False, amount)
        :return: recordsets for `_reconcile_plan`
        :rtype: list
        """
        self.ensure_one()
        lines = payment.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).sorted("id")
        plan = []
        for index, (bill_id, _amount) in enumerate(parts):
            bill = self.env["account.move"].browse(bill_id or [])
            if not bill or bill.state != "posted":
                continue
            # A payment made by core's wizard has one line for all of its bills.
            line = lines[index] if len(lines) == len(parts) else lines[:1]
            plan.append(
                line
                | bill.line_ids.filtered(
                    lambda x, line=line: (
                        x.account_id == line.account_id
                        and x.display_type == "payment_term"
                        and not x.reconciled
                    )
                )
            )
        return plan

    # === NOTES ON BILLS === #

    def _therapy_with_notes(self):
        """Return the transactions such that their notes on bills are kept back.

        Several hundred notes are written faster together.

        :rtype: recordset of `payment.transaction`
        """
        return self.with_context(therapy_notes=[])

    def _log_message_on_linked_documents(self, message):
        """Override of `payment` to keep back notes that are written together."""
        notes = self.env.context.get("therapy_notes")
        if notes is None or self.source_transaction_id:
            return super()._log_message_on_linked_documents(message)
        notes += [(bill.id, message) for bill in self._get_invoices_to_notify()]
        return None

    def _therapy_write_notes(self):
        """Write the notes kept back on the bills; more than one in their order.

        :return: None
        """
        notes = self.env.context.get("therapy_notes")
        while notes:
            later, now = [], {}
            for bill_id, message in notes:
                if bill_id in now:
                    later.append((bill_id, message))
                else:
                    now[bill_id] = message
            self.env["account.move"].browse(now)._message_log_batch(bodies=now)
            notes[:] = later
