from . import (
    account_move_reversal,
    mail_compose_message,
    therapy_adjustment_wizard,
    therapy_card_authorization_wizard,
    therapy_credit_transfer_wizard,
    therapy_due_date_wizard,
    therapy_payment_correction_wizard,
    therapy_payment_wizard,
    therapy_remittance_claims_wizard,
    therapy_remittance_claims_wizard_line,
    therapy_remittance_undo_wizard,
    therapy_session_exempt_wizard,
)
