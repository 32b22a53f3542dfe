from . import (
    test_accessibility,
    test_bank_asks,
    test_books,
    test_core_dialog,
    test_divorced_parents,
    test_lost_answer,
    test_outsiders,
    test_privacy,
    test_stranger,
    test_taken_back,
    test_two_bills,
    test_webhooks,
)
