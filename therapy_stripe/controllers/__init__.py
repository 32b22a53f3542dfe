from ..tools import log_mask
from . import cards, main

log_mask.install()
