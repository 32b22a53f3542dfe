from odoo import api, models

#: Context key: a list is being loaded, which is no look at one patient.
IN_LIST = "therapy_in_list"


class TherapyAccessMixin(models.AbstractModel):
    """Logs the looks at one record of a patient in a form (P7)."""

    _name = "therapy.access.mixin"
    _description = "Logged Access"

    def web_read(self, specification):
        """Log when a form is opened.

        Note: the request may write, so it is not marked read only.

        :param dict specification: fields to read
        :return: what core returns
        :rtype: list[dict]
        """
        # What is read on the way, in lists of the form, is no look of its own.
        quiet = self.with_context(**{IN_LIST: True})
        result = super(TherapyAccessMixin, quiet).web_read(specification)
        is_form = len(self) == 1 and not self.env.context.get(IN_LIST)
        # More than a name: a form, not the label of a reference.
        if is_form and self.id and len(specification) > 2:
            logged = self._therapy_get_logged()
            self.env["therapy.access.log"]._therapy_log(logged, "form")
        return result

    # The decorator of core's method would open a cursor that cannot write.
    web_read._readonly = False

    @api.model
    @api.readonly
    def web_search_read(self, *args, **kwargs):
        """Load a list, which is not logged.

        :return: what core returns
        :rtype: dict
        """
        quiet = self.with_context(**{IN_LIST: True})
        return super(TherapyAccessMixin, quiet).web_search_read(*args, **kwargs)

    @api.model
    @api.readonly
    def web_read_group(self, *args, **kwargs):
        """Load groups, which is not logged.

        :return: what core returns
        :rtype: dict
        """
        quiet = self.with_context(**{IN_LIST: True})
        return super(TherapyAccessMixin, quiet).web_read_group(*args, **kwargs)

    def _therapy_get_logged(self):
        """Override to take the records themselves, also patients.

        For a model that shows several patients, it must override this method.

        :return: records with a patient
        """
        return self
