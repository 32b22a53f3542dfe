from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.therapy_billing.tools import clock


class TherapyAccessLog(models.Model):
    """Who looked at which patient's billing, when and from where (P7).

    Rows are added and never changed or removed, by nobody. They hold no values of what
    was looked at.
    """

    _name = "therapy.access.log"
    _description = "Access to a Patient's Billing"
    _order = "id desc"
    _rec_name = "patient_id"
    _log_access = False

    date = fields.Datetime(
        string="When",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: clock.now(),
    )
    user_id = fields.Many2one(
        "res.users",
        string="Who",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    patient_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    how = fields.Selection(
        [
            ("form", "Screen"),
            ("portal", "Portal"),
            ("link", "Link or code"),
            ("pdf", "Printed"),
            ("export", "Export"),
        ],
        required=True,
        readonly=True,
    )
    model = fields.Char(string="Kind of Record", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="model", readonly=True
    )
    address = fields.Char(string="From", readonly=True, help="IP address.")
    company_id = fields.Many2one(
        "res.company", readonly=True, index=True, ondelete="restrict"
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Refuse: what was logged stays.

        :param dict vals: new values
        :return: True if there is nothing to change
        :raise UserError: else always
        """
        if self and vals:
            raise UserError(self.env._("The access log cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        """Refuse: what was logged stays.

        :raise UserError: always
        """
        raise UserError(self.env._("The access log cannot be changed."))

    # === BUSINESS METHODS === #

    @api.model
    def _therapy_get_address(self):
        """Return from where the present look comes.

        This addon knows no web request (D7); a module that does overrides this
        method.

        :return: IP address, or False if it is not known
        :rtype: str or bool
        """
        return False

    @api.model
    def _therapy_log(self, records, how, known=None):
        """Log that records of patients are looked at, once per patient and record.

        For the portal and for links too: they call it with "portal" or "link" where
        they show a bill.

        :param records: patients, sessions or bills; others are left out
        :param str how: "form", "portal", "link", "pdf" or "export"
        :param known: patients of whom the same look is logged already
        :return: the patients of whom it is logged now
        :rtype: recordset of `res.partner`
        """
        # sudo: nobody may write the log by hand, and payers may not read patients.
        # Reached through a reference, records would be read one by one.
        records_sudo = records.sudo().with_prefetch()  # sudo: see above
        address = self._therapy_get_address()
        known_ids, new_ids = set(known.ids if known else ()), set()
        vals_list = []
        for record in records_sudo:
            patient = record
            if record._name != "res.partner":
                patient = record.patient_id
            if not patient or not patient.is_patient or patient.id in known_ids:
                continue
            new_ids.add(patient.id)
            company = "company_id" in record and record.company_id
            vals_list.append(
                {
                    "user_id": self.env.uid,
                    "patient_id": patient.id,
                    "how": how,
                    "model": record._name,
                    "res_id": record.id,
                    "address": address,
                    "company_id": (company or self.env.company).id,
                }
            )
        if vals_list:
            self.sudo().create(vals_list)  # sudo: see above
        return self.env["res.partner"].browse(new_ids)

    def _therapy_get_logged(self):
        """Override: who reads the log looks at nobody's billing.

        :return: nothing
        """
        return self.browse()
