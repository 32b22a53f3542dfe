from . import account_move
from . import account_move_explain
from . import account_move_portal
from . import account_move_share
from . import payment_token
from . import payment_transaction
from . import res_partner
from . import therapy_access_attempt
