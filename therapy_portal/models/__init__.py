from . import (
    account_move,
    account_move_explain,
    account_move_portal,
    account_move_share,
    account_payment,
    payment_token,
    payment_transaction,
    res_partner,
    res_partner_history,
    therapy_access_attempt,
)
