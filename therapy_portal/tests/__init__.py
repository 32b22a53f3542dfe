from . import (
    test_access_code,
    test_collect,
    test_core_routes,
    test_family,
    test_history,
    test_lock_commits,
    test_my_therapy,
    test_pay_amount,
    test_pay_link,
    test_pay_link_send,
    test_pay_lookup,
    test_privacy,
    test_rights,
    test_share,
    test_tools,
    test_tour,
)
from .core_defects import test_portal_payments
