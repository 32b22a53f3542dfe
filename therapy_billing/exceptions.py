from odoo.exceptions import ValidationError


class BillBusy(ValidationError):
    """Another payment holds the bill at this moment; trying again helps."""
