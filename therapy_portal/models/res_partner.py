from collections import defaultdict

from odoo import models
from odoo.fields import Domain

#: Open bills shown per patient on the family view; the others are in the list.
FAMILY_BILLS = 5
#: Open bills read for it, of all patients together.
FAMILY_SEARCH = 100


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _therapy_get_portal_bills_domain(self) -> Domain:
        """Return the bills this person may see in the portal: the own ones only.

        Note: self.ensure_one()

        :return: domain on `account.move`
        :rtype: Domain
        """
        self.ensure_one()
        return (
            Domain("partner_id", "=", self.id)
            & Domain("is_therapy_bill", "=", True)
            & Domain("state", "=", "posted")
            & Domain("claim_session_id", "=", False)
            & Domain("partner_id.is_insurer", "=", False)
        )

    def _therapy_get_portal_open_domain(self) -> Domain:
        """Return the bills of this person that still ask for money.

        Note: self.ensure_one()

        :return: domain on `account.move`
        :rtype: Domain
        """
        return (
            self._therapy_get_portal_bills_domain()
            & Domain("payment_state", "in", ("not_paid", "partial", "in_payment"))
            & Domain("amount_residual", ">", 0)
        )

    def _therapy_get_portal_patients(self):
        """Return whom this person pays for today, and whom the bills are about.

        Note: self.ensure_one()

        :return: the patients in sudo mode, by name
        :rtype: recordset of `res.partner`
        """
        self.ensure_one()
        Guarantor_sudo = self.env["therapy.guarantor"].sudo()  # sudo: own rows
        rows = Guarantor_sudo.search([("partner_id", "=", self.id)])
        today = self.env.company._therapy_local_date()
        patients = rows._therapy_filter_active(today).patient_id
        Move_sudo = self.env["account.move"].sudo()  # sudo: own bills by the domain
        billed = Move_sudo._read_group(
            self._therapy_get_portal_bills_domain(), ["patient_id"]
        )
        for (patient,) in billed:
            patients |= patient
        return patients.sorted(lambda patient: (patient.name or "", patient.id))

    def _therapy_get_portal_family(self) -> list[dict]:
        """Return the patients this person pays for, with what is due for each.

        The number of queries depends neither on the patients nor on the bills.

        Note: self.ensure_one()

        :return: one dict per patient, by name: `patient` (record), `due` (amounts by
            practice and currency), `open_counts` (bills by the same), `open_count`,
            `overdue_count`, `bill_count` and `bills` (the open ones that are due
            first, at most FAMILY_BILLS)
        :rtype: list[dict]
        """
        self.ensure_one()
        Move_sudo = self.env["account.move"].sudo()  # sudo: own bills by the domain
        open_domain = self._therapy_get_portal_open_domain()
        today = self.env.company._therapy_local_date()
        due, counts = defaultdict(dict), defaultdict(dict)
        for patient, company, currency, amount, count in Move_sudo._read_group(
            open_domain,
            ["patient_id", "company_id", "currency_id"],
            ["amount_residual:sum", "__count"],
        ):
            due[patient][company, currency] = amount
            counts[patient][company, currency] = count
        late = Domain("invoice_date_due", "<", today)
        overdue = dict(
            Move_sudo._read_group(open_domain & late, ["patient_id"], ["__count"])
        )
        every = dict(
            Move_sudo._read_group(
                self._therapy_get_portal_bills_domain(), ["patient_id"], ["__count"]
            )
        )
        order = "invoice_date_due, invoice_date, id"
        first = Move_sudo.search(open_domain, order=order, limit=FAMILY_SEARCH)
        by_patient = first.grouped("patient_id")
        return [
            {
                "patient": patient,
                "due": due[patient],
                "open_counts": counts[patient],
                "open_count": sum(counts[patient].values()),
                "overdue_count": overdue.get(patient, 0),
                "bill_count": every.get(patient, 0),
                "bills": by_patient.get(patient, Move_sudo)[:FAMILY_BILLS],
            }
            for patient in self._therapy_get_portal_patients()
        ]

    def _therapy_get_portal_totals(self, family) -> list[dict]:
        """Return what is due in all, once per practice and currency.

        Note: self.ensure_one()

        :param list family: see :meth:`_therapy_get_portal_family`
        :return: one dict per sum, this practice's first, at least one: `company`,
            `currency`, `due`, `open_count`, `url` (to pay all of them)
        :rtype: list[dict]
        """
        self.ensure_one()
        company = self.env.company
        keys = {key for row in family for key in row["due"]}
        keys = keys or {(company, company.currency_id)}
        return [
            {
                "company": key[0].sudo(),  # sudo: its name; payers are in one practice
                "currency": key[1],
                "due": sum(row["due"].get(key, 0.0) for row in family),
                "open_count": sum(row["open_counts"].get(key, 0) for row in family),
                "url": "/my/therapy/pay"
                if len(keys) == 1
                else f"/my/therapy/pay?practice={key[0].id}&currency={key[1].id}",
            }
            for key in sorted(
                keys, key=lambda key: (key[0].id != company.id, key[0].id, key[1].id)
            )
        ]

    def _therapy_get_portal_pending(self) -> dict:
        """Return what is being paid on this person's bills at this moment.

        Note: self.ensure_one()

        :return: sums of the reservations that a processor is working on, as amounts of
            the bills, by practice and currency
        :rtype: dict
        """
        self.ensure_one()
        # sudo: others' payments count, none of them is shown
        Allocation = self.env["therapy.payment.allocation"].sudo()  # sudo: see above
        groups = Allocation._read_group(
            [
                ("move_id.partner_id", "=", self.id),
                ("live", "=", True),
                ("transaction_id.state", "in", ("pending", "authorized", "done")),
            ],
            ["company_id", "move_id.currency_id"],
            ["amount:sum"],
        )
        return {(company, currency): amount for company, currency, amount in groups}

    def _therapy_get_portal_attention(self, family) -> list[dict]:
        """Return what this person should look at, most urgent first.

        For a module to add notices (a card that expires, a form to sign), it must
        override this method and call super.

        Note: self.ensure_one()

        :param list family: see :meth:`_therapy_get_portal_family`
        :return: one dict per notice: `level` (danger, warning or info), `text`, and
            `url` with `label` where something can be done
        :rtype: list[dict]
        """
        self.ensure_one()
        notices = []
        late = sum(row["overdue_count"] for row in family)
        if late:
            notices.append(
                {
                    "level": "warning",
                    "text": self.env._("1 bill is overdue.")
                    if late == 1
                    else self.env._("%(count)s bills are overdue.", count=late),
                    "url": "/my/therapy/bills?filterby=overdue",
                    "label": self.env._("See them"),
                }
            )
        failed = self._therapy_get_last_failed_try()
        if failed:
            notices.insert(
                0,
                {
                    "level": "danger",
                    "text": self.env._(
                        "Your last payment of %(amount)s did not go through.",
                        amount=failed.currency_id.format(failed.amount),
                    ),
                    "url": "/my/therapy/payments",
                    "label": self.env._("See why"),
                },
            )
        return notices

    def _therapy_get_portal_links(self) -> list[dict]:
        """Return the links at the end of the family view.

        For a module with more pages (statements, payment plans), it must override this
        method and call super.

        Note: self.ensure_one()

        :return: one dict per link: `url`, `label`
        :rtype: list[dict]
        """
        self.ensure_one()
        return [
            {"url": "/my/therapy/bills", "label": self.env._("All bills")},
            {"url": "/my/therapy/payments", "label": self.env._("Payment history")},
            {"url": "/my/payment_method", "label": self.env._("My cards")},
            {
                "url": "/my/therapy/authorization",
                "label": self.env._("Card authorizations"),
            },
            {"url": "/my/therapy/prepay", "label": self.env._("Pay ahead")},
            {"url": "/my/therapy/requests", "label": self.env._("Requests")},
            {"url": "/my/therapy/contact", "label": self.env._("Billing contact")},
        ]

    def _therapy_get_portal_credit(self, company) -> float:
        """Return what this person has paid beyond the bills, read from the ledger.

        Note: self.ensure_one()

        :param company: the practice, as `res.company`
        :return: amount in the company's currency, >= 0
        :rtype: float
        """
        return self._therapy_get_portal_credits().get(company, 0.0)

    def _therapy_get_portal_credits(self) -> dict:
        """Return what this person has paid beyond the bills, of each practice.

        Note: self.ensure_one()

        :return: amounts > 0 in the practice's currency, this practice's first
        :rtype: dict
        """
        self.ensure_one()
        domain = [
            ("partner_id", "=", self.id),
            ("parent_state", "=", "posted"),
            ("account_id.account_type", "=", "asset_receivable"),
            ("reconciled", "=", False),
            ("balance", "<", 0),
        ]
        # sudo: payers may not read the ledger; only their own sum is taken
        Line = self.env["account.move.line"].sudo()  # sudo: see line above
        groups = Line._read_group(domain, ["company_id"], ["amount_residual:sum"])
        groups.sort(key=lambda group: group[0] != self.env.company)
        credits = {
            company: company.currency_id.round(-(total or 0.0))
            for company, total in groups
        }
        return {company: amount for company, amount in credits.items() if amount}
