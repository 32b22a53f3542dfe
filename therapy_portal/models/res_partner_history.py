from odoo import models
from odoo.fields import Domain

#: Tries that a payer should know of; a form that was left is not one.
SHOWN_TRIES = ("error", "pending", "authorized")


class ResPartner(models.Model):
    """Everything that happened to a payer's money, read from the ledger (F27, F28).

    Rows come from four places: the receivable lines (payments, refunds, credits),
    payments made for bills of others, tries without success, and cards added. Each is
    asked for its newest rows only, so a page takes the same number of queries however
    long the history is.
    """

    _inherit = "res.partner"

    def _therapy_get_portal_history(self, kind="all", offset=0, limit=20) -> tuple:
        """Return one page of the history, newest first.

        Never another payer's name or card (M12).

        Note: self.ensure_one()

        :param str kind: all, payments, credits, refunds, failed or cards
        :param int offset: rows to skip
        :param int limit: rows to return
        :return: (rows, number of all rows); a row is a dict with `date`, `kind`,
            `text`, `detail`, `amount` (>= 0, None for a card), `currency`, `state`
            (paid, refunded, credit, charge, pending, failed or card) and `receipt`
            (id of the payment, or False)
        :rtype: tuple[list[dict], int]
        """
        self.ensure_one()
        found, total = [], 0
        for source in self._therapy_get_history_sources(kind):
            keys, count = source(kind, offset + limit)
            found += keys
            total += count
        # By date; within a day the newest row of each source first.
        found.sort(reverse=True)
        page = found[offset : offset + limit]
        rows = {}
        for name in {key[2] for key in page}:
            ids = [key[3] for key in page if key[2] == name]
            rows |= getattr(self, f"_therapy_read_history_{name}")(ids)
        return [rows[key[2:]] | {"date": key[0]} for key in page], total

    def _therapy_get_history_sources(self, kind) -> list:
        """Return the methods that know rows of a kind.

        For a module with rows of its own, it must override this method and call super;
        a source takes (kind, limit) and returns the newest keys, (date, order in the
        day, name, id), with the number of all; `_therapy_read_history_<name>` turns
        ids into rows by (name, id).

        :param str kind: see :meth:`_therapy_get_portal_history`
        :return: methods
        :rtype: list
        """
        entries, others = self._therapy_find_entries, self._therapy_find_paid_for_others
        tries, cards = self._therapy_find_tries, self._therapy_find_cards
        return {
            "payments": [entries, others],
            "credits": [entries],
            "refunds": [entries],
            "failed": [tries],
            "cards": [cards],
        }.get(kind, [entries, others, tries, cards])

    # === WHAT IS IN THE LEDGER === #

    def _therapy_get_history_domain(self, kind) -> Domain:
        """Return the domain of the receivable lines of a kind.

        :param str kind: see :meth:`_therapy_get_portal_history`
        :return: domain on `account.move.line`
        :rtype: Domain
        """
        domain = (
            Domain("partner_id", "=", self.id)
            & Domain("account_id.account_type", "=", "asset_receivable")
            & Domain("parent_state", "=", "posted")
            & Domain("move_type", "in", ("entry", "out_refund"))
        )
        narrow = {
            "payments": Domain("payment_id.payment_type", "=", "inbound"),
            "refunds": Domain("payment_id.payment_type", "=", "outbound"),
            "credits": Domain("payment_id", "=", False) & Domain("balance", "<", 0),
        }
        return domain & narrow.get(kind, Domain.TRUE)

    def _therapy_find_entries(self, kind, limit) -> tuple:
        """Return the newest entries on this person's account; see the sources."""
        # sudo: payers may not read the ledger; the domain holds whose lines they are
        Line_sudo = self.env["account.move.line"].sudo()  # sudo: see line above
        domain = self._therapy_get_history_domain(kind)
        groups = Line_sudo._read_group(
            domain,
            ["move_id"],
            ["date:max", "id:max"],
            order="date:max desc, id:max desc",
            limit=limit,
        )
        [(count,)] = Line_sudo._read_group(domain, [], ["move_id:count_distinct"])
        return [(date, last, "entry", move.id) for move, date, last in groups], count

    def _therapy_read_history_entry(self, ids) -> dict:
        """Return the rows of entries by (name, id)."""
        Line_sudo = self.env["account.move.line"].sudo()  # sudo: as above
        sums = Line_sudo._read_group(
            self._therapy_get_history_domain("all") & Domain("move_id", "in", ids),
            ["move_id"],
            ["amount_currency:sum", "currency_id:recordset"],
        )
        moves_sudo = Line_sudo.env["account.move"].browse(ids)
        moves_sudo.origin_payment_id.reconciled_invoice_ids.mapped("name")
        return {
            ("entry", move.id): self._therapy_describe_entry(move, amount, currencies)
            for move, amount, currencies in sums
        }

    def _therapy_describe_entry(self, move_sudo, amount, currencies) -> dict:
        """Return the row of one entry.

        :param move_sudo: the entry, in sudo mode
        :param float amount: what it changed on the person's account; < 0 pays
        :param currencies: the currency of the lines
        :return: the row without its date
        :rtype: dict
        """
        payment = move_sudo.origin_payment_id
        own_bills = payment.reconciled_invoice_ids.filtered(
            lambda bill: bill.partner_id == self and bill.move_type == "out_invoice"
        )
        row = {
            "kind": "entry",
            "amount": abs(amount),
            "currency": currencies[:1] or move_sudo.currency_id,
            "detail": ", ".join(own_bills.mapped("name")),
            "receipt": False,
        }
        if payment and payment.payment_type == "inbound":
            text = move_sudo._therapy_describe_payment(payment)
            return row | {"text": text, "state": "paid", "receipt": payment.id}
        if payment:
            return row | {"text": self.env._("Money given back"), "state": "refunded"}
        if move_sudo.move_type == "out_refund":
            bill = move_sudo.reversed_entry_id or move_sudo.therapy_adjusts_move_id
            text = self.env._("Credit note %(name)s", name=move_sudo.name)
            return row | {"text": text, "state": "credit", "detail": bill.name or ""}
        if amount < 0:
            return row | {"text": self.env._("Credit"), "state": "credit"}
        return row | {"text": self.env._("Correction of a payment"), "state": "charge"}

    # === WHAT WAS PAID FOR OTHERS === #

    def _therapy_get_paid_for_others_domain(self) -> Domain:
        """Return the payments this person made on bills of somebody else."""
        return (
            Domain("paid_by_partner_id", "=", self.id)
            & Domain("partner_id", "!=", self.id)
            & Domain("payment_type", "=", "inbound")
            & Domain("state", "in", ("in_process", "paid"))
        )

    def _therapy_find_paid_for_others(self, kind, limit) -> tuple:
        """Return the newest payments for bills of others; see the sources."""
        Payment_sudo = self.env["account.payment"].sudo()  # sudo: own by the domain
        domain = self._therapy_get_paid_for_others_domain()
        payments = Payment_sudo.search(domain, order="date desc, id desc", limit=limit)
        count = Payment_sudo.search_count(domain)
        return [(pay.date, pay.id, "other", pay.id) for pay in payments], count

    def _therapy_read_history_other(self, ids) -> dict:
        """Return the rows of payments for others by (name, id)."""
        Payment_sudo = self.env["account.payment"].sudo()  # sudo: as above
        return {
            ("other", payment.id): {
                "kind": "other",
                "text": self.env._("Payment for somebody else's bill"),
                "detail": payment.payment_token_id.display_name or "",
                "amount": payment.amount,
                "currency": payment.currency_id,
                "state": "paid",
                "receipt": payment.id,
            }
            for payment in Payment_sudo.browse(ids)
        }

    # === TRIES AND CARDS === #

    def _therapy_get_tries_domain(self) -> Domain:
        """Return the payments this person tried that are not in the ledger."""
        own = Domain("paid_by_id", "=", self.id) | (
            Domain("paid_by_id", "=", False) & Domain("partner_id", "=", self.id)
        )
        return (
            own
            & Domain("state", "in", SHOWN_TRIES)
            & Domain("operation", "not in", ("refund", "validation"))
            & Domain("source_transaction_id", "=", False)
        )

    def _therapy_find_tries(self, kind, limit) -> tuple:
        """Return the newest tries without success; see the sources."""
        Transaction_sudo = self.env["payment.transaction"].sudo()  # sudo: own, as above
        domain = self._therapy_get_tries_domain()
        if kind == "failed":
            domain &= Domain("state", "=", "error")
        tries = Transaction_sudo.search(
            domain, order="last_state_change desc, id desc", limit=limit
        )
        count = Transaction_sudo.search_count(domain)
        local = self.env.company._therapy_local_date
        keys = [(local(tx.last_state_change), tx.id, "try", tx.id) for tx in tries]
        return keys, count

    def _therapy_read_history_try(self, ids) -> dict:
        """Return the rows of tries by (name, id); the reason is the provider's."""
        Transaction_sudo = self.env["payment.transaction"].sudo()  # sudo: as above
        rows = {}
        for tx in Transaction_sudo.browse(ids):
            failed = tx.state == "error"
            rows["try", tx.id] = {
                "kind": "try",
                "text": self.env._("Payment that did not go through")
                if failed
                else self.env._("Payment being processed"),
                "detail": tx._therapy_get_payer_reason() if failed else "",
                "amount": tx.amount,
                "currency": tx.currency_id,
                "state": "failed" if failed else "pending",
                "receipt": False,
            }
        return rows

    def _therapy_find_cards(self, kind, limit) -> tuple:
        """Return the cards this person saved last; see the sources."""
        Token_sudo = self.env["payment.token"].sudo()  # sudo: own by the domain
        Token_sudo = Token_sudo.with_context(active_test=False)
        domain = Domain("partner_id", "=", self.id)
        tokens = Token_sudo.search(
            domain, order="create_date desc, id desc", limit=limit
        )
        local = self.env.company._therapy_local_date
        keys = [
            (local(token.create_date), token.id, "card", token.id) for token in tokens
        ]
        return keys, Token_sudo.search_count(domain)

    def _therapy_read_history_card(self, ids) -> dict:
        """Return the rows of cards by (name, id)."""
        Token_sudo = self.env["payment.token"].sudo()  # sudo: as above
        return {
            ("card", token.id): {
                "kind": "card",
                "text": self.env._("Card saved: %(card)s", card=token.display_name),
                "detail": "" if token.active else self.env._("Removed since"),
                "amount": None,
                "currency": self.env.company.currency_id,
                "state": "card",
                "receipt": False,
            }
            for token in Token_sudo.browse(ids)
        }

    def _therapy_get_last_failed_try(self):
        """Return the newest try when it failed lately and its bill is still open.

        Note: self.ensure_one()

        :return: the transaction in sudo mode, or none
        :rtype: recordset of `payment.transaction`
        """
        self.ensure_one()
        Transaction_sudo = self.env["payment.transaction"].sudo()  # sudo: own, as above
        own = Domain("paid_by_id", "=", self.id) & Domain(
            "therapy_allocation_ids", "!=", False
        )
        last = Transaction_sudo.search(own, order="id desc", limit=1)
        open_bills = last.therapy_allocation_ids.move_id.filtered(
            lambda bill: not bill._therapy_get_payment_problem()
        )
        return last if last.state == "error" and open_bills else last.browse()
