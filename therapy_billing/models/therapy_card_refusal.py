from odoo import fields, models


class TherapyCardRefusal(models.Model):
    """A card number that was typed into a text and refused: where, by whom, when.

    Nothing of the number or of the text is kept. Rows are only added.
    """

    _name = "therapy.card.refusal"
    _description = "Refused Card Number"
    _order = "id desc"
    _rec_name = "model_name"

    model_name = fields.Char(string="Model", required=True, readonly=True)
    field_name = fields.Char(string="Field", required=True, readonly=True)
    # Not a link: the row is added while the user's own transaction may hold locks.
    user_name = fields.Char(string="Who", readonly=True)
    create_date = fields.Datetime(string="When", readonly=True, index=True)
