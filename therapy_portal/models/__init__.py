from . import (
    account_move,
    account_move_explain,
    account_move_portal,
    account_move_share,
    payment_token,
    payment_transaction,
    res_partner,
    therapy_access_attempt,
)
