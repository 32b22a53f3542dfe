from odoo import models


class Base(models.AbstractModel):
    """What an export tells of patients is logged, whatever it begins with (P7)."""

    _inherit = "base"

    def export_data(self, fields_to_export):
        """Log the patients of what is exported, and of what is exported beside it.

        :param list fields_to_export: names of fields, with a way to them
        :return: what core returns
        :rtype: dict
        """
        result = super().export_data(fields_to_export)
        Log = self.env["therapy.access.log"]
        patients = Log._therapy_log(self._therapy_get_logged(), "export")
        for records in self._therapy_get_reached(fields_to_export):
            logged = records._therapy_get_logged()
            patients |= Log._therapy_log(logged, "export", known=patients)
        return result

    def _therapy_get_reached(self, names):
        """Return the records of which fields are exported beside the own ones.

        A reference without a field of its own is a label: a name is no look.

        :param list names: names of fields, with a way to them: `move_ids/name`
        :return: records of several models
        :rtype: list
        """
        paths = [name.split("/") for name in names]
        ways = {tuple(path[:end]) for path in paths for end in range(1, len(path))}
        reached = []
        for way in sorted(ways):
            records = self
            for name in way:
                field = records._fields.get(name)
                # Properties lead to no patient; core knows their names, not we.
                records = records[name] if field and field.relational else None
                if not records:
                    break
            else:
                reached.append(records)
        return reached

    def _therapy_get_logged(self):
        """Return the records of patients that are looked at.

        For a model that tells of patients in another way than by a field
        `patient_id`, it must override this method.

        :return: records with a patient, of any model; or patients
        """
        field = self._fields.get("patient_id")
        tells = field and field.comodel_name == "res.partner"
        return self if tells else self.browse()
