from collections import Counter
from dataclasses import dataclass, field

from odoo import models

from odoo.addons.therapy_billing.tools import eob, money


@dataclass
class ServicePlan:
    """What is to be booked for one service; amounts in minor units."""

    service: object
    lines: object
    final: bool
    change: eob.Change
    #: The insurer asked next: a `therapy.coverage`, maybe empty.
    following: object
    #: Signed amounts by guarantor.
    guarantors: dict = field(default_factory=dict)


class TherapyRemittance(models.Model):
    """From what the insurer says to what is to be booked; reads only."""

    _inherit = "therapy.remittance"

    def _get_plans(self) -> list:
        """Return what is to be booked for each service.

        Note: self.ensure_one()

        :return: plans, one per service
        :rtype: list[ServicePlan]
        """
        self.ensure_one()
        booked = self._get_booked()
        plans = []
        for session, lines in self.line_ids.grouped("session_id").items():
            following = self._get_following(session)
            for service, own in lines.grouped("session_line_id").items():
                plans.append(self._get_plan(service, own, following, booked))
            self._divide_guarantors(session, plans[-len(lines.session_line_id) :])
        return plans

    def _get_booked(self) -> dict:
        """Return what posted remittances say of the services, this one not counted.

        Note: self.ensure_one()

        :return: (paid, patient's, contractual adjustments booked) in minor units by
            service
        :rtype: dict
        """
        digits = self.currency_id.decimal_places
        rows = self.env["therapy.remittance.line"].search(
            [
                ("state", "=", "posted"),
                ("partner_id", "=", self.partner_id.id),
                ("session_line_id", "in", self.line_ids.session_line_id.ids),
            ]
        )
        booked = {}
        for row in rows:
            old = booked.get(row.session_line_id, (0, 0, 0))
            new = (row.paid, row.patient_amount, row.contract_entry)
            booked[row.session_line_id] = tuple(
                a + money.to_minor(b, digits) for a, b in zip(old, new, strict=True)
            )
        return booked

    def _get_following(self, session):
        """Return the coverage whose insurer is asked after this one.

        Note: self.ensure_one()

        :param session: the session
        :return: the coverage, maybe empty
        :rtype: recordset of `therapy.coverage`
        """
        coverages = session._get_coverages()
        insurers = coverages.insurer_id.ids
        if self.partner_id.id not in insurers:
            return coverages.browse()
        position = [row.insurer_id.id for row in coverages].index(self.partner_id.id)
        return coverages[position + 1 : position + 2]

    def _get_plan(self, service, lines, following, booked):
        """Return what is to be booked for one service.

        Note: self.ensure_one()

        :param service: the session line
        :param lines: the lines about it: an answer, a take-back, or both
        :param following: the coverage asked next, maybe empty
        :param dict booked: as :meth:`_get_booked` returns it
        :return: the plan, guarantors not divided yet
        :rtype: ServicePlan
        """
        digits = self.currency_id.decimal_places
        paid, patient, contractual = booked.get(service, (0, 0, 0))
        paid += sum(money.to_minor(x, digits) for x in lines.mapped("paid"))
        patient += sum(
            money.to_minor(x, digits) for x in lines.mapped("patient_amount")
        )
        answers = lines.filtered(lambda line: not line.is_takeback)
        open_amount = sum(answers.mapped("open_amount"))
        final = bool(answers) and self.currency_id.is_zero(open_amount)
        sums = {"claim": 0, "following": 0, "guarantors": 0, "estimate": 0}
        for share in service.share_ids.filtered("live"):
            cents = money.to_minor(share.amount, digits)
            if share.partner_id == self.partner_id:
                sums["claim"] += cents
            elif following and share.partner_id == following.insurer_id:
                sums["following"] += cents
            elif not share.partner_id.is_insurer:
                sums["guarantors"] += cents
                sums["estimate"] += cents if share.kind == "base" else 0
        change = eob.get_change(
            eob.Answer(paid, patient, final),
            eob.Borne(**sums, contractual=contractual),
            bool(following),
        )
        return ServicePlan(service, lines, final, change, following)

    def _divide_guarantors(self, session, plans):
        """Divide what changes for the guarantors as agreed on the date of service.

        What all of them bear of the session is divided anew (M1), and each gets the
        difference to what they bear now. Where a take-back restores the estimate, each
        has the estimated part again; services that are not answered stay.

        :param session: the session
        :param list plans: the plans of its services; filled on the way
        """
        changed = [plan for plan in plans if plan.change.guarantors]
        divided = [plan for plan in changed if plan.final]
        borne = {service: self._get_borne(service) for service in session.line_ids}
        targets = dict(borne)
        for plan in changed:
            targets[plan.service] = (
                {} if plan.final else self._get_borne(plan.service, ("base",))
            )
        if divided:
            elsewhere = Counter()
            for parts in targets.values():
                elsewhere.update(parts)
            totals = [
                sum(borne[plan.service].values()) + plan.change.guarantors
                for plan in divided
            ]
            payers, rows = session._divide_patient_part(totals, elsewhere)
            for index, plan in enumerate(divided):
                targets[plan.service] = {
                    payer: row[index] for payer, row in zip(payers, rows, strict=True)
                }
        for plan in changed:
            target, now = targets[plan.service], borne[plan.service]
            for payer in {**target, **now}:
                if cents := target.get(payer, 0) - now.get(payer, 0):
                    plan.guarantors[payer] = cents

    def _get_borne(self, service, kinds=("base", "supplement")) -> dict:
        """Return what each guarantor bears of a service.

        :param service: the session line
        :param tuple kinds: kinds of shares that count
        :return: minor units by guarantor
        :rtype: dict
        """
        digits, borne = self.currency_id.decimal_places, {}
        for share in service.share_ids.filtered("live"):
            if not share.partner_id.is_insurer and share.kind in kinds:
                cents = money.to_minor(share.amount, digits)
                borne[share.partner_id] = borne.get(share.partner_id, 0) + cents
        return borne
