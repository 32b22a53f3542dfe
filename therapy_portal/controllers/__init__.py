from . import (
    authorization,
    collect,
    family,
    pay,
    pay_link,
    payment,
    portal,
    post_processing,
    requests,
)
