from . import (
    therapy_add_card,
    therapy_bank_verify,
    therapy_card_edit,
    therapy_card_remove,
    therapy_charge_wizard,
    therapy_charge_wizard_line,
    therapy_charge_wizard_result,
    therapy_charge_wizard_split,
    therapy_charge_wizard_total,
    therapy_dispute_answer,
    therapy_stripe_compliance,
    therapy_stripe_preview,
)
