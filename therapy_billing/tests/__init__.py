from . import (
    core_defects,
    test_access_rights,
    test_billing_run,
    test_charge,
    test_corrections,
    test_gate,
    test_import,
    test_patient,
    test_posting,
    test_race,
    test_session,
    test_tools,
)
