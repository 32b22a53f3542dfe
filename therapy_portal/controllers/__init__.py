from . import pay, payment, portal, post_processing
