from . import test_adapter, test_provider, test_tools, test_card, test_event, test_onsession
from .core_defects import (
    test_payment_payload,
    test_return_substitution,
    test_webhook_signature,
)
