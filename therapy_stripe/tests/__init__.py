from . import (
    common,
    test_adapter,
    test_bank,
    test_card,
    test_card_manage,
    test_charge,
    test_charge_people,
    test_charge_run,
    test_charge_wizard,
    test_compliance,
    test_event,
    test_onsession,
    test_provider,
    test_tools,
    test_tours,
)
from .core_defects import (
    test_lost_answer,
    test_payment_payload,
    test_return_substitution,
    test_webhook_signature,
)
