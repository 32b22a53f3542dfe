from collections import defaultdict
from typing import NamedTuple

from odoo import Command, fields, models
from odoo.tools import format_date

from odoo.addons.therapy_billing.tools import money


class Item(NamedTuple):
    """A line of an entry; minor units, above 0 = the partner owes more."""

    service: object
    cents: int
    #: Whether it moves a part between payers; else it is a contractual adjustment.
    is_share: bool


class TherapyRemittance(models.Model):
    """Makes the entries of a remittance.

    What moves from one payer to another is booked on the income account and with the
    analytic distribution of the bill it comes from, on one day: revenue nets to zero.
    Contractual adjustments are on an account of their own (contra-revenue).
    """

    _inherit = "therapy.remittance"

    def _get_sale_journal(self):
        """Return the journal of bills and credit notes.

        :return: the journal
        :rtype: recordset of `account.journal`
        """
        return self.env["account.move"]._therapy_get_journal(self.company_id)

    def _get_quiet_move(self):
        """Return the model of entries, with no message for each of them.

        :return: the empty recordset
        :rtype: recordset of `account.move`
        """
        return (
            self.env["account.move"]
            .with_company(self.company_id)
            .with_context(
                tracking_disable=True,
                mail_create_nolog=True,
                mail_create_nosubscribe=True,
            )
        )

    def _create_moves(self, plans):
        """Create the entries of what moves and of the contractual adjustments.

        Note: self.ensure_one()

        :param list plans: the plans
        :return: the draft bills and credit notes
        :rtype: recordset of `account.move`
        """
        groups = self._group_items(plans)
        sources, common = self._get_sources(plans), self._prepare_common_vals()
        vals_list = [
            self._prepare_move_vals(key, items, sources, common)
            for key, items in groups.items()
        ]
        moves = self._get_quiet_move().create(vals_list)
        self._create_supplements(moves, groups.values())
        return moves

    def _group_items(self, plans) -> dict:
        """Return the lines of the entries, by entry.

        One entry per claim of an insurer. Of a guarantor one bill per patient, and one
        credit note per patient for the sessions that get cheaper. Where only the
        services differ, and not what the guarantor bears of the session, the lines go
        with what else the guarantor gets.

        :param list plans: the plans
        :return: lists of :class:`Item` by (partner, patient, session of a claim or
            none, whether the partner owes less)
        :rtype: dict
        """
        groups, families = defaultdict(list), defaultdict(list)
        for plan in plans:
            service, session = plan.service, plan.service.session_id
            claim = (self.partner_id, session.patient_id, session, False)
            if plan.change.claim:
                groups[claim].append(Item(service, plan.change.claim, True))
            if plan.change.contractual:
                groups[claim].append(Item(service, -plan.change.contractual, False))
            if plan.change.following and not self._await_following(plan):
                insurer = plan.following.insurer_id
                key = (insurer, session.patient_id, session, False)
                groups[key].append(Item(service, plan.change.following, True))
            for guarantor, cents in plan.guarantors.items():
                families[guarantor, session].append(Item(service, cents, True))
        for (guarantor, session), items in sorted(
            families.items(), key=lambda family: not sum(x.cents for x in family[1])
        ):
            key = (guarantor, session.patient_id, session.browse())
            total = sum(item.cents for item in items)
            lower = total < 0
            if not total:  # only services differ: no entry of its own, if avoidable
                lower = (*key, False) not in groups and (*key, True) in groups
            groups[(*key, lower)] += items
        return dict(groups)

    def _get_sources(self, plans) -> dict:
        """Return the bill lines whose income account and analytic count.

        :param list plans: the plans
        :return: a line by service
        :rtype: dict
        """
        sources = {}
        for plan in plans:
            shares = plan.service.share_ids.filtered(
                lambda share: share.live and share.kind == "base" and share.move_line_id
            )
            sources[plan.service] = shares.move_line_id[:1]
        return sources

    def _prepare_common_vals(self) -> dict:
        """Return what all bills and credit notes of the remittance share.

        :return: values of an `account.move`
        :rtype: dict
        """
        return {
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "journal_id": self._get_sale_journal().id,
            "invoice_date": self._get_entry_date(),
            "invoice_payment_term_id": False,
            "invoice_origin": self.name,
            "therapy_remittance_id": self.id,
        }

    def _prepare_move_vals(self, key, items, sources, common) -> dict:
        """Return the values of one bill or credit note.

        For a module to change them, it must override this method and call super.

        :param tuple key: partner, patient, session of a claim or none, ...
        :param list items: the lines
        :param dict sources: bill lines by service
        :param dict common: values of all entries
        :return: values of an `account.move`
        :rtype: dict
        """
        partner, patient, session, _lower = key
        total = sum(item.cents for item in items)
        sign = 1 if total > 0 else -1
        day = common["invoice_date"]
        due, cause = day, False
        if sign > 0:
            today = max(day, self.company_id._therapy_local_date())
            due = fields.Date.add(today, days=self.company_id.therapy_due_days)
        elif not session:
            cause = "eob"
        return {
            **common,
            "move_type": "out_invoice" if sign > 0 else "out_refund",
            "partner_id": partner.id,
            "patient_id": patient.id,
            "claim_session_id": session.id,
            "invoice_date_due": due,
            "therapy_credit_cause": cause,
            "therapy_determined_on": self.date,
            "invoice_line_ids": [
                Command.create(
                    {
                        **self._prepare_item_vals(partner, session, item, sources),
                        "price_unit": money.to_major(
                            sign * item.cents, self.currency_id.decimal_places
                        ),
                        "sequence": index,
                    }
                )
                for index, item in enumerate(items, start=1)
            ],
        }

    def _prepare_item_vals(self, partner, session, item, sources) -> dict:
        """Return the values of a line, without its amount.

        A guarantor's line names the day only (P1).

        :param partner: whose entry it is
        :param session: the session of a claim, or none
        :param Item item: the line
        :param dict sources: bill lines by service
        :return: values of an `account.move.line`
        :rtype: dict
        """
        source = sources[item.service]
        env = self.with_context(lang=partner.lang or self.env.lang).env
        day = format_date(env, item.service.session_id.date, lang_code=partner.lang)
        if not session:
            name = env._("Services on %(day)s, after the insurer's answer", day=day)
        elif item.is_share:
            code = item.service.therapy_code or ""
            name = env._("%(day)s %(code)s patient responsibility", day=day, code=code)
        else:
            code = item.service.therapy_code or ""
            name = env._("%(day)s %(code)s contractual adjustment", day=day, code=code)
        account = source.account_id
        if not item.is_share:
            account = self.company_id._therapy_get_account("contractual")
        return {
            "name": name,
            "quantity": 1.0,
            "account_id": account.id,
            "analytic_distribution": source.analytic_distribution,
            "tax_ids": [Command.clear()],
        }

    def _create_supplements(self, moves, groups):
        """Link the lines that move parts between payers with their services.

        :param moves: the entries
        :param groups: lists of :class:`Item`, one per entry
        """
        digits, vals_list = self.currency_id.decimal_places, []
        for move, items in zip(moves, groups, strict=True):
            lines = move.invoice_line_ids.sorted("sequence")
            for line, item in zip(lines, items, strict=True):
                if not item.is_share:
                    continue
                vals_list.append(
                    {
                        "session_line_id": item.service.id,
                        "partner_id": move.partner_id.id,
                        "kind": "supplement",
                        "amount": money.to_major(item.cents, digits),
                        "move_id": move.id,
                        "move_line_id": line.id,
                        "remittance_id": self.id,
                    }
                )
        Share = self.env["therapy.session.share"].sudo()  # sudo: nobody may by hand
        Share.create(vals_list)
