from odoo import api, fields, models

#: Claim adjustment groups of the remittance standard (X12 835, segment CAS).
GROUPS = [
    ("CO", "CO Contract"),
    ("PR", "PR Patient"),
    ("OA", "OA Other"),
    ("PI", "PI Payer"),
]
#: What a reason nobody has described yet means.
USUAL_TREATMENTS = {
    "CO": "contract",
    "PI": "contract",
    "PR": "patient",
    "OA": "elsewhere",
}


class TherapyRemittanceReason(models.Model):
    """Why an insurer did not pay a part of a charge, and what follows from it.

    Data (D8): a practice may say of each reason what it does about it.
    """

    _name = "therapy.remittance.reason"
    _description = "Reason of an Insurer"
    _order = "group, code"
    _rec_names_search = ["code", "name"]

    group = fields.Selection(GROUPS, required=True, default="CO")
    code = fields.Char(required=True, help="Number of the reason, for example 45.")
    name = fields.Char(translate=True, help="In the practice's own words.")
    treatment = fields.Selection(
        [
            ("contract", "Contractual adjustment"),
            ("patient", "The patient's side owes it"),
            ("elsewhere", "Accounted for elsewhere"),
            ("open", "Stays open with the insurer"),
        ],
        required=True,
        compute="_compute_treatment",
        store=True,
        readonly=False,
        precompute=True,
        help="Stays open: nothing but the payment is booked until the insurer answers "
        "again, for example after an appeal.",
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex('("group", code)', "This reason is there already.")

    @api.depends("group")
    def _compute_treatment(self):
        """Propose what the group usually means."""
        for reason in self:
            reason.treatment = reason.treatment or USUAL_TREATMENTS[reason.group]

    @api.depends("group", "code", "name")
    def _compute_display_name(self):
        """Show group and number as an EOB does, then the practice's words."""
        for reason in self:
            text = f"{reason.group}-{reason.code}"
            reason.display_name = f"{text} {reason.name}" if reason.name else text

    @api.model
    def _therapy_find(self, group, code):
        """Return a reason; one that is not known yet is made.

        :param str group: CO, PR, OA or PI
        :param str code: number of the reason
        :return: the reason
        :rtype: recordset of `therapy.remittance.reason`
        """
        # sudo: billers do not write reasons, but insurers bring new ones.
        Reason_sudo = self.sudo().with_context(active_test=False)  # sudo: above
        found_sudo = Reason_sudo.search(
            [("group", "=", group), ("code", "=", code)], limit=1
        )
        if not found_sudo:
            found_sudo = Reason_sudo.create({"group": group, "code": code})
        return found_sudo.with_env(self.env)
