from . import (
    account_move,
    payment_provider,
    payment_provider_request,
    payment_token,
    payment_transaction,
    payment_transaction_charge,
    payment_transaction_process,
    payment_transaction_release,
    res_partner,
    therapy_stripe_customer,
    therapy_stripe_event,
    therapy_stripe_event_process,
)
