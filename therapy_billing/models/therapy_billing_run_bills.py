from odoo import Command, models
from odoo.tools import format_date

from odoo.addons.therapy_billing.tools import money


class TherapyBillingRun(models.Model):
    """The unit of work of a run: sessions of whole patients into posted bills.

    One bill per guarantor and patient; one per insurer, patient and session, because
    an insurer answers claim by claim.
    """

    _inherit = "therapy.billing.run"

    def _bill_sessions(self, sessions) -> dict:
        """Claim sessions, make their bills and post them.

        Sessions that another run holds are left to it. Everything is read after the
        lock, so what was billed meanwhile is not billed again (M2).

        Note: self.ensure_one()

        :param sessions: sessions of whole patients, by date
        :return: reasons by id of the sessions that were not billed
        :rtype: dict
        """
        self.ensure_one()
        claimed = sessions.try_lock_for_update(allow_referencing=True)
        busy = self.env._("Somebody else is billing this session now.")
        problems = dict.fromkeys((sessions - claimed).ids, busy)
        claimed.invalidate_recordset(["state", "billing_state", "line_ids"])
        claimed.line_ids.invalidate_recordset(["amount", "share_ids"])
        open_sessions = claimed.filtered(
            lambda session: session.billing_state in ("unbilled", "partial")
        )
        problems |= self._find_problems(open_sessions)
        good = open_sessions - open_sessions.browse(problems)
        groups = self._group_shares(good)
        good._create_awaited_shares()
        if not groups:
            return problems
        quiet = self.with_context(
            tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True
        )
        accounts = {}
        self.company_id._therapy_assign_insurance_account(
            self.env["res.partner"].browse(key[0] for key in groups if key[2])
        )
        vals_list = [
            quiet._prepare_bill_vals(key, shares, accounts)
            for key, shares in groups.items()
        ]
        self._add_distributions(vals_list, groups.values())
        moves = quiet.env["account.move"].create(vals_list)
        self._create_shares(moves, groups.values())
        moves.action_post()
        moves._therapy_apply_credits_by_policy()
        self.env.flush_all()
        return problems

    def _group_shares(self, sessions) -> dict:
        """Return the shares to bill, by bill.

        :param sessions: sessions that can be billed, by date
        :return: lists of (session line, minor units) by (payer's id, patient, session
            of the claim or none, what groups it), in order of the first session
        :rtype: dict
        """
        groups = {}
        for session in sessions:
            lines = {line.id: line for line in session.line_ids}
            for (payer, line_id), cents, is_claim in session._get_open_split():
                claim = session if is_claim else session.browse()
                period = not is_claim and self._get_grouping_key(session)
                key = (payer, session.patient_id, claim, period)
                groups.setdefault(key, []).append((lines[line_id], cents))
        return groups

    def _create_shares(self, moves, groups):
        """Link the bill lines with what they are for.

        :param moves: the bills
        :param groups: lists of (session line, minor units), one per bill
        """
        vals_list = []
        for move, group in zip(moves, groups, strict=True):
            bill_lines = move.invoice_line_ids.sorted("sequence")
            digits = move.currency_id.decimal_places
            for bill_line, (line, cents) in zip(bill_lines, group, strict=True):
                vals_list.append(
                    {
                        "session_line_id": line.id,
                        "partner_id": move.partner_id.id,
                        "amount": money.to_major(cents, digits),
                        "move_id": move.id,
                        "move_line_id": bill_line.id,
                    }
                )
        Share = self.env["therapy.session.share"].sudo()  # sudo: nobody may by hand
        Share.create(vals_list)

    def _prepare_bill_vals(self, key, shares, accounts) -> dict:
        """Return the values of one bill.

        For a module to change bills, it must override this method and call super.

        Note: self.ensure_one()

        :param tuple key: payer's id, patient, session of the claim or none, ...
        :param list shares: (session line, minor units) per bill line
        :param dict accounts: income accounts by service, filled on the way
        :return: values of an `account.move`
        :rtype: dict
        """
        self.ensure_one()
        payer_id, patient, claim = key[:3]
        payer = self.env["res.partner"].browse(payer_id)
        return {
            "move_type": "out_invoice",
            "partner_id": payer_id,
            "patient_id": patient.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "journal_id": self.journal_id.id,
            "invoice_date": self.invoice_date,
            # A payment term would forbid to change the due date later.
            "invoice_payment_term_id": False,
            "invoice_date_due": self.invoice_date_due,
            "invoice_origin": self.name,
            "therapy_run_id": self.id,
            "claim_session_id": claim.id,
            "invoice_line_ids": [
                Command.create(
                    {
                        **self._prepare_bill_line_vals(
                            payer, claim, line, cents, accounts
                        ),
                        "sequence": index,
                    }
                )
                for index, (line, cents) in enumerate(shares, start=1)
            ],
        }

    def _prepare_bill_line_vals(self, payer, claim, line, cents, accounts) -> dict:
        """Return the values of one bill line (M1, P1).

        A line borne whole by one payer shows units x rate, a part quantity 1. A
        guarantor's line names the day only: the bill is mailed as PDF, and what was
        done is reached through the shares, after a login.

        :param payer: the payer, a `res.partner`
        :param claim: the session of an insurer's claim, or none
        :param line: the session line
        :param int cents: the payer's share in minor units
        :param dict accounts: income accounts by service, filled on the way
        :return: values of an `account.move.line`
        :rtype: dict
        """
        digits = self.currency_id.decimal_places
        whole = cents == money.to_minor(line.amount, digits)
        product = line.product_id
        if product not in accounts:
            accounts[product] = self._get_income_account(product)
        taxes = product.taxes_id._filter_taxes_by_company(self.company_id)
        vals = {
            "account_id": accounts[product].id,
            "quantity": line.units if whole else 1.0,
            "price_unit": line.rate if whole else money.to_major(cents, digits),
            "tax_ids": [Command.set(taxes.ids)],
        }
        if not taxes:
            # Known to the cent: core needs not find it out and write it, line by line.
            amount = -money.to_major(cents, digits)
            vals |= {"amount_currency": amount, "balance": amount}
        day = format_date(self.env, line.session_id.date, lang_code=payer.lang)
        if claim:
            parts = (product.therapy_code, line.modifiers, product.name)
            service = " ".join(filter(None, parts))
            return {**vals, "product_id": product.id, "name": f"{day} {service}"}
        translated = self.with_context(lang=payer.lang or self.env.lang)
        if line.is_absence_fee:
            text = translated.env._("Fee for the appointment on %(day)s", day=day)
        else:
            text = translated.env._("Services on %(day)s", day=day)
        return {**vals, "name": text}

    def _get_income_account(self, product):
        """Return the income account of a service.

        :param product: the service, a `product.product`
        :return: the account; the journal's when the service has none
        :rtype: recordset of `account.account`
        """
        template = product.product_tmpl_id.with_company(self.company_id)
        accounts = template.get_product_accounts()
        return accounts["income"] or self.journal_id.default_account_id
