from odoo import models


class TherapySessionLine(models.Model):
    """What changes in a service that another program sends again."""

    _inherit = "therapy.session.line"

    def _sync_get_changes(self, vals) -> dict:
        """Return what must be written to make the line the service that was sent.

        What was not sent is as in a new line.

        Note: self.ensure_one()

        :param dict vals: values of the service, as of a new line
        :return: values to write, empty if the line is like this already
        :rtype: dict
        """
        self.ensure_one()
        wanted = {"modifiers": False, "units_given": False, **vals}
        if not self.session_id.is_locked:
            # What is on a bill keeps what was usual then.
            product = self.env["product.product"].browse(vals["product_id"])
            usual = {"minutes": product.therapy_minutes, "pos": product.therapy_pos}
            wanted = self._clean_codes({**usual, **wanted})
        if self.product_id.id != vals["product_id"]:
            return wanted
        changed = {
            name: value
            for name, value in wanted.items()
            if name != "units_given" and self._sync_differs(name, value)
        }
        if "units" in vals:
            if {"minutes", "units"} & set(changed):
                # New minutes alone would give new units.
                changed |= {"units": vals["units"], "units_given": True}
        elif self.units_given and self._sync_differs(
            "units", self._get_expected_units(free=self)[self][0]
        ):
            # Minutes that are written, even the same, give the units again.
            minutes = wanted.get("minutes", self.minutes)
            changed |= {"minutes": minutes, "units_given": False}
        return changed

    def _sync_differs(self, name, value) -> bool:
        """Compare a value of the line with another, as it would be kept.

        Note: self.ensure_one()

        :param str name: name of a field
        :param value: the other value
        :return: whether they differ
        :rtype: bool
        """
        field = self._fields[name]
        old, new = (
            field.convert_to_cache(each, self) or None for each in (self[name], value)
        )
        return old != new
