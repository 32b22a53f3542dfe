from . import family, pay, pay_link, payment, portal, post_processing
