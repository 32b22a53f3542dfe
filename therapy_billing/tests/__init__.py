from . import (
    test_access_rights,
    test_adjustments,
    test_billing_run,
    test_charge,
    test_corrections,
    test_credits,
    test_credits_race,
    test_gate,
    test_import,
    test_installation,
    test_patient,
    test_posting,
    test_race,
    test_receipts,
    test_session,
    test_tools,
    test_units,
)
from .core_defects import (
    test_double_payment,
    test_payer_is_not_patient,
    test_pending_token,
)
