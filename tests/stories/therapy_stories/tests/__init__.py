from . import (
    test_divorced_parents,
    test_lost_answer,
    test_outsiders,
    test_privacy,
    test_stranger,
    test_taken_back,
    test_webhooks,
)
