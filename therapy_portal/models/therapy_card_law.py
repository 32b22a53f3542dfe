from odoo import fields, models


class TherapyCardLaw(models.Model):
    """Where the law forbids to require a card on file before care (D8)."""

    _name = "therapy.card.law"
    _description = "Law on Requiring a Card"
    _order = "state_id"
    _rec_name = "state_id"

    state_id = fields.Many2one("res.country.state", required=True, index=True)
    since = fields.Date(string="In Force since", required=True)
    source = fields.Char(required=True)
    checked_on = fields.Date(required=True, help="When the source was last read.")
    note = fields.Text()
    active = fields.Boolean(default=True)

    _once = models.UniqueIndex(
        "(state_id) WHERE active", "This state is listed already."
    )
