from . import therapy_share_wizard, therapy_share_wizard_line
