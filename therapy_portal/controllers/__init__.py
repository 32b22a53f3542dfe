from . import family, pay, payment, portal, post_processing
