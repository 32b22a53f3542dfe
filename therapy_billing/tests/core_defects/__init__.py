from . import test_double_payment, test_payer_is_not_patient, test_pending_token
