from . import (
    authorization,
    collect,
    family,
    fee,
    form,
    pay,
    pay_link,
    payment,
    portal,
    post_processing,
    requests,
)
