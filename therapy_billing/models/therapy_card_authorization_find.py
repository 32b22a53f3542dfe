import base64
import hashlib

from odoo import api, models

from .therapy_card_authorization import SCOPES


class TherapyCardAuthorization(models.Model):
    """Which consent allows a charge. The one place that later charges ask."""

    _inherit = "therapy.card.authorization"

    @api.model
    def _therapy_find_valid(self, payer, scope, amount, patient=None, company=None):
        """Return the consent that allows a charge, if any.

        The newest signature that covers the patient counts, also when an older one
        allowed more. Used before every charge that the payer does not confirm.

        :param payer: the `res.partner` who would be charged
        :param str scope: visits, balance or absences
        :param float amount: what would be charged, in the practice's currency
        :param patient: for whom; None = for nobody in particular
        :param company: the practice; the current one if empty
        :return: one authorization or none
        :rtype: recordset of `therapy.card.authorization`
        :raise ValueError: if the scope is unknown
        """
        newest = self._therapy_find_newest(payer, patient, company)
        problem = newest._therapy_get_refusal(scope, amount) if newest else "none"
        return newest.browse() if problem else newest

    @api.model
    def _therapy_get_problem(self, payer, scope, amount, patient=None, company=None):
        """Say why a charge is not allowed.

        :param payer: the `res.partner` who would be charged
        :param str scope: visits, balance or absences
        :param float amount: what would be charged
        :param patient: for whom; None = for nobody in particular
        :param company: the practice; the current one if empty
        :return: the reason in plain words, empty if it is allowed
        :rtype: str
        """
        newest = self._therapy_find_newest(payer, patient, company)
        if newest:
            return newest._therapy_get_refusal(scope, amount)
        return self.env._(
            "%(payer)s has not signed a card authorization.", payer=payer.name
        )

    @api.model
    def _therapy_find_newest(self, payer, patient=None, company=None):
        """Return the payer's newest signed authorization for a patient.

        :param payer: the `res.partner`
        :param patient: for whom; None = for nobody in particular
        :param company: the practice; the current one if empty
        :return: one authorization or none
        :rtype: recordset of `therapy.card.authorization`
        """
        signed = self._therapy_find_signed(payer, company)
        return signed._therapy_filter_covering(patient)[:1]

    @api.model
    def _therapy_find_signed(self, payers, company=None):
        """Return all signed authorizations of some payers.

        :param payers: the `res.partner`
        :param company: the practice; the current one if empty
        :return: the authorizations, the newest first
        :rtype: recordset of `therapy.card.authorization`
        """
        company = company or self.env.company
        return self.search(
            [
                ("partner_id", "in", payers.ids),
                ("company_id", "=", company.id),
                ("state", "=", "signed"),
            ],
            order="signed_at desc, id desc",
        )

    def _therapy_filter_covering(self, patient):
        """Return the authorizations whose words cover a patient, whatever their state.

        :param patient: for whom; none = for nobody in particular
        :return: the authorizations, in their order
        :rtype: recordset of `therapy.card.authorization`
        """
        return self.filtered(
            lambda record: (
                not record.patient_ids or (patient and patient in record.patient_ids)
            )
        )

    def _therapy_is_withdrawn_for(self, patient) -> bool:
        """Tell whether the payer's last word on a patient was to withdraw.

        A signature for one child says nothing about the other: what was withdrawn for
        a patient counts until something is signed, later, that covers this patient.
        What is billed for nobody in particular may be for whoever was withdrawn.

        :param patient: of the bill; none = for nobody in particular
        :return: whether it was withdrawn after whatever still allows it
        :rtype: bool
        """
        revoked = self.filtered(lambda record: record.state == "revoked")
        if patient:
            revoked = revoked._therapy_filter_covering(patient)
        signed = self.filtered(lambda record: record.state == "signed")
        # Within one second the later request is the later word.
        ends = [(record.revoked_at, record.id) for record in revoked]
        starts = [
            (record.signed_at, record.id)
            for record in signed._therapy_filter_covering(patient)
        ]
        return bool(ends) and (not starts or max(ends) > max(starts))

    def _therapy_get_refusal(self, scope, amount) -> str:
        """Say what a signed authorization does not allow of a charge.

        Note: self.ensure_one()

        :param str scope: visits, balance or absences
        :param float amount: what would be charged
        :return: the reason in plain words, empty if it is allowed
        :rtype: str
        :raise ValueError: if the scope is unknown
        """
        self.ensure_one()
        if scope not in SCOPES:
            raise ValueError(f"Unknown scope: {scope}")
        payer = self.partner_id.name
        if not self[f"covers_{scope}"]:
            labels = {name: self._fields[f"covers_{name}"] for name in SCOPES}
            what = labels[scope]._description_string(self.env)
            return self.env._(
                "%(payer)s's authorization does not cover this: %(what)s.",
                payer=payer,
                what=what,
            )
        currency = self.currency_id
        if (
            not currency.is_zero(self.max_amount)
            and currency.compare_amounts(amount, self.max_amount) > 0
        ):
            return self.env._(
                "%(payer)s allows at most %(amount)s per charge.",
                payer=payer,
                amount=currency.format(self.max_amount),
            )
        if not self.sudo().token_id.active:  # sudo: tokens are the payer's
            return self.env._(
                "The card that %(payer)s signed for was removed.", payer=payer
            )
        if hashlib.sha256((self.body or "").encode()).hexdigest() != self.body_hash:
            return self.env._("The words of %(name)s were changed.", name=self.name)
        return ""

    def _therapy_document_is_intact(self) -> bool:
        """Tell whether the signed PDF is the one that was signed.

        Note: self.ensure_one()

        :return: whether its fingerprint is the one that was kept
        :rtype: bool
        """
        self.ensure_one()
        content = self.sudo().with_context(bin_size=False).document  # sudo: hash only
        if not content:
            return False
        digest = hashlib.sha256(base64.b64decode(content)).hexdigest()
        return digest == self.document_hash

    def _therapy_get_logged(self):
        """Override to log a look at those it is for (P7).

        :return: the patients
        :rtype: recordset of `res.partner`
        """
        return self.patient_ids
