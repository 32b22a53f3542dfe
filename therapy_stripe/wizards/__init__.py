from . import therapy_add_card, therapy_charge_wizard
