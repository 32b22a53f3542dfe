from . import therapy_share_wizard
from . import therapy_share_wizard_line
