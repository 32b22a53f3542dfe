from . import (
    therapy_add_card,
    therapy_card_edit,
    therapy_card_remove,
    therapy_charge_wizard,
    therapy_stripe_compliance,
    therapy_stripe_preview,
)
