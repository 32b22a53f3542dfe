from odoo import fields, models


class TherapyImport(models.Model):
    """The kind of file that brings prior balances."""

    _inherit = "therapy.import"

    kind = fields.Selection(
        selection_add=[("balances", "Opening Balances")],
        ondelete={"balances": "cascade"},
    )
    cutover_date = fields.Date(
        string="Day of the Change",
        default=lambda self: self.env.company._therapy_local_date(),
        help="The ledger has prior balances on this day; bills keep their own dates.",
    )

    def _read_file(self, dry_run):
        """Override to tell the reader the day of the change.

        Note: self.ensure_one()

        :param bool dry_run: whether to take everything back afterwards
        """
        record = self.with_context(therapy_cutover=self.cutover_date)
        return super(TherapyImport, record)._read_file(dry_run)
