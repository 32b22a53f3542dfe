from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    therapy_pay_link_ids = fields.One2many(
        "therapy.pay.link",
        "move_id",
        string="Payment Links",
        readonly=True,
        groups="therapy_billing.group_biller,therapy_billing.group_auditor",
    )

    def action_therapy_send_link(self):
        """Open the dialog that sends one-time payment links for these bills.

        :return: the action of the dialog
        :rtype: dict
        :raise AccessError: if the user is not a biller
        """
        self.env.user._therapy_check_biller()
        return self.env["therapy.pay.link.wizard"]._create_for(self)._reopen()

    def _therapy_get_link_refusal(self) -> str:
        """Say in plain words why no payment link can be sent for this bill.

        Note: self.ensure_one()

        :return: the reason, empty if a link can be sent
        :rtype: str
        """
        self.ensure_one()
        reason = self._therapy_get_share_refusal()
        if reason:
            return reason
        if not self._therapy_online_payment_enabled():
            return self.env._(
                "Online payment is switched off: Settings > Invoicing > Online Payment."
            )
        if self.currency_id.compare_amounts(self._therapy_get_payable_amount(), 0) <= 0:
            return self.env._("A payment of the whole bill is being processed.")
        return ""

    def _therapy_get_link_recipients(self) -> list[tuple[str, models.Model, str]]:
        """Return to whom a payment link of this bill can be sent.

        The bill's payer first, at the address that all mail about the bill goes to;
        then, for the sender to choose, the other people responsible for the patient,
        and the patient. These do not owe the bill, so nothing goes to them unasked.

        Note: self.ensure_one()

        :return: (place, partner, e-mail), best first; place is "bill_to", "household"
            or "patient"
        :rtype: list
        """
        self.ensure_one()
        # sudo: whoever sends links may not see all contacts
        move = self.sudo()  # sudo: see line above
        patient = move.patient_id
        rows = patient.guarantor_ids.filtered(
            lambda row: row.company_id == move.company_id
        )
        today = move.company_id._therapy_local_date()
        household = rows._therapy_filter_active(today).partner_id
        found, seen = [], set()
        for place, partners in (
            ("bill_to", move.partner_id),
            ("household", household),
            ("patient", patient),
        ):
            for partner in partners.filtered(lambda who: not who.is_insurer):
                email = (
                    self._therapy_get_mail_address()
                    if place == "bill_to"
                    else partner._therapy_get_contact_email()
                )
                if email and partner.id not in seen:
                    seen.add(partner.id)
                    found.append((place, partner.with_env(self.env), email))
        return found
