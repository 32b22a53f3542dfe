from . import (
    authorization,
    collect,
    family,
    fee,
    pay,
    pay_link,
    payment,
    portal,
    post_processing,
    requests,
)
